"""Places in which a program meets what it does not expect: few handles, little memory, no home, no rights, no room."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_app import ONE_THREAD, Command, Result, assert_one_error, trained, tunes, tunewright
from tests.support.places import ROOT

__all__ = ["Result", "trained", "tunes", "tunewright"]  # fixtures

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
NO_RIGHTS = "setpriv --bounding-set=-dac_override,-dac_read_search,-fowner "  # root as anybody else


@pytest.fixture
def folder(tmp_path: Path, tunes: Path) -> Iterator[Path]:
    """A folder of sixty files of two tunes, in which everything can be removed again."""
    (tmp_path / "many").mkdir()
    texts = tunes.read_text().split("\n\n")
    for number in range(60):
        few = texts[number % 20 : number % 20 + 2]
        (tmp_path / "many" / f"{number}.abc").write_text("\n\n".join(few) + "\n")
    yield tmp_path
    subprocess.run(["chmod", "-R", "u+rwx", str(tmp_path)], check=True)


def run(folder: Path, command: str, **environment: str) -> Result:
    """What a command of the shell comes to, PROGRAM in it being ours."""
    program = f"'{sys.executable}' -m tunewright"
    own = ONE_THREAD | {"PYTHONPATH": str(ROOT), "TUNEWRIGHT_CACHE": str(folder / "cache")} | environment
    words = ["sh", "-c", command.replace("PROGRAM", program)]
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("limit", ["ulimit -n 32", "ulimit -v 3000000"])
def test_few_handles_and_little_memory_are_enough(folder: Path, trained: Path, limit: str) -> None:
    assert run(folder, f"{limit}; PROGRAM corpus many").code == 0
    drawn = run(folder, f"{limit}; PROGRAM generate '{trained}' -n 2 --free --out new --format abc")
    assert drawn.code == 0, drawn.err


@LINUX
@pytest.mark.slow
def test_more_memory_than_there_is_is_one_line(folder: Path, tunes: Path) -> None:
    words = f"train '{tunes}' --out run --steps 1 --set hidden_size=9000 --set tokens=characters --set precision=fp32"
    assert_one_error(run(folder, f"ulimit -v 3000000; PROGRAM {words}"), "too little memory")


@LINUX
@pytest.mark.slow
def test_no_home(folder: Path) -> None:
    (folder / "file").touch()
    for home in (folder / "file" / "home", "/dev/null/home"):  # nobody can make these, root included
        result = run(folder, f"env -i HOME='{home}' PYTHONPATH='{ROOT}' PROGRAM corpus many")
        assert result.code == 0, result.err


@LINUX
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_no_rights(folder: Path, trained: Path, tunes: Path) -> None:
    run_folder = folder / "run"
    shutil.copytree(trained, run_folder)
    (folder / "many" / "0.abc").chmod(0)
    (folder / "hidden").mkdir(0)
    (folder / "fixed").mkdir(0o500)
    subprocess.run(["chmod", "-R", "a-w", str(run_folder)], check=True)
    before = {path: path.read_bytes() for path in run_folder.iterdir()}
    told = run(folder, f"{NO_RIGHTS} PROGRAM corpus many --json")
    assert told.code == 0
    assert "Permission denied" in told.out
    assert run(folder, f"{NO_RIGHTS} PROGRAM runs .").code == 0
    assert run(folder, f"{NO_RIGHTS} PROGRAM generate run --free").code == 0
    for words in (
        "corpus many/0.abc",
        "corpus hidden",
        f"render '{tunes}' --out fixed --format abc",
        "generate run --free --out fixed",
        f"train '{tunes}' --out run --resume --steps 20",
        f"train '{tunes}' --out fixed/run --steps 1",
    ):
        assert_one_error(run(folder, f"{NO_RIGHTS} PROGRAM {words}"), "Permission denied")
    remark = run(folder, f"TUNEWRIGHT_CACHE=fixed {NO_RIGHTS} PROGRAM corpus many/1.abc")
    assert remark.code == 0
    assert "not kept for the next time" in remark.err
    assert {path: path.read_bytes() for path in run_folder.iterdir()} == before
    assert list((folder / "fixed").iterdir()) == []


@LINUX
@pytest.mark.slow
def test_no_room(folder: Path, trained: Path, tunes: Path) -> None:
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("needs root to mount a small file system")
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        told = run(folder, "PROGRAM corpus many", TUNEWRIGHT_CACHE=str(disk))
        assert told.code == 0
        assert "No space left" in told.err
        render = run(folder, f"PROGRAM render '{tunes}' --out disk/out --format wav")
        assert render.code == 1
        assert "No space left" in render.err
        small = "--set hidden_size=200 --set tokens=characters --set text=canonical"
        train = run(folder, f"PROGRAM train '{tunes}' --out disk/run --steps 2 {small}")
        assert_one_error(train, "No space left")
        assert not [path for path in disk.rglob("*") if path.name.endswith(".tunewright")]
        assert trained.exists()
    finally:
        subprocess.run(["umount", disk], check=True)


# ------------------------------------------------------------------------------------------------ files of any kind


def test_files_of_any_kind_are_refused_by_their_size_before_they_are_read(
    tunewright: Command, trained: Path, tmp_path: Path
) -> None:
    for name in ("big.mid", "big.abc"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**31 if name == "big.mid" else 100 * 2**20)
        path = tmp_path / name
        for words in (
            ["corpus", path],
            ["render", path, "--out", tmp_path / "out"],
            ["export", path, "--to", tmp_path / "notes.csv"],
            ["generate", trained, "--like", path],
            ["evaluate", path, "--against", path],
        ):
            assert_one_error(tunewright(*words), "MB")


def test_pipes_devices_and_loops_are_refused_wherever_a_file_is_named(
    tunewright: Command, trained: Path, tunes: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.abc")
    (tmp_path / "device.abc").symlink_to("/dev/tty")
    (tmp_path / "loop.abc").symlink_to("loop.abc")
    for path in sorted(tmp_path.iterdir()):
        for words in (
            ["corpus", path],
            ["render", path, "--out", tmp_path / "out"],
            ["export", path, "--to", tmp_path / "notes.csv"],
            ["generate", trained, "--like", path],
            ["generate", trained, "--vary", path],
            ["evaluate", path, "--against", tunes],
            ["evaluate", tunes, "--against", path],
            ["train", path, "--out", tmp_path / "run"],
        ):
            assert_one_error(tunewright(*words))
        font = tunewright("render", tunes, "--out", tmp_path / "out", "--format", "wav", "--soundfont", path)
        assert font.code == 1
        assert "0 tunes rendered" in font.out
    assert_one_error(tunewright("corpus", tmp_path))


def test_a_file_that_is_written_while_it_is_read(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    path, text, over = tmp_path / "changing.abc", tunes.read_bytes(), threading.Event()
    path.write_bytes(text)

    def write() -> None:
        while not over.is_set():
            for size in (0, len(text) // 3, len(text), 2 * len(text)):
                with path.open("wb") as file:
                    file.write((text + b"\n\n" + text)[:size])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(15):
            result = tunewright("corpus", path)
            assert result.code == 0 or "no tune could be read" in result.err or "no tune found" in result.err
    finally:
        over.set()
        writer.join()
    path.write_bytes(text)
    whole = tunewright("corpus", path)
    assert whole.code == 0
    assert re.search(r"tunes read\s+40\n", whole.out)


# ------------------------------------------------------------------------------------------------ the same bytes


@pytest.mark.slow
def test_the_same_bytes_wherever_and_however_it_runs(folder: Path, trained: Path) -> None:
    written = []
    elsewhere = {"PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    for name, jobs, environment in (("one", 1, {}), ("other", 2, elsewhere)):
        place = folder / name
        place.mkdir()
        out = f"--free --out new --format abc,svg,musicxml --jobs {jobs}"
        drawn = run(place, f"PROGRAM generate '{trained}' -n 5 --seed 3 {out}", **environment)
        read = run(place, f"PROGRAM corpus '{folder / 'many'}' --json", **environment)
        table = run(place, f"PROGRAM export '{folder / 'many' / '1.abc'}' --to new/notes.csv", **environment)
        assert (drawn.code, read.code, table.code) == (0, 0, 0), (drawn.err, read.err, table.err)
        written.append((read.out, {path.name: path.read_bytes() for path in (place / "new").iterdir()}))
    assert written[0] == written[1]
