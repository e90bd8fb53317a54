"""From timed pitches to a tune that can be read."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.formats.abc import format_abc
from tunewright.formats.midi.listening.performances import Performance
from tunewright.formats.midi.listening.quantizing import WHOLE, TimedNote
from tunewright.formats.midi.listening.transcription import spell, transcribe
from tunewright.music.playing import soundings
from tunewright.music.tune import Key, Meter, Rest, Tune


def performance(*notes: tuple[int, int, int], per_whole: int = 48, meter: Meter | None = None) -> Performance:
    grain = Fraction(WHOLE, per_whole)
    timed = tuple(TimedNote(int(o * grain), int(n * grain), number) for o, n, number in notes)
    return Performance(timed, ((0, meter),) if meter else (), ((0, (0, False)),))


def body(tune: Tune) -> str:
    return " ".join(format_abc(tune, header="").split())


def test_a_triplet_becomes_a_tuplet() -> None:
    tune = transcribe(performance((0, 4, 60), (4, 4, 62), (8, 4, 64), (12, 36, 65), meter=Meter()))
    assert body(tune) == "(3CDE F6 |]"


def test_quarter_triplets_and_broken_triplets() -> None:
    tune = transcribe(performance((0, 8, 60), (8, 8, 62), (16, 8, 64), (24, 8, 65), (32, 4, 67), (36, 12, 69)))
    assert body(tune) == "(3C2D2E2 (3:2:2F2G A2 |]"


def test_a_note_over_a_bar_line_is_tied() -> None:
    tune = transcribe(performance((0, 36, 60), (36, 24, 62), (60, 36, 64), meter=Meter()))
    notes = [(str(note.pitch), int(note.length * 8), note.tied) for note in tune.notes]
    assert notes == [("C4", 6, False), ("D4", 2, True), ("D4", 2, False), ("E4", 6, False)]
    assert len(soundings(tune)) == 3


def test_silence_becomes_rests_and_the_last_bar_is_filled() -> None:
    tune = transcribe(performance((0, 12, 60), (24, 12, 62), meter=Meter(3, 4)))
    assert body(tune) == "C2 z2 D2 |]"
    tune = transcribe(performance((0, 36, 60), (36, 12, 62), meter=Meter(3, 4)))
    assert body(tune) == "C6 | D2 z4 |]"
    assert not tune.irregular


def test_a_padded_pickup_is_a_pickup() -> None:
    tune = transcribe(performance((42, 6, 60), (48, 48, 62), (96, 42, 64), meter=Meter()))
    assert body(tune) == "C | D8 | E7 |]"
    assert [repair.what for repair in tune.repairs] == ["silence at the beginning dropped"]


def test_a_pickup_is_found_where_notes_cross_the_bar_lines() -> None:
    notes = [(0, 12, 67)] + [(12 + 24 * i, 24, 60 + i % 5) for i in range(12)]
    tune = transcribe(performance(*notes, meter=Meter()))
    assert tune.measures[0].length == Fraction(1, 4)
    assert "pickup inferred" in [repair.what for repair in tune.repairs]


def test_lilt_breath_and_jitter_are_played_not_written() -> None:
    notes = [(k * 120 + (k * 7) % 5 + 10 * (k % 2), 110 - 10 * (k % 2), 60 + k % 7) for k in range(16)]
    tune = transcribe(performance(*notes, per_whole=960, meter=Meter()))
    assert [s.onset for s in soundings(tune)] == [Fraction(k, 8) for k in range(16)]
    assert not any(isinstance(element, Rest) for element in tune.music)


def played(*pieces: tuple[int, int], per_whole: int = 192) -> Tune:
    """A tune of notes and how long each sounds out of the time until the next."""
    onsets = [0, *accumulate(until for until, _ in pieces)]
    timed = zip(onsets, pieces, strict=False)
    notes = [(onset, sounds, 60 + place % 7) for place, (onset, (_, sounds)) in enumerate(timed)]
    return transcribe(performance(*notes, per_whole=per_whole, meter=Meter()))


def test_swing_of_sixteenths_is_written_straight_and_triplets_stay() -> None:
    pairs = [(14, 12), (10, 9)] * 12  # of eighths
    tune = played(*pairs, (8, 7), (8, 7), (8, 7), *[(14, 12), (10, 9)] * 4, (24, 24))
    assert "swing written straight" in {repair.what for repair in tune.repairs}
    assert [note.length for note in tune.notes][:24] == [Fraction(1, 16)] * 24
    assert [note.length for note in tune.notes][24:27] == [Fraction(1, 24)] * 3


def test_five_in_the_time_of_an_eighth() -> None:
    runs = [(120, 120)] * 8 + [(24, 24)] * 5 + [(120, 120)] * 3
    assert Fraction(1, 40) in {note.length for note in played(*runs, per_whole=960).notes}


def test_a_short_note_is_staccato_and_a_note_before_a_rest_is_not() -> None:
    legato = [(24, 21)] * 12  # eighths with a breath of 3
    staccato = played(*legato, (24, 12), (24, 21), (48, 48))
    assert [note.decorations for note in staccato.notes][12] == ("staccato",)
    assert not any(isinstance(element, Rest) for element in staccato.music[:-2])
    rest = played(*legato, (48, 21), (48, 48))
    assert sum(isinstance(element, Rest) for element in rest.music) == 1
    assert not any(note.decorations for note in rest.notes)


def test_spelling_follows_the_key() -> None:
    assert " ".join(str(spell(number, Key("Bb"))) for number in range(60, 72)) == (
        "C4 Db4 D4 Eb4 E4 F4 F#4 G4 Ab4 A4 Bb4 B4"
    )
    assert str(spell(68, Key("A", "minor"))) == "G#4"
    assert str(spell(71, Key("Gb"))) == "Cb5"


@given(st.integers(0, 127), st.integers(-7, 7))
def test_spelling_keeps_the_pitch(number: int, sharps: int) -> None:
    names = {key.sharps: key for step in "CDEFGAB" for sign in ("b", "", "#") for key in [Key(step + sign)]}
    assert spell(number, names[sharps]).midi == number


def test_what_is_assumed_is_recorded() -> None:
    tune = transcribe(Performance((TimedNote(0, WHOLE, 62),)))
    assert {repair.what for repair in tune.repairs} >= {
        "metre not stated and too few notes to tell, 4/4 assumed",
        "key not stated, inferred from the notes",
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from((2, 3, 4, 6, 9, 12, 24, 36, 60)), st.booleans(), st.integers(40, 90)), min_size=1
    ),
    st.sampled_from((Meter(), Meter(3, 4), Meter(6, 8), Meter(2, 4), Meter(9, 8), Meter(5, 4))),
)
def test_exact_files_keep_every_onset_and_length(pieces: list[tuple[int, bool, int]], meter: Meter) -> None:
    notes, time = [], 0
    for length, silent, number in [*pieces, (48, False, 60)]:
        if not silent:
            notes.append((time, length, number))
        time += length
    tune = transcribe(performance(*notes, meter=meter))
    heard = [(s.onset, s.length, s.pitch.midi) for s in soundings(tune)]
    shift = Fraction(notes[0][0], 48) - heard[0][0]
    expected = [(Fraction(o, 48), Fraction(n, 48), number) for o, n, number in notes]
    assert [(onset + shift, length, number) for onset, length, number in heard] == expected
    assert not tune.irregular
