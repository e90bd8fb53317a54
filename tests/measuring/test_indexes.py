import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.support.real_tunes import real_tunes
from tunewright.measuring import indexes
from tunewright.measuring.indexes import kept_index, load_index, save_index
from tunewright.measuring.originality import Index, build_index, longest_shared, nearest, shared_passages
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError, OutputError


def answers(index: Index, tunes: tuple[Tune, ...]) -> object:
    return longest_shared(tunes, index), shared_passages(tunes, index, 6), nearest(tunes, index)


def test_an_index_comes_back_as_it_was(tmp_path: Path) -> None:
    tunes = real_tunes(12)
    index = build_index(tunes[::2])
    save_index(index, tmp_path / "index")
    assert answers(load_index(tmp_path / "index"), tunes) == answers(index, tunes)


@pytest.mark.parametrize("count", [0, 1])
def test_an_index_of_almost_nothing_comes_back(tmp_path: Path, count: int) -> None:
    tunes = real_tunes(2)
    index = build_index(tunes[:count])
    save_index(index, tmp_path / "index")
    assert answers(load_index(tmp_path / "index"), tunes) == answers(index, tunes)


def test_a_note_takes_few_bytes(tmp_path: Path) -> None:
    index = build_index(real_tunes(30))
    save_index(index, tmp_path / "index")
    names = sum(map(len, (*index.titles, *index.sources)))
    assert (tmp_path / "index").stat().st_size < 12 * len(index.substrings.text) + names + 20_000


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with pytest.raises(CorpusError, match="cannot be read"):
        load_index(path)
    save_index(build_index(real_tunes(2)), path)
    whole = path.read_bytes()
    for broken in (b"", b"abc", whole[: len(whole) // 2], whole[:-1], b"\xff" * 100):
        path.write_bytes(broken)
        with pytest.raises(CorpusError, match="not a whole index"):
            load_index(path)
    with pytest.raises(OutputError):
        save_index(build_index([]), tmp_path / "index" / "index")


def test_one_byte_that_has_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "index"
    save_index(build_index(real_tunes(2)), path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 1 + len(whole) // 200):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CorpusError, match="not a whole index"):
            load_index(path)


@pytest.mark.parametrize(
    "name", ["alphabet", "names", "notes", "notes_begin", "order", "pitches", "ratios", "rhythms", "starts", "text"]
)
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "index"
    save_index(build_index(real_tunes(2)), path)
    arrays = load(path.read_bytes()[indexes.DIGEST :])
    content = save(arrays | {name: np.ascontiguousarray(arrays[name][: len(arrays[name]) // 3])})
    path.write_bytes(hashlib.sha256(content).digest() + content)
    with pytest.raises(CorpusError, match="not a whole index"):
        load_index(path)


def test_an_index_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path))
    tunes = real_tunes(4)
    first = kept_index(tunes)
    monkeypatch.setattr(indexes, "build_index", lambda tunes: pytest.fail("it was built again"))
    assert answers(kept_index(tunes), tunes) == answers(first, tunes)
    with pytest.raises(BaseException, match="built again"):
        kept_index(tunes[1:])
    with pytest.raises(BaseException, match="built again"):
        kept_index([transpose(tune, 2) for tune in tunes])


def test_a_broken_or_unwritable_cache_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path))
    tunes = real_tunes(4)
    expected = answers(kept_index(tunes), tunes)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"broken")
    assert answers(kept_index(tunes), tunes) == expected
    assert len(kept.read_bytes()) > 1000
    (tmp_path / "file").touch()
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path / "file"))
    assert answers(kept_index(tunes), tunes) == expected


def test_the_oldest_indexes_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path))
    (tmp_path / "other.json").touch()
    for tune in real_tunes(3)[:8]:
        kept_index([tune])
    assert len(list(tmp_path.glob("*.melodies"))) == indexes.MOST_FILES
    assert (tmp_path / "other.json").exists()
