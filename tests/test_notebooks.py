"""The notebooks: whole, the same code in both languages, and every cell runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from typing import Any

import nbformat
import pytest

from tests.support.places import DOCS
from tests.support.small_runs import real_tunes

ENGLISH, CHINESE = "lab.ipynb", "lab.zh-CN.ipynb"
CJK = re.compile("[\u4e00-\u9fff]")
# in a process and a kernel of its own, whose messages go through sockets in files, not through ports
RUN = """
import sys, nbformat
from nbclient import NotebookClient
from jupyter_client.manager import AsyncKernelManager
book = nbformat.read(sys.argv[1], as_version=4)
manager = AsyncKernelManager(transport="ipc", ip=sys.argv[2])
where = {"metadata": {"path": sys.argv[3]}}
NotebookClient(book, km=manager, timeout=600, startup_timeout=600, resources=where).execute()
nbformat.write(book, sys.argv[4])
"""


def read(name: str) -> Any:
    return nbformat.read(DOCS / name, as_version=4)


def code(name: str) -> list[str]:
    return [cell.source for cell in read(name).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_a_notebook_is_whole_and_stores_no_output(name: str) -> None:
    book = read(name)
    nbformat.validate(book)
    ids = [cell.id for cell in book.cells]
    assert len(ids) == len(set(ids))
    for cell in book.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_both_languages_run_the_same_code() -> None:
    english, chinese = code(ENGLISH), code(CHINESE)
    assert [ast.dump(ast.parse(cell)) for cell in english] == [ast.dump(ast.parse(cell)) for cell in chinese]
    assert [cell.id for cell in read(ENGLISH).cells] == [cell.id for cell in read(CHINESE).cells]


def test_the_chinese_one_is_in_chinese_and_the_english_one_is_not() -> None:
    for theirs, ours in zip(read(CHINESE).cells, read(ENGLISH).cells, strict=True):
        assert not CJK.search(ours.source)
        if theirs.cell_type == "markdown" or "# " in ours.source:
            assert CJK.search(theirs.source), theirs.source


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The English notebook with what its cells gave, on fifty tunes and a network that learns nothing."""
    folder = tmp_path_factory.mktemp("notebook")
    tunes = "\n\n".join(tune.text.strip() for tune in real_tunes())
    (folder / "some.abc").write_text(tunes + "\n", encoding="utf-8")
    surroundings = os.environ | {
        "TUNEWRIGHT_QUICK": "1",
        "TUNEWRIGHT_SOURCE": str(folder / "some.abc"),
        "TUNEWRIGHT_CACHE": str(folder / "cache"),
        "TUNEWRIGHT_RUNS": str(folder / "runs"),
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(DOCS.parent), os.environ.get("PYTHONPATH")))),
    }
    out = folder / "executed.ipynb"
    words = [sys.executable, "-c", RUN, str(DOCS / ENGLISH), str(folder / "kernel"), str(folder), str(out)]
    done = subprocess.run(words, env=surroundings, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(out, as_version=4)


def outputs(book: Any, name: str) -> str:
    (cell,) = (cell for cell in book.cells if cell.id == name)
    return str(cell.outputs)


def test_every_cell_runs(executed: Any) -> None:
    assert [cell.id for cell in executed.cells if cell.cell_type == "code" and cell.execution_count is None] == []


def test_a_tune_is_drawn_and_the_curves_are_pictures(executed: Any) -> None:
    assert "<svg" in outputs(executed, "tune")
    for name in ("curve", "overfitting", "remedy", "softmax"):
        assert "image/png" in outputs(executed, name)


def test_the_untrained_loss_is_the_logarithm_of_the_vocabulary(executed: Any) -> None:
    found = re.search(r"loss ([\d.]+), ln \d+ = ([\d.]+)", outputs(executed, "model"))
    assert found is not None
    assert float(found[1]) == pytest.approx(float(found[2]), abs=0.2)


def test_cells_leave_no_warning(executed: Any) -> None:
    for cell in executed.cells:
        assert "Warning" not in str(cell.get("outputs", "")), cell.id
