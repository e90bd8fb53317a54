"""Pages from templates: what all of them have in common.

In: what a page shows, and the commands that make it again. Out: one HTML file with inline style, in which everything is
escaped but pictures and styles of our own; nothing on it is fetched from elsewhere. What stands on a page is decided by
those who call.
"""

from __future__ import annotations

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
}
"""Each template, and its style sheets, in order."""


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
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - not needed to import tunewright
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(loader=PackageLoader("tunewright.reports"), autoescape=True, undefined=StrictUndefined)
    environment.filters["svg"] = Markup  # made by us, from numbers and escaped words
    folder = resources.files("tunewright.reports").joinpath("templates")
    style = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in SHEETS[page.template])
    text = environment.get_template(page.template).render(
        page=page,
        say=wording.say,
        language=LANGUAGES.get(wording.language, wording.language),
        style=Markup(style),
        commands="\n".join(shlex.join(command) for command in commands),
        version=__version__,
        made=date.today().isoformat(),
        **more,
    )
    replace_file(path, text.encode())
