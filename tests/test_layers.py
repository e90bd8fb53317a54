"""The house: arrows point down, nothing heavy is loaded for nothing, everything public says what it is."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import networkx
import pytest

import tunewright
from tests.support.places import ROOT
from tunewright.cli.app import app

PACKAGE = ROOT / "tunewright"
HEAVY = ("torch", "numpy", "matplotlib", "symusic", "verovio", "music21", "typst", "jinja2", "pretty_midi", "rich")
EXTRAS = ("comet", "listen", "mlflow", "parquet", "studio", "tensorboard", "wandb")  # optional
FILES = sorted(PACKAGE.rglob("*.py"))
NAME_ON_INDEX = {"markupsafe": "jinja2", "sklearn": "scikit-learn"}  # where they differ


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, inside functions too, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path.name} does not say what it is for"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            overload = any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list)
            assert overload or ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name}"


def test_every_dependency_is_stated_and_every_stated_one_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for name in EXTRAS for line in extras[name])]
    stated = {re.match(r"[\w-]+", line)[0].lower() for line in lines} - {"tunewright"}  # type: ignore[index]
    own = {"tunewright", *sys.stdlib_module_names}
    used = {name.split(".")[0] for path in FILES for name, _ in imports(path)} - own
    used = {NAME_ON_INDEX.get(name, name) for name in used}
    read_as_files = {"music21", "pretty_midi", "tensorboard", "python-multipart"}  # through their data, or others' code
    assert used | read_as_files == stated


def test_packages_import_only_from_those_below() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = settings["importlinter"]["contracts"]
    assert {contract["type"] for contract in contracts} == {"layers"}
    layers = [layer.strip("()").removeprefix("tunewright.") for layer in contracts[0]["layers"]]
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(layers)
    script = "import sys, importlinter.cli; sys.exit(importlinter.cli.lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_no_two_files_import_each_other() -> None:
    graph = networkx.DiGraph()
    found = grimp.build_graph("tunewright", cache_dir=None)  # imports for types alone, and inside functions, too
    for module in found.modules - {"tunewright"}:
        graph.add_edges_from((module, other) for other in found.find_modules_directly_imported_by(module))
    assert graph.number_of_edges() > 500
    assert [group for group in networkx.strongly_connected_components(graph) if len(group) > 1] == []


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running the code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in json.loads(run.stdout.splitlines()[-1])}


@pytest.mark.parametrize("code", ["import tunewright", "import tunewright.cli.app", "from tunewright import Tune"])
def test_nothing_heavy_is_loaded_for_nothing(code: str) -> None:
    assert not loaded_by(code) & {*HEAVY, "comet_ml", "mlflow", "tensorboard", "wandb"}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, tunewright.cli.app\n"
        "sys.argv = ['tunewright', '--help']\n"
        "with contextlib.suppress(SystemExit): tunewright.cli.app.main()"
    )
    assert not loaded_by(code) & set(HEAVY)


def test_every_public_name_is_there() -> None:
    for name in tunewright.__all__:
        assert getattr(tunewright, name) is not None
    assert set(tunewright.__all__) <= set(dir(tunewright))


def test_no_module_bears_the_name_of_a_verb() -> None:
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert not modules & {name for name in tunewright.__all__ if name.islower()}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'teach'"):
        tunewright.teach  # noqa: B018


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_command_is_in_the_readme(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert len(commands) == 12
    for name in commands:
        assert f"tunewright {name}" in text


def test_links_inside_the_project_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    ]
    assert len(links) > 20
    assert [(file.name, target) for file, target in links if not (file.parent / target).exists()] == []


def test_the_version_is_stated_in_the_changelog() -> None:
    assert f"## {tunewright.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
