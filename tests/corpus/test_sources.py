"""Files are found in order, and what is no source says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tunewright.corpus.sources import Files, collection_name, find_files, there
from tunewright.support.errors import CorpusError


def test_files_are_found_in_order_and_other_kinds_counted(tmp_path: Path) -> None:
    for name in ("b/2.MID", "b/10.mid", "a-b/1.abc", "a/1.midi", "notes.txt", "b/song.mp3", "b/more.mp3", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = find_files(tmp_path)
    assert [path for _, path in files] == sorted(
        tmp_path / name for name in ("a/1.midi", "a-b/1.abc", "b/10.mid", "b/2.MID")
    )
    assert all(name == str(path) for name, path in files)
    assert files.others == {".mp3": 2, ".txt": 1}
    assert files[-1] == files[3]
    assert list(files[1:3]) == [files[1], files[2]]


def test_a_folder_is_known_by_the_name_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.mid").touch()
    monkeypatch.chdir(tmp_path)
    assert [find_files(name)[0][0] for name in (".", "a", "a/", "./a", f"{tmp_path}/")] == [
        *["a/1.mid"] * 4,
        f"{tmp_path}/a/1.mid",
    ]


def test_a_name_takes_a_hundred_bytes() -> None:
    names = [f"folder/{number:06d}.mid" for number in range(1000)]
    files = Files(names)
    assert sum(map(sys.getsizeof, (files._names, files._roots))) < 20 * len(names)
    assert len(files) == 1000


def test_a_folder_without_music_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").touch()
    with pytest.raises(CorpusError, match=r"no \.abc, \.mid, \.midi, \.kar or \.rmi file in this folder"):
        find_files(tmp_path)


@pytest.mark.parametrize("name", ["absent.abc", "notes.txt", "empty"])
def test_where_a_run_might_be_meant_the_error_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError) as plain:
        find_files(tmp_path / name)
    with pytest.raises(CorpusError, match="run") as told:
        find_files(tmp_path / name, or_run=True)
    assert "run" not in str(plain.value).removeprefix(str(tmp_path))
    assert str(told.value).startswith(str(tmp_path / name))


def test_sources_have_one_name_and_are_there_all_or_not(tmp_path: Path) -> None:
    assert collection_name(["oneill", tmp_path / "reels.abc", tmp_path]) == f"oneill reels.abc {tmp_path.name}"
    assert there(["oneill", str(tmp_path)])
    assert not there(["oneill", str(tmp_path / "reels.abc")])
