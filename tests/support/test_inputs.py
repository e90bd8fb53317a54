"""What is no regular file is refused before anybody waits for it, and so is what is too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tunewright.support import inputs
from tunewright.support.errors import InputError
from tunewright.support.inputs import open_input, read_input


def test_bytes_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_input(path, 5) == b"12345"
    with pytest.raises(InputError, match=r"a: 5 bytes, the largest file read is 4 bytes: split it"):
        read_input(path, 4)


def test_a_link_is_followed_and_a_loop_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert read_input(tmp_path / "link", 5) == b"12345"
    with pytest.raises(InputError, match="cannot be read"):
        read_input(tmp_path / "one", 5)


@pytest.mark.parametrize("read", [open_input, lambda path: read_input(path, 5)])
def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path, read: object) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/tty")):
        with pytest.raises(InputError):
            read(path)  # type: ignore[operator]
    with pytest.raises(InputError, match="a folder; expected a file"):
        read(tmp_path)  # type: ignore[operator]


def test_what_is_missing_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none", Path("a\0b")):
        with pytest.raises(InputError) as caught:
            read_input(path, 5)
        assert caught.value.missing == (path.name == "none")


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"")
    about = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda _: about)
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_input(tmp_path / "pipe", 5)


def test_a_file_that_grows_is_read_as_far_as_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1234567890")
    small = tmp_path / "b"
    small.write_bytes(b"12")
    about = small.stat()
    monkeypatch.setattr(inputs.os, "fstat", lambda _: about)
    assert read_input(path, 10) == b"1234567890"
    with pytest.raises(InputError, match="10 bytes, the largest"):
        read_input(path, 9)


def test_a_huge_file_of_any_kind_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(InputError, match="2048 MB, the largest file read is 64 MB"):
        read_input(path, 64 * 2**20)
