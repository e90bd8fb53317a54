"""What is played twice is written once, and is heard as before."""

from __future__ import annotations

from real_tunes import real_tunes

from tunewright.abcnotation import format_abc, parse_abc
from tunewright.families import find_families
from tunewright.listening.folding import Section, sections
from tunewright.listening.quantizing import WHOLE, Piece, TimedNote
from tunewright.listening.transcription import Performance, transcribe
from tunewright.midi import parse_midi, to_midi
from tunewright.playing import soundings
from tunewright.tune import Bar, Meter


def pieces(numbers: list[int]) -> list[Piece]:
    return [Piece(place * WHOLE // 4, WHOLE // 4, (number,)) for place, number in enumerate(numbers)]


def test_four_bars_twice_are_a_section() -> None:
    once = [60 + place for place in range(16)]
    assert sections(pieces([*once, *once]), WHOLE, 8 * WHOLE) == [Section(0, 4 * WHOLE, 8 * WHOLE)]
    assert sections(pieces([*once, *once[:-1], 50]), WHOLE, 8 * WHOLE) == []
    assert sections(pieces([*range(40, 44), *once, *once]), WHOLE, 9 * WHOLE) == [Section(WHOLE, 5 * WHOLE, 9 * WHOLE)]


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
        assert [(s.onset, s.pitches[-1].midi) for s in soundings(back)] == [
            (s.onset - soundings(tune)[0].onset, s.pitches[-1].midi) for s in soundings(tune)
        ]
        assert not back.form_errors
        assert parse_abc(format_abc(back)) == [back]
    assert folded > 30


def test_a_tune_in_abc_and_midi_is_one_family() -> None:
    tunes = [tune for tune in real_tunes(10) if len(tune.notes) > 40 and not tune.irregular]
    both = [*tunes, *(parse_midi(to_midi(tune, performance=False), "x.mid") for tune in tunes)]
    families = find_families(both)
    assert families[len(tunes) :] == families[: len(tunes)]


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
