"""The shape of the house, from the code's own imports: the table of what a tidy tree must keep to.

    python benchmarks/house.py                    # this tree beside its goals; exit 1 where one is missed
    python benchmarks/house.py --before 6da38c4   # the same of a revision, beside it
    python benchmarks/house.py --list             # every line that asks which kind a thing is, and every circle

What is counted, since each of these can be counted in several ways:

- *entries*: files and folders that lie in `tunewright/` itself.
- *floors*: entries on the longest chain of imports; a circle is one floor. *Circles*: groups of entries, or of files,
  that import one another. *Arrows*: pairs of entries of which one imports the other. Imports inside functions and
  those for types alone count; what `tunewright/__init__.py` imports does not, as it is the door and no room.
- *lines that ask which kind*: `isinstance`, `type(x) is`, `case` with a class of music, of a tokenizer, script,
  corpus, scorecard or of what was drawn; comparisons with the name of a kind. `__eq__` may ask.
- *files to touch* for one more model, tokenizer, measure or format, beside its own. Of a model and a tokenizer: the
  files outside the implementations that import one of them, or that list two of their names. Of a measure: those
  that name the typical measure of the tables. Of a format: those that list three formats, to choose or to write.

Who counted 6da38c4 by hand found 17 floors and 2 circles (here 25 and 1: imports inside functions and for types count,
and the two circles are of files), 578 arrows (574), 54 lines (59), and 8, 10, 5 and 5 files to touch (with its own).
"""

from __future__ import annotations

import argparse
import ast
import importlib
import io
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grimp
import networkx as nx

ROOT = Path(__file__).resolve().parents[1]
KIND_CLASS = re.compile(
    r"(Tune|Piece)$|\w*(Tokenizer|Codec|Script|Writer|Corpus|Scorecard|Certificate|Infill|Variation)$|Generated\w*$"
)
KIND_NAMES = {"tune", "piece", "characters", "degrees"}
KIND_TABLES = {"PIECE_TOKENS", "VOCABULARIES"}  # names of kinds, kept under one name
FORMATS = {"abc", "mid", "wav", "svg", "musicxml", "pdf"}


@dataclass(frozen=True)
class Extension:
    """What one may want one more of: where those there are lie (now, and before the packages), and their names."""

    own: tuple[str, ...]
    formerly: tuple[str, ...]
    names: frozenset[str]


MODEL = Extension(
    tuple(f"models.{name}" for name in ("recurrent", "attentive", "transformer", "attention", "embedding", "cpu")),
    ("models", "recurrence", "stepping"),
    frozenset({"lstm", "gru"}),
)
TOKENIZER = Extension(
    ("tokens.characters", "tokens.degrees", "tokens.polyphony"),
    (
        *("tokens", "abcgrammar", "starts", "degrees", "places", "grammar", "plans", "scripts"),
        *("vocabularies", "piece_places", "piece_rules", "piece_scripts"),
    ),
    frozenset({"characters", "degrees"}),
)
GOALS: Mapping[str, int] = {
    "entries in tunewright/": 16,
    "floors of entries": 12,
    "circles between entries": 0,
    "circles between files": 0,
    "arrows between entries": 56,
    "lines that ask which kind a thing is": 8,
    "lines of the largest file": 500,
    "files to touch for a model, beside its own": 1,
    "files to touch for a tokenizer, beside its package": 1,
    "files to touch for a measure, beside its own": 1,
    "files to touch for a format, beside its own": 1,
}
SIZE = "lines in tunewright/"  # no more than before


class House:
    """A tree of the project: its files, what imports what, and what stands in them."""

    def __init__(self, root: Path):
        self.package = root / "tunewright"
        self.files = {self._module(path): path for path in sorted(self.package.rglob("*.py"))}
        self.trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.files.items()}

    def _module(self, path: Path) -> str:
        """The name of a file's module below the package; "" for the package itself."""
        return ".".join(path.relative_to(self.package).with_suffix("").parts).removesuffix("__init__").rstrip(".")

    @cached_property
    def imports(self) -> nx.DiGraph:
        """Which file imports which, the package's own `__init__` left out."""
        sys.path.insert(0, str(self.package.parent))
        importlib.invalidate_caches()
        try:
            found = grimp.build_graph("tunewright", cache_dir=None)
        finally:
            sys.path.pop(0)
        graph = nx.DiGraph()
        for module in found.modules - {"tunewright"}:
            graph.add_node(module.removeprefix("tunewright."))
            for other in found.find_modules_directly_imported_by(module) - {"tunewright"}:
                graph.add_edge(module.removeprefix("tunewright."), other.removeprefix("tunewright."))
        return graph

    @cached_property
    def arrows(self) -> nx.DiGraph:
        """Which entry of the package imports which."""
        return nx.DiGraph(
            (one, other)
            for one, other in ((a.split(".")[0], b.split(".")[0]) for a, b in self.imports.edges)
            if one != other
        )

    def switches(self) -> Iterator[str]:
        """Each line that asks which kind a thing is, as `file:line`."""
        for name, tree in self.trees.items():
            yield from (f"{self.files[name].relative_to(self.package)}:{line}" for line in sorted(_asking(tree)))

    def to_touch(self, extension: Extension) -> list[str]:
        """The files outside the implementations that import one of them or list two of their names."""
        own = extension.own if extension.own[0] in self.files else extension.formerly
        return [
            name
            for name, tree in self.trees.items()
            if name
            and not _below(name, own)
            and (
                any(_below(other, own) for other in self._imported(name)) or len(_constants(tree) & extension.names) > 1
            )
        ]

    def _imported(self, name: str) -> Iterator[str]:
        """What a file imports; nothing of one that is loaded by its place alone, as migrations are."""
        return iter(self.imports.successors(name) if name in self.imports else ())

    def to_touch_for_measure(self) -> float:
        """How many files name the typical measure of the tables, the one that defines it left out."""
        named = {name: _constants(tree) | _identifiers(tree) for name, tree in self.trees.items()}
        defined = {name: {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
                   for name, tree in self.trees.items()}  # fmt: skip
        return statistics.median(
            sum(measure in named[name] and measure not in defined[name] for name in self.trees)
            for measure in self.measures()
        )

    def measures(self) -> set[str]:
        """The names in the tables of measures."""
        return {name for tree in self.trees.values() for name in _keys_of(tree, "MEASURES")}

    def to_touch_for_format(self) -> list[str]:
        """The files that list three formats of files or more."""
        return [
            name
            for name, tree in self.trees.items()
            if len({constant.removeprefix(".") for constant in _constants(tree)} & FORMATS) > 2
        ]

    def figures(self) -> dict[str, float]:
        """The table: a number for each goal, and the size."""
        lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in self.files.values()]
        numbers = (
            sum(path.name != "__pycache__" for path in self.package.iterdir()),
            nx.dag_longest_path_length(nx.condensation(self.arrows)) + 1,
            len(circles(self.arrows)),
            len(circles(self.imports)),
            self.arrows.number_of_edges(),
            len(list(self.switches())),
            max(lines),
            len(self.to_touch(MODEL)),
            len(self.to_touch(TOKENIZER)),
            self.to_touch_for_measure(),
            len(self.to_touch_for_format()),
        )
        return dict(zip(GOALS, numbers, strict=True)) | {SIZE: sum(lines)}


