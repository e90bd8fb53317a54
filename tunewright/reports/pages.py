"""Pages from templates: what all of them have in common.

In: what a page shows, and the commands that make it again. Out: one HTML file with inline style, in which everything is
escaped but pictures and styles of our own; nothing on it is fetched from elsewhere. What stands on a page is decided by
those who call.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from tunewright.reports.components import Fact
from tunewright.reports.wording import Wording
from tunewright.support.files import replace_file
from tunewright.support.version import __version__

LANGUAGES = {"zh": "zh-CN"}  # as HTML names them, where that differs
SHEETS: Mapping[str, tuple[str, ...]] = {
    "report.html": ("report.css",),
    "comparison.html": ("report.css", "comparison.css"),
    "scorecard.html": ("report.css", "comparison.css", "scorecard.css"),
    "listening_test.html": ("rater/rater.css",),
    "listening.html": ("report.css", "comparison.css"),
}
"""Each template, and its style sheets, in order."""
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "listening_test.html": tuple(f"rater/{name}.js" for name in ("sound", "elements", "file_store", "rater", "file")),
    "listening.html": ("comparison.js",),
}
"""The scripts of those that have others than one of their own name: modules, each after those that it imports."""
POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src '{style}'; style-src-attr 'unsafe-inline'; "
    "script-src '{script}'; base-uri 'none'; form-action 'none'"
)
"""What a page may load and run: what it carries itself, one style sheet and one script, known by their hashes; pictures
are drawn with style attributes, which run nothing (Content Security Policy Level 3, W3C, 6.1)."""


@dataclass(frozen=True, slots=True)
class Page:
    """The head of a page; each kind of page adds what its template shows."""

    template: ClassVar[str]
    title: str
    lead: str
    facts: tuple[Fact, ...]


def write_page(path: Path, page: Page, wording: Wording, commands: Sequence[Sequence[str]] = (), **more: Any) -> None:
    """Write a page in the language of the wording; `more` is what its template asks for besides.

    OutputError where the file cannot be written; a name that the template asks for and nobody gives is an error of
    ours.
    """
    replace_file(path, page_text(page, wording, commands, **more).encode())


def page_text(page: Page, wording: Wording, commands: Sequence[Sequence[str]] = (), **more: Any) -> str:
    """The same page as a text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - not needed to import tunewright
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(loader=PackageLoader("tunewright.reports"), autoescape=True, undefined=StrictUndefined)
    environment.filters["svg"] = Markup  # made by us, from numbers and escaped words
    style = "\n".join(template_text(name) for name in SHEETS[page.template])
    scripts = SCRIPTS.get(page.template, (f"{Path(page.template).stem}.js",))
    script = "\n".join(map(_as_one_script, map(template_text, scripts)))
    return environment.get_template(page.template).render(
        page=page,
        say=wording.say,
        language=LANGUAGES.get(wording.language, wording.language),
        style=Markup(style),
        script=Markup(script),
        policy=Markup(POLICY.format(style=_hash(style), script=_hash(script))),
        commands="\n".join(shlex.join(command) for command in commands),
        version=__version__,
        made=date.today().isoformat(),
        **more,
    )


def template_text(name: str) -> str:
    """A file of the templates: a style sheet or a script."""
    return resources.files("tunewright.reports").joinpath("templates", *name.split("/")).read_text(encoding="utf-8")


def _as_one_script(module: str) -> str:
    """A module as part of one script: what it imports stands before it."""
    return re.sub(r"^export |^import [^;]*;\n", "", module, flags=re.MULTILINE)


def _hash(text: str) -> str:
    """What a browser knows an element of a page by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
