"""What is kept comes back the same, line after line; what is damaged, cut short or too old is not believed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.support.real_pieces import songs
from tests.support.real_tunes import real_tunes
from tunewright.corpus import cache
from tunewright.corpus.cache import load_cache, save_cache
from tunewright.corpus.kinds import PIECE, TUNE, Kind
from tunewright.music.kinds import M
from tunewright.support import files

DATA = {"split": ["train", "test"], "dropped": [["a.mid:1", "\udcff is no letter"]]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path))
    return tmp_path


def save(key: str, music: tuple[M, ...], kind: Kind[M] = TUNE) -> str:
    return save_cache(key, DATA, music, kind.packer())


def load(key: str, kind: Kind[M] = TUNE) -> tuple[dict[str, object], tuple[M, ...]] | None:
    return load_cache(key, kind.unpacker({}))


def test_tunes_and_data_come_back() -> None:
    tunes = real_tunes(20)
    assert save("key", tunes) == ""
    kept = load("key")
    assert kept == (DATA, tunes)
    assert [tune.text for tune in kept[1]] == [tune.text for tune in tunes]
    assert load("another") is None


def test_pieces_come_back_too() -> None:
    assert save("key", songs(), PIECE) == ""
    assert load("key", PIECE) == (DATA, songs())


def test_no_tunes_are_kept_too() -> None:
    save("key", ())
    assert load("key") == (DATA, ())


def test_a_file_cut_short_anywhere_is_not_believed(folder: Path) -> None:
    save("key", real_tunes(2))
    path = next(folder.iterdir())
    whole = path.read_bytes()
    for size in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:size])
        assert load("key") is None
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert load("key") is None  # a line is missing


def signed(lines: Sequence[bytes]) -> bytes:
    """What a cache of these lines is, its checksum right."""
    content = b"".join(lines)
    return content + hashlib.sha256(content).hexdigest().encode() + b"\n"


def test_no_change_of_a_bit_is_read_as_other_music(folder: Path) -> None:
    save("key", real_tunes(3))
    path = next(folder.iterdir())
    whole = path.read_bytes()
    assert signed(whole.splitlines(keepends=True)[:-1]) == whole
    random = Random(1)
    for _ in range(300):
        place, bit = random.randrange(len(whole)), 1 << random.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        assert load("key") is None


@pytest.mark.parametrize("damage", [b"[" * 100_000, b'"1/0"', b'"1e99999999"', b'"1/2/3"', b"9" * 5000, b"NaN"])
def test_what_was_never_written_costs_time_only_whatever_its_checksum(folder: Path, damage: bytes) -> None:
    save("key", real_tunes(1)[:1])
    path = next(folder.iterdir())
    tune, data, _ = path.read_bytes().splitlines(keepends=True)
    assert b'"1/8"' in tune
    for lines in ((tune.replace(b'"1/8"', damage), data), (damage, data), (tune, b'{"count":' + damage + b"}")):
        path.write_bytes(signed(lines))
        assert load("key") is None


def test_what_a_killed_process_left_goes_though_nothing_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("key", real_tunes(1))
    (folder / ".key.music.0123456789abcdef.tunewright").write_bytes(b"half")
    monkeypatch.setattr(files, "_swept", set())
    assert load("key") is not None
    assert [path.name for path in folder.iterdir()] == ["key.music"]


def test_a_pipe_in_the_place_of_a_cache_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "key.music")
    assert load("key") is None


def test_the_oldest_go_and_the_newest_stays_whatever_its_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_FILES", 3)
    (folder / "earlier.json").write_text("{}")
    (folder / "later.tunes").write_text("{}")
    for number in range(5):
        save(f"key{number}", real_tunes(1))
        os.utime(folder / f"key{number}.music", (number, number))
    save("key5", real_tunes(1))
    assert {path.stem for path in folder.iterdir()} == {"key3", "key4", "key5"}
    monkeypatch.setattr(cache, "MOST_BYTES", 10)
    save("key6", real_tunes(1))
    assert [path.stem for path in folder.iterdir()] == ["key6"]


def test_a_folder_that_cannot_be_written_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(folder / "file"))
    assert save("key", ()).startswith("not kept for the next time: ")
