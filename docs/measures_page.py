"""Writes `docs/measures.md` from the table of measures and their docstrings: `python docs/measures_page.py`.

In: `tunewright.measuring.table`, `tunewright.measuring.pieces.table`. Out: the page. It says nothing that is not in the
code; `tests/measuring/test_table.py` makes it again and compares.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from tunewright.measuring import table as metrics
from tunewright.measuring.pieces import habits
from tunewright.measuring.pieces import table as measures
from tunewright.measuring.pieces.table import (
    PIECE_FAMILIES,
    PIECE_MEASURES,
    PIECE_REFERENCES,
    REASONS,
    WHY_NOT,
    PieceMeasure,
)
from tunewright.measuring.playability import INSTRUMENTS
from tunewright.measuring.table import FAMILIES, MEASURES, REFERENCES, Measure
from tunewright.music.tune import STEPS

PAGE = Path(__file__).with_name("measures.md")
TOP = """# Measures

Made from the docstrings by `make docs`: change them, not this page. A test holds it to them.

`tunewright.measuring.table.MEASURES` has every measure below, by name. *Of a tune*: the value of a set is the mean
over its tunes where it is defined. *Of a set*: held against another set, as a rule the training tunes. *Better*:
less, more, or real, that is the nearer to held-out real tunes. *Keyed* measures change when a tune is transposed. The
likelihood of
tunes under a model is in `likelihood.py`, what is well formed in `validity.py`, what is copied in `originality.py`.
"""
BETTER = {"less": "less", "more": "more", "real": "like real tunes"}
NAMES = tuple(name + sharp for name in STEPS for sharp in ("", "#") if name + sharp not in ("E#", "B#"))


def page() -> str:
    """The page as Markdown."""
    families = (text for family in FAMILIES for text in _family(family))
    parts = [TOP, _text(inspect.getdoc(metrics)), *families, _files(), _instruments(), *_of_pieces(), _references()]
    return "\n".join(parts).rstrip() + "\n"


def _family(family: str) -> Iterator[str]:
    measures = {name: measure for name, measure in MEASURES.items() if measure.family == family}
    yield f"## {family.capitalize()}: {FAMILIES[family]}\n"
    yield "| name | what it says | of | unit | range | better | reference |\n" + "| --- " * 7 + "|"
    yield from (_row(name, measure) for name, measure in measures.items())
    yield ""
    for function in dict.fromkeys(measure.definition for measure in measures.values()):
        name = function.__name__ + _arguments(function)
        yield f"**`{name}`** in `{_file(function)}`. {_text(inspect.getdoc(function))}"


def _row(name: str, measure: Measure) -> str:
    of = "a set" if measure.of_set else "a tune, keyed" if measure.keyed else "a tune"
    extent = f"{measure.low:.3g} to {measure.high:.3g}" if math.isfinite(measure.high) else f"from {measure.low:.3g}"
    cells = (f"`{name}`", measure.meaning, of, measure.unit, extent, BETTER[measure.better], measure.reference)
    return f"| {' | '.join(cells)} |"


# ------------------------------------------------------------------------------------------------ several parts


def _of_pieces() -> Iterator[str]:
    """The measures of music of several parts, and what of the measures of tunes does not apply to it."""
    yield "# Music of several parts\n"
    yield _text(inspect.getdoc(measures))
    for family, meaning in PIECE_FAMILIES.items():
        yield f"## {family.capitalize()}, of several parts: {meaning}\n"
        yield "| name | what it says | of | unit | range | better | reference |\n" + "| --- " * 7 + "|"
        listed = {name: measure for name, measure in PIECE_MEASURES.items() if measure.family == family}
        yield from (_piece_row(name, measure) for name, measure in listed.items())
        yield ""
        for function in dict.fromkeys(measure.definition for measure in listed.values()):
            name = function.__name__ + _arguments(function)
            yield f"**`{name}`** in `{_file(function)}`. {_text(inspect.getdoc(function))}"
    yield f"**What the matches count**, in `habits.py`. {_text(inspect.getdoc(habits))}"
    yield "## Measures of tunes that do not apply to several parts\n"
    yield "| measures | why not |\n| --- | --- |"
    for reason, why in REASONS.items():
        names = ", ".join(f"`{name}`" for name, found in WHY_NOT.items() if found == reason)
        yield f"| {names} | {why} |"
    yield ""


def _piece_row(name: str, measure: PieceMeasure) -> str:
    of = "a set" if measure.of_set else "a piece"
    extent = f"{measure.low:.3g} to {measure.high:.3g}" if math.isfinite(measure.high) else f"from {measure.low:.3g}"
    better = "more" if measure.better == "more" else "like real pieces"
    return f"| {' | '.join((f'`{name}`', measure.meaning, of, measure.unit, extent, better, measure.reference))} |"


def _file(function: Callable[..., float]) -> str:
    return f"{function.__module__.rpartition('.')[2]}.py"


def _files() -> str:
    """What each file says of all that it measures."""
    found = {_file(measure.definition): inspect.getmodule(measure.definition) for measure in MEASURES.values()}
    return "\n".join(["## The files\n", *(f"**`{name}`**. {_text(inspect.getdoc(of))}" for name, of in found.items())])


def _references() -> str:
    return "\n".join(
        ["\n## References\n", *(f"- *{short}*: {full}." for short, full in {**REFERENCES, **PIECE_REFERENCES}.items())]
    )


def _arguments(function: Callable[..., float]) -> str:
    """The arguments without their types."""
    bare = inspect.Parameter.empty
    arguments = inspect.signature(function).parameters.values()
    return str(inspect.Signature([argument.replace(annotation=bare) for argument in arguments]))


def _text(docstring: str | None) -> str:
    assert docstring, "what is public has a docstring"
    return docstring.split(">>>")[0].rstrip() + "\n"


def _instruments() -> str:
    rows = [
        f"| `fits_{name}` | {one.name} | {_note(min(one.notes))} to {_note(max(one.notes))} | "
        f"{_classes(one.notes)} | {'an octave' if one.step > 1 else 'a semitone'} | {one.reference} |"
        for name, one in INSTRUMENTS.items()
    ]
    head = "| name | instrument | written range | notes | a tune may be moved by | source |\n" + "| --- " * 6 + "|"
    return "\n".join(["## Instruments\n", head, *rows])


def _note(pitch: int) -> str:
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def _classes(notes: frozenset[int]) -> str:
    found = sorted({pitch % 12 for pitch in notes})
    return "all" if len(found) == 12 else " ".join(NAMES[pitch] for pitch in found)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
