"""Pages from templates: what all of them have in common.

In: the name of a template that extends `templates/page.html`, its style sheets, and what it shows. Out: HTML in which
everything is escaped but pictures and styles of our own. What stands on a page is decided by those who call.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

LANGUAGES = {"zh": "zh-CN"}  # as HTML names them, where that differs


def render_page(template: str, sheets: Sequence[str], language: str = "en", **given: Any) -> str:
    """The page as HTML; `given` is what the template asks for, a name that it lacks is an error of ours."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - not needed to import tunewright
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(loader=PackageLoader("tunewright.reports"), autoescape=True, undefined=StrictUndefined)
    environment.filters["svg"] = Markup  # made by us, from numbers and escaped words
    folder = resources.files("tunewright.reports").joinpath("templates")
    style = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in sheets)
    named = LANGUAGES.get(language, language)
    return environment.get_template(template).render(style=Markup(style), language=named, **given)
