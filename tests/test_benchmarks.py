"""The programs beside the package, which no other test runs: what they import is there."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import nbformat
import pytest

from tests.support.places import DOCS, ROOT

PROGRAMS = sorted([*(ROOT / "benchmarks").rglob("*.py"), *DOCS.glob("*.py"), *DOCS.glob("*.ipynb")])


def imported(path: Path) -> set[tuple[str, str]]:
    """The names that a program or notebook imports from the package, inside functions too."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in nbformat.reads(text, 4).cells if cell.cell_type == "code")
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.module]
    return {(str(node.module), name.name) for node in found for name in node.names if _is_ours(str(node.module))}


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("tunewright", "tests")


def is_there(module: str, name: str) -> bool:
    """Whether a module has a name, or is a package that has a file of that name."""
    found = importlib.import_module(module)
    return hasattr(found, name) or name in {part.name for part in pkgutil.iter_modules(getattr(found, "__path__", ()))}


def test_there_are_programs() -> None:
    assert {path.suffix for path in PROGRAMS} == {".py", ".ipynb"}
    assert sum(map(len, map(imported, PROGRAMS))) > 100


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_program_imports_is_there(path: Path) -> None:
    assert [name for name in sorted(imported(path)) if not is_there(*name)] == []
