"""Folders are read as pieces of several parts: nothing vanishes, and a family is in one part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.real_pieces import chorales, songs
from tunewright.cli.collections import pieces_text
from tunewright.corpus.describe import describe
from tunewright.corpus.reading import read_pieces
from tunewright.corpus.split import SPLITS, write_split
from tunewright.formats.midi.pieces import write_midi
from tunewright.music.piece import (
    Part,
    transposed,
)
from tunewright.support.errors import CorpusError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pieces")
    for number, one in enumerate(songs()):
        write_midi(one, path / f"song-{number:02}.mid")
    for number, one in enumerate(chorales()):
        write_midi(one, path / f"chorale-{number}.mid")
        write_midi(transposed(one, 2), path / f"chorale-{number}-up.mid")
    write_midi(chorales()[0], path / "copy.mid")
    (path / "text.mid").write_text("not music")
    (path / "tune.abc").write_text("X:1\nT:A tune\nM:4/4\nL:1/8\nK:D\nABcd efga|bagf edcB|AFDF AFDF|E2 E2 D4|]\n")
    return path


def test_a_folder_is_read_and_nothing_vanishes(folder: Path) -> None:
    corpus = read_pieces(folder)
    assert corpus.read == len(songs()) + 2 * len(chorales()) + 2
    assert [item.reason for item in corpus.dropped] == [
        "begins with b'not '; expected a MIDI file, which begins with b'MThd'"
    ]
    assert len(corpus.duplicates) == 1
    assert len(corpus.train) + len(corpus.valid) + len(corpus.test) == len(corpus.music)
    assert set(corpus.split) <= set(SPLITS)
    assert read_pieces(folder) == corpus


def test_a_piece_in_another_key_is_of_its_family_and_in_its_part(folder: Path) -> None:
    corpus = read_pieces(folder)
    at = {Path(one.source.removesuffix(":1")).stem: place for place, one in enumerate(corpus.music)}
    for number in range(len(chorales())):
        one, up = at[f"chorale-{number}"], at[f"chorale-{number}-up"]
        assert corpus.families[one] == corpus.families[up]
    for family in set(corpus.families):
        assert len({part for part, of in zip(corpus.split, corpus.families, strict=True) if of == family}) == 1


def test_two_settings_of_one_melody_are_one_family(tmp_path: Path) -> None:
    one = chorales()[0]
    other = replace(one, parts=(one.parts[0], Part(tuple(n._replace(number=n.number - 3) for n in one.parts[3].notes))))
    write_midi(one, tmp_path / "a.mid")
    write_midi(other, tmp_path / "b.mid")
    assert len(set(read_pieces(tmp_path).families)) == 1


def test_what_is_told_adds_up(folder: Path, tmp_path: Path) -> None:
    corpus = read_pieces(folder)
    described = describe(corpus)
    assert sum(described["split"].values()) == described["tunes"] - described["duplicates"]
    assert sum(described["parts"].values()) == len(corpus.music)
    assert described["instruments"]["drums"] == len(songs())
    text = pieces_text(described)
    assert "Dropped: 1" in text
    assert "text.mid" in text
    assert "Flute" in text
    write_split(corpus, tmp_path / "split.tsv")
    rows = (tmp_path / "split.tsv").read_text().splitlines()
    assert len(rows) == 1 + len(corpus.music)


def test_a_folder_without_music_says_what_was_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match=r"no piece could be read, 1 dropped, the first: .*a\.mid:1: begins with"):
        read_pieces(tmp_path)


def test_long_lists_stay_short() -> None:
    dropped = [{"source": f"{number}.mid:1", "reason": f"reason {number % 40}"} for number in range(100_000)]
    described = {
        "name": "many",
        "tunes": 0,
        "notes": 0,
        "bars": 0,
        "seconds": 0,
        "duplicates": 0,
        "families": 0,
        "split": dict.fromkeys(SPLITS, 0),
        "parts": {},
        "instruments": {},
        "meters": {},
        "repairs": {},
        "inferred": {},
        "dropped": dropped,
    }
    assert len(pieces_text(described).splitlines()) < 25
