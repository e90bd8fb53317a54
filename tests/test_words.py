"""Words that stand beside the code are true: names in docstrings exist, and so do the places of the glossary."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import DOCS, ROOT

PACKAGE = ROOT / "tunewright"
FILES = sorted(PACKAGE.rglob("*.py"))
OF_FILES = {"json", "jsonl", "md", "py", "toml"}  # endings of files that are named
OUTSIDE = {"abc2midi", "musicxml"}  # other programs and formats


@cache
def known() -> frozenset[str]:
    """Every name that stands in the code, its files and folders, and the files that are read and written."""
    names = {"tunewright"}
    for path in FILES:
        names.update(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                    names.add(name)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    names.add(name)
                case ast.Constant(value=str(text)):
                    names.update(re.findall(r"\w+", text) if re.fullmatch(r"[\w.:/-]+", text) else ())
    return frozenset(names | {path.stem for path in PACKAGE.rglob("*.*")})


def named_in(path: Path) -> list[str]:
    """What the docstring of a file has between backticks that looks like a name."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.findall(r"`([A-Za-z_][\w.]*)(?:\([^`]*\))?`", text)


def test_every_name_in_the_docstring_of_a_file_is_there() -> None:
    named = [(path.relative_to(PACKAGE), name) for path in FILES for name in named_in(path)]
    assert len(named) > 200
    lost = [(str(path), name) for path, name in named if not set(name.split(".")) <= known() | OF_FILES | OUTSIDE]
    assert lost == []


def test_no_docstring_speaks_of_the_files_of_before() -> None:
    gone = {
        "abcnotation",
        "barring",
        "judging_pieces",
        "metrics",
        "piece_certificate",
        "piece_judging",
        "transposition",
    }
    assert not gone & {path.stem for path in FILES}
    assert [(path.name, name) for path in FILES for name in named_in(path) if name in gone] == []


# ------------------------------------------------------------------------------------------------ the glossary

GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
ROWS = [row.strip("|").split("|") for row in GLOSSARY.splitlines() if row.startswith("| **")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip(" *"))
def test_a_word_of_the_glossary_is_where_it_says(row: list[str]) -> None:
    for place in re.findall(r"`([\w.]+)`", row[2]):
        module, found = place, ""
        while module:
            try:
                thing = importlib.import_module(f"tunewright.{module}")
                break
            except ModuleNotFoundError:
                module, _, last = module.rpartition(".")
                found = f"{last}.{found}".rstrip(".")
        else:
            pytest.fail(f"{place} is no module")
        for part in filter(None, found.split(".")):
            thing = getattr(thing, part)


def test_the_glossary_has_the_words_that_a_newcomer_needs_in_order() -> None:
    words = [row[0].strip(" *").lower() for row in ROWS]
    assert len(words) >= 30
    assert words == sorted(words)
    assert len(set(words)) == len(words)
