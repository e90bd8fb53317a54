"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tunewright.support.errors import OutputError
from tunewright.support.files import replace_file


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