def circles(graph: nx.DiGraph) -> list[list[str]]:
    """The groups that import one another."""
    return sorted(sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1)


def _below(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _constants(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _identifiers(tree: ast.AST) -> set[str]:
    return {_last_name(node) for node in ast.walk(tree)} - {""}


def _keys_of(tree: ast.Module, table: str) -> Iterator[str]:
    """The keys of the dictionaries written at the top of a file under a name that ends so."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id.endswith(table) and isinstance(node, ast.AnnAssign):
            keys = [key for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys]
            yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _last_name(node: ast.AST) -> str:
    """`b` of `b` and of `a.b`; "" of what is no name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _asking(tree: ast.AST) -> set[int]:
    """The lines that ask which kind a thing is."""
    if isinstance(tree, ast.FunctionDef) and tree.name == "__eq__":
        return set()
    here = {tree.lineno} if isinstance(tree, ast.Call | ast.Compare | ast.pattern) and _asks(tree) else set()
    return here.union(*(_asking(child) for child in ast.iter_child_nodes(tree)))


def _asks(node: ast.Call | ast.Compare | ast.pattern) -> bool:
    if isinstance(node, ast.Call):
        return _last_name(node.func) in ("isinstance", "issubclass") and _names_kind_class(node.args[1])
    if isinstance(node, ast.Compare):
        return any(_is_kind(operand) for operand in (node.left, *node.comparators))
    return isinstance(node, ast.MatchClass) and _names_kind_class(node.cls)


def _names_kind_class(node: ast.AST) -> bool:
    return any(KIND_CLASS.match(name) for name in _identifiers(node))


def _is_kind(node: ast.expr) -> bool:
    """Whether what is compared is a class of a kind, its name, or a table of such names."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(map(_is_kind, node.elts))
    if isinstance(node, ast.Constant):
        return node.value in KIND_NAMES
    if isinstance(node, ast.Attribute) and node.attr == "kind":
        return bool(KIND_CLASS.match(_last_name(node.value)))
    return _last_name(node) in KIND_TABLES or (isinstance(node, ast.Name) and bool(KIND_CLASS.match(node.id)))


def at_revision(revision: str) -> dict[str, float]:
    """The figures of a revision of this repository."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", revision, "tunewright"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
        return House(Path(folder)).figures()


def main() -> int:
    """Print the table; how many goals are missed."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--before", metavar="REV", help="a revision of git to show beside")
    parser.add_argument("--list", action="store_true", help="show what was counted")
    options = parser.parse_args()
    house = House(ROOT)
    figures, before = house.figures(), at_revision(options.before) if options.before else {}
    goals: dict[str, float] = {**GOALS, **({SIZE: before[SIZE]} if before else {})}
    missed = [name for name, goal in goals.items() if figures[name] > goal]
    print(f"| | {'before | ' if before else ''}now | goal |\n| --- |{' --- |' * (3 if before else 2)}")
    for name, number in figures.items():
        then = f"{before[name]:,g} | " if before else ""
        goal = f"{goals[name]:,g}" if name in goals else ""
        print(f"| {name} | {then}{number:,g}{' (missed)' if name in missed else ''} | {goal} |")
    if options.list:
        show(house)
    return len(missed)


def show(house: House) -> None:
    """Print what the figures were counted from."""
    listed = {
        "asks which kind": house.switches(),
        "circle of entries": map(" ".join, circles(house.arrows)),
        "circle of files": map(" ".join, circles(house.imports)),
        "for a model": house.to_touch(MODEL),
        "for a tokenizer": house.to_touch(TOKENIZER),
        "for a format": house.to_touch_for_format(),
        "arrow": (f"{one} -> {other}" for one, other in sorted(house.arrows.edges)),
    }
    for what, lines in listed.items():
        for line in lines:
            print(f"{what}: {line}")


if __name__ == "__main__":
    sys.exit(min(main(), 1))
