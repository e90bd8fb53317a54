"""Files are written whole or not at all, and what a killed process left is removed by the next one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tunewright.support import files
from tunewright.support.errors import OutputError
from tunewright.support.files import replace_file, replacing, sweep

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from tunewright.support.files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_writes_bytes_and_makes_the_folder(tmp_path: Path) -> None:
    replace_file(tmp_path / "a" / "b.txt", b"new")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tune.mid"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"tune\.mid: cannot be written \(No space left on device\)"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["tune.mid"]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        replace_file(tmp_path / "taken" / "tune.mid", b"new")


def test_mode_is_the_users_own(tmp_path: Path) -> None:
    replace_file(tmp_path / "tune.mid", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "tune.mid").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_long_name_of_any_letters(tmp_path: Path) -> None:
    name = "曲" * 60 + ".abc"
    replace_file(tmp_path / name, b"new")
    assert os.listdir(tmp_path) == [name]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("replace"), replace(*names)))
    replace_file(tmp_path / "tune.mid", b"new")
    assert done == ["fsync", "replace"]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tune.mid"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    monkeypatch.setattr(files, "_swept", set())
    replace_file(tmp_path / "another.mid", b"new")
    assert sorted(os.listdir(tmp_path)) == ["another.mid", "tune.mid"]
    assert path.read_bytes() == b"old"


def test_what_is_being_written_stays_and_so_does_what_is_not_ours(tmp_path: Path) -> None:
    for name in (".tune.mid.0123456789abcdef", ".hidden", "a.tunewright"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".link.0123456789abcdef.tunewright").symlink_to(tmp_path / ".hidden")
    before = sorted(os.listdir(tmp_path))
    with replacing(tmp_path / "tune.mid") as file:
        file.write(b"new")
        sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "tune.mid"])
