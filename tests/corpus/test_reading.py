"""Sources are read whole: what is dropped is named, duplicates are merged, and no family is in two parts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import tunewright.corpus.reading as corpus_module
from tunewright.corpus import files
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.describe import describe
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.split import write_split
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.formats import reading_modules
from tunewright.music.kinds import music_id
from tunewright.music.transposing import transpose
from tunewright.support.code import PACKAGE, code_of
from tunewright.support.errors import CorpusError, OutputError

TUNE = "X:1\nT:One\nR:reel\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|efga bagf|edcB AGFE|D8|]\n"
OTHER = "X:2\nT:Two\nM:6/8\nL:1/8\nK:G\nGAB c2d|efg a2g|fed cBA|G3 G3|]\n"


@pytest.fixture(scope="module")
def oneill() -> Corpus:
    return read_corpus("oneill")


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "reels").mkdir()
    (tmp_path / "reels" / "a.abc").write_text(TUNE)
    (tmp_path / "b.ABC").write_text(OTHER)
    corpus = read_corpus(tmp_path)
    assert {tune.title for tune in corpus.tunes} == {"One", "Two"}
    assert {tune.source for tune in corpus.tunes} == {f"{tmp_path}/b.ABC:1", f"{tmp_path}/reels/a.abc:1"}


def test_a_bad_tune_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "mixed.abc"
    path.write_text(f"{TUNE}\nX:7\nT:No key\nABc|\n\n{OTHER}\nX:9\nM:banana\nK:C\nC|\n")
    corpus = read_corpus(path)
    assert [tune.title for tune in corpus.tunes] == ["One", "Two"]
    assert [(item.source, item.reason[:14]) for item in corpus.dropped] == [
        (f"{path}:9", "no K: field, e"),
        (f"{path}:21", "unknown metre "),
    ]


def test_a_binary_file_and_a_huge_one_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 1000)
    (tmp_path / "good.abc").write_text(TUNE)
    (tmp_path / "binary.abc").write_bytes(bytes(range(256)))
    with (tmp_path / "huge.abc").open("wb") as file:
        file.truncate(100 * 2**20)
    reasons = {Path(item.source).name: item.reason for item in read_corpus(tmp_path).dropped}
    assert reasons.keys() == {"binary.abc:1", "huge.abc:1"}
    assert "not text" in reasons["binary.abc:1"]
    assert "100 MB" in reasons["huge.abc:1"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder, "no .abc, .mid, .midi, .kar or .rmi file"),
        (lambda folder: folder / "absent.abc", "no such file or folder"),
        (lambda folder: _write(folder / "notes.txt", "hello"), "expected a file that ends in"),
        (lambda folder: _write(folder / "prose.abc", "hello"), "no tune could be read"),
        (lambda folder: _write(folder / "empty.abc", ""), "no tune could be read"),
    ],
)
def test_a_source_without_tunes_is_one_clear_line(tmp_path: Path, make: object, says: str) -> None:
    assert callable(make)
    with pytest.raises(CorpusError, match=re.escape(says)) as error:
        read_corpus(make(tmp_path))
    assert "\n" not in str(error.value)


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_exact_duplicates_are_merged_whatever_their_title(tmp_path: Path) -> None:
    path = tmp_path / "twice.abc"
    path.write_text(f"{TUNE}\n{TUNE.replace('T:One', 'T:Again')}\n{OTHER}")
    corpus = read_corpus(path)
    assert [tune.title for tune in corpus.tunes] == ["One", "Two"]
    assert corpus.duplicates == ((f"{path}:9", f"{path}:1"),)
    assert corpus.read == 3


def test_the_split_adds_up_and_keeps_families_together(oneill: Corpus) -> None:
    assert len(oneill.train) + len(oneill.valid) + len(oneill.test) == len(oneill.tunes) == oneill.read - 1
    parts: dict[int, set[str]] = {}
    for family, part in zip(oneill.families, oneill.split, strict=True):
        parts.setdefault(family, set()).add(part)
    assert all(len(found) == 1 for found in parts.values())
    assert 0.75 < len(oneill.train) / len(oneill.tunes) < 0.85


def test_adding_tunes_moves_none(tmp_path: Path, oneill: Corpus) -> None:
    path = tmp_path / "more.abc"
    path.write_text(f"{TUNE}\n{OTHER}\n{format_abc(transpose(oneill.tunes[0], 2))}")
    both = read_corpus("oneill", path)
    assert both.split[: len(oneill.split)] == oneill.split
    assert both.families[: len(oneill.families)] == oneill.families
    assert both.families[-1] == 0  # the transposed tune belongs to the first one


def test_the_cache_gives_the_same_corpus(oneill: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(*_: object) -> None:
        raise AssertionError("read anew")

    monkeypatch.setattr(corpus_module, "read_files", unread)
    again = read_corpus("oneill")
    assert again.fingerprint == oneill.fingerprint
    for ours, theirs in zip(oneill.tunes, again.tunes, strict=True):
        assert (ours, ours.text, ours.source, ours.lines) == (theirs, theirs.text, theirs.source, theirs.lines)
        assert (ours.repairs, ours.left_out, ours.inferred) == (theirs.repairs, theirs.left_out, theirs.inferred)


def test_the_key_depends_on_what_parses_the_files() -> None:
    files = {path.relative_to(PACKAGE).as_posix() for path in code_of(*reading_modules())}
    assert {"formats/abc/music.py", "formats/midi/reader.py", "formats/midi/bars.py", "formats/midi/pieces.py"} <= files
    assert any("learned" in name for name in files)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text(TUNE)
    assert len(read_corpus(path).tunes) == 1
    path.write_text(f"{TUNE}\n{OTHER}")
    assert len(read_corpus(path).tunes) == 2


@pytest.mark.parametrize("damage", [b"", b"{", b'{"tunes": 3}', b"\xff\xfe"])
def test_a_damaged_cache_is_read_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes) -> None:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.abc"
    path.write_text(TUNE)
    first = read_corpus(path)
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(damage)
    assert read_corpus(path) == first


def test_a_cache_that_cannot_be_written_is_remarked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutputError("no space left on device")

    monkeypatch.setattr("tunewright.corpus.cache.replacing", full)
    path = tmp_path / "a.abc"
    path.write_text(TUNE.replace("One", "Uncached"))
    corpus = read_corpus(path)
    assert corpus.remarks == ("not kept for the next time: no space left on device",)
    assert len(corpus.tunes) == 1


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text(f"{TUNE}\n{OTHER}")
    seen: list[tuple[int, int]] = []
    read_corpus(path, cache=False, on_progress=lambda done, total: seen.append((done, total)))
    assert len(seen) == 2
    assert seen == sorted(seen)
    assert all(done <= total for done, total in seen)


def test_what_a_file_does_not_say_is_inferred_and_the_rest_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text(f"{TUNE}\n{OTHER.replace('K:G', 'K:G major')}")
    stated_rhythm, inferred_rhythm = read_corpus(path).tunes
    assert [item.what for item in stated_rhythm.inferred] == ["mode"]
    assert [(item.what, item.value) for item in inferred_rhythm.inferred] == [("rhythm", "jig")]


def test_the_split_is_written_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text(f"{TUNE}\n{OTHER}")
    corpus = read_corpus(path)
    write_split(corpus, tmp_path / "split.tsv")
    rows = [line.split("\t") for line in (tmp_path / "split.tsv").read_text().splitlines()]
    assert rows[0] == ["id", "split", "family", "source", "title"]
    assert [row[0] for row in rows[1:]] == [music_id(tune) for tune in corpus.tunes]
    assert [row[4] for row in rows[1:]] == ["One", "Two"]


def test_the_description_has_the_keys_of_the_contract(oneill: Corpus) -> None:
    told = describe(oneill)
    assert told["tunes"] == 2009
    assert told["duplicates"] == 1
    assert sum(told["split"].values()) == 2008
    assert told["families"] == len(set(oneill.families))
    assert told["dropped"] == []
    rhythms = told["rhythms"]
    inferred = sum(item["tunes"] for item in rhythms["inferred"].values())
    assert sum(rhythms["stated"].values()) + inferred + rhythms["unknown"] == 2008


def test_the_fingerprint_sees_a_changed_tune_and_a_changed_split(oneill: Corpus) -> None:
    changed = replace(oneill, music=(*oneill.tunes[:-1], parse_abc(TUNE)[0]))
    moved = replace(oneill, split=("test", *oneill.split[1:]))
    assert len({oneill.fingerprint, changed.fingerprint, moved.fingerprint}) == 3 - (oneill.split[0] == "test")


@pytest.mark.slow
def test_nearly_every_built_in_tune_is_read_and_most_add_up() -> None:
    corpus = read_corpus("oneill", "ryan", "aird", "essen")
    assert corpus.read >= 12_740
    assert corpus.read + len(corpus.dropped) == 12_762
    assert corpus.read - corpus.irregular >= 11_000
    assert all(item.reason and ":" in item.source for item in corpus.dropped)
