"""What is played twice is written once, and is heard as before."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.corpus.families import find_families
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi.listening.folding import Section, sections
from tunewright.formats.midi.listening.performances import Performance
from tunewright.formats.midi.listening.quantizing import WHOLE, Piece, TimedNote
from tunewright.formats.midi.listening.transcription import transcribe
from tunewright.formats.midi.tunes import parse_midi, read_midi, to_midi
from tunewright.music.playing import soundings
from tunewright.music.tune import Bar, Ending, Meter, Tune


def pieces(numbers: list[int]) -> list[Piece]:
    return [Piece(place * WHOLE // 4, WHOLE // 4, (number,)) for place, number in enumerate(numbers)]


def bars(count: int) -> list[int]:
    return [WHOLE * bar for bar in range(1, count + 1)]


def test_four_bars_twice_are_a_section() -> None:
    once = [60 + place for place in range(16)]
    whole = Section(0, 4 * WHOLE, 4 * WHOLE, 8 * WHOLE)
    assert sections(pieces([*once, *once]), bars(8)) == [whole]
    assert sections(pieces([*once, *once[:-1], 50]), bars(8)) == []
    before = list(range(40, 56))
    later = Section(4 * WHOLE, 8 * WHOLE, 8 * WHOLE, 12 * WHOLE)
    assert sections(pieces([*before, *once, *once]), bars(12)) == [later]


def test_eight_bars_twice_with_another_last_bar_have_endings() -> None:
    once = [60 + place for place in range(32)]
    assert sections(pieces([*once, *once[:-4], 50, 51, 52, 53]), bars(16)) == [
        Section(0, 7 * WHOLE, 8 * WHOLE, 16 * WHOLE)
    ]
    assert sections(pieces([*once, *once[:-12], *range(30, 42)]), bars(16)) == []


def test_what_else_is_in_force_keeps_repeats_apart() -> None:
    once = [60 + place for place in range(16)]
    assert sections(pieces([*once, *once]), bars(8), lambda time: time < 4 * WHOLE) == []
    assert sections(pieces([*once, *once]), [*bars(5), *bars(8)[6:]]) == []


def test_endings_come_back() -> None:
    text = (
        "X:1\nM:4/4\nL:1/4\nK:C\n"
        "G|cdef|gfed|cdef|gfed|cdef|gfed|cdef|1gc2:|2c'3||"
        "e|agfe|defg|agfe|defg|agfe|defg|agfe|dc2:|\n"
    )
    tune = parse_abc(text)[0]
    back = parse_midi(to_midi(tune, performance=False), "x.mid")
    assert [element for element in back.music if isinstance(element, Ending)] == [Ending((1,)), Ending((2,))]
    assert [element.line for element in back.music if isinstance(element, Bar) and element.line != "|"] == [
        ":|",
        "|:",
        ":|",
    ]
    assert [note.pitches for note in back.notes] == [note.pitches for note in tune.notes]
    assert parse_abc(format_abc(back)) == [back]


def test_a_tune_played_three_times_is_written_once() -> None:
    text = "X:1\nM:4/4\nL:1/4\nP:A3\nK:C\n[P:A]G|cdef|gfed|cdef|gc2:|\n|:g|agfe|defg|agfe|dc2:|\n"
    tune = parse_abc(text)[0]
    back = parse_midi(to_midi(tune, performance=False), "x.mid")
    assert back.parts == "A3"
    assert len(back.notes) == len(tune.notes)
    assert len(soundings(back)) == 3 * 2 * len(tune.notes)
    assert parse_abc(format_abc(back)) == [back]
    twice = parse_midi(to_midi(replace(tune, parts="A2"), performance=False), "x.mid")
    assert (twice.parts, twice.music) == ("A2", back.music)
    assert not parse_midi(to_midi(replace(tune, parts=""), performance=False), "x.mid").parts


def test_repeats_come_back_with_their_upbeats() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nG|cdef|gfed|cdef|gc2:|\n|:g|agfe|defg|agfe|dc2:|\n"
    tune = parse_abc(text)[0]
    back = parse_midi(to_midi(tune, performance=False), "x.mid")
    assert [element.line for element in back.music if isinstance(element, Bar) and element.line != "|"] == ["::", ":|"]
    assert len(back.notes) == len(tune.notes)
    assert not back.irregular


def test_folding_changes_nothing_that_is_heard() -> None:
    folded = 0
    for tune in real_tunes(30):
        back = parse_midi(to_midi(tune, performance=False), "x.mid")
        folded += any(isinstance(element, Bar) and element.ends_repeat for element in back.music)
        written, heard = soundings(tune), soundings(back)
        assert [(s.onset + written[0].onset, s.pitches[-1].midi) for s in heard] == [
            (s.onset, s.pitches[-1].midi) for s in written
        ]
        assert not back.form_errors
        assert parse_abc(format_abc(back)) == [back]
    assert folded > 30


def by_abc2midi(tunes: Sequence[Tune], folder: Path) -> list[Tune]:
    """The same tunes as abc2midi plays them, read again."""
    text = "\n".join(format_abc(replace(tune, number=number)) for number, tune in enumerate(tunes, 1))
    (folder / "tunes.abc").write_text(text)
    subprocess.run(["abc2midi", "tunes.abc", "-NGUI"], cwd=folder, capture_output=True, check=False, timeout=60)
    return [read_midi(folder / f"tunes{number}.mid") for number in range(1, len(tunes) + 1)]


def long_tunes(count: int) -> list[Tune]:
    return [tune for tune in real_tunes(count) if len(tune.notes) > 40 and not tune.irregular]


@pytest.mark.parametrize("performance", [False, True])
def test_a_tune_in_abc_and_midi_is_one_family(performance: bool) -> None:
    tunes = long_tunes(50)
    assert len(tunes) > 100
    both = [*tunes, *(parse_midi(to_midi(tune, performance=performance), "x.mid") for tune in tunes)]
    families = find_families(both)
    assert families[len(tunes) :] == families[: len(tunes)]


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed")
def test_a_tune_in_abc_and_in_midi_of_another_program_is_one_family(tmp_path: Path) -> None:
    tunes = long_tunes(50)
    families = find_families([*tunes, *by_abc2midi(tunes, tmp_path)])
    pairs = zip(tunes, families, families[len(tunes) :], strict=False)
    apart = [tune.source for tune, one, other in pairs if one != other]
    assert len(apart) <= 0.02 * len(tunes), apart


def test_swing_is_written_straight_and_said() -> None:
    third = WHOLE // 12
    times = [beat * WHOLE // 4 + late * 2 * third for beat in range(32) for late in (0, 1)]
    ends = [*times[1:], 8 * WHOLE]
    notes = tuple(
        TimedNote(on, off - on, 60 + place % 7) for place, (on, off) in enumerate(zip(times, ends, strict=True))
    )
    tune = transcribe(Performance(notes, ((0, Meter()),), ((0, (0, False)),)))
    assert {note.length * 8 for note in tune.notes} == {1}
    assert "swing written straight" in {repair.what for repair in tune.repairs}
