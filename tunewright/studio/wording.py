"""The words of the pages, in the language that a reader asks for.

In: a request. Out: `Wording`, by ?lang=, then the cookie, then what the browser prefers. The words for scripts are the
table `studio.<page>.js` of the catalogues (`reports/catalogues/<language>/studio*.toml`). This file decides no text.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from tunewright.reports.wording import Wording, languages, read_catalogue

COOKIE = "tunewright_language"


def wording_of(request: Request) -> Wording:
    """The wording for who asks; English where nothing that is asked for is known."""
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE) or ""
    if asked in languages():
        return Wording(asked)
    for part in request.headers.get("accept-language", "").split(","):
        if (language := part.split(";")[0].strip().lower()[:2]) in languages():
            return Wording(language)
    return Wording()


def words_for_scripts(wording: Wording, page: str) -> Mapping[str, str]:
    """What the scripts of a page say, by key: that of all pages, and its own."""
    texts = read_catalogue(wording.language)
    found: dict[str, str] = {}
    for table in ("studio.js.", f"studio.{page}.js."):
        found |= {key[len(table) :]: text for key, text in texts.items() if key.startswith(table)}
    return found
