"""The melody is found among accompaniments, wherever it stands and whether tracks have names."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.midi.melody_choice import choose
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.reader import MidiFile, MidiNote, MidiTrack
from tunewright.support.errors import ParseError

BAR = 1920
TUNES = [tune for tune in real_tunes(8) if len(tune.notes) >= 24]


def melodies() -> list[list[MidiNote]]:
    return [
        [(int(n.onset * BAR), int((n.onset + n.length) * BAR), n.number, 80) for n in written(tune)] for tune in TUNES
    ]


def accompaniment(end: int, parts: int, low: int, *, chords: bool = False) -> list[MidiNote]:
    """Broken or whole chords of C and G, so many to a whole note."""
    length = BAR // parts
    notes: list[MidiNote] = []
    for place in range(end // length):
        triad = (0, 4, 7) if place // parts % 2 == 0 else (-1, 2, 7)
        numbers = triad if chords else (triad[(0, 1, 2, 1)[place % 4]],)
        notes += [(place * length, (place + 1) * length, low + number, 60) for number in numbers]
    return notes


def chosen(*tracks: list[MidiNote], names: tuple[str, ...] = (), wanted: str = "") -> list[MidiNote]:
    padded = names + ("",) * len(tracks)
    pairs = zip(padded, tracks, strict=False)
    made = [MidiTrack(name, channel, 0, sorted(notes)) for channel, (name, notes) in enumerate(pairs)]
    return choose(MidiFile(tracks=made), wanted, "x.mid")[0]


@pytest.mark.parametrize("shift", [0, -12])
def test_in_any_order_under_chords_and_broken_chords(shift: int) -> None:
    for melody in melodies():
        line = [(onset, end, number + shift, velocity) for onset, end, number, velocity in melody]
        end = line[-1][1]
        others = [accompaniment(end, 4, 60, chords=True), accompaniment(end, 8, 84), accompaniment(end, 2, 36)]
        for order in permutations([line, *others]):
            assert chosen(*order) == line


def test_a_name_counts_more_than_pitch() -> None:
    melody = melodies()[0]
    low = [(onset, end, number - 24, velocity) for onset, end, number, velocity in melody]
    assert chosen(melody, low, names=("descant", "Vocals")) == low
    assert chosen(melody, low, names=("", "")) == melody
    assert chosen(melody, low, names=("Harmony 1", "")) == low
    assert chosen(melody, low, wanted="2") == low


def test_a_singer_may_rest_and_strum_with_two_strings() -> None:
    melody = melodies()[0]
    busy = accompaniment(melody[-1][1], 16, 60)
    sparse = melody[::6]
    double = [(onset, end, number - low, velocity) for onset, end, number, velocity in sparse for low in (7, 0)]
    assert chosen(busy, sparse, names=("", "Vocals")) == sparse
    assert chosen(busy, double, names=("", "Vocals")) == sorted(double)


def test_a_few_high_notes_are_no_melody() -> None:
    melody = melodies()[0]
    bells = [(onset, end, number + 24, velocity) for onset, end, number, velocity in melody[::8]]
    assert chosen(melody, bells) == melody


def test_on_one_track_the_highest_notes_without_what_sounds_in_the_rests() -> None:
    melody = [
        (480 * place, 480 * place + 480, 72 + (0, 2, 4, 5)[place % 4], 80) for place in range(32) if place % 8 < 6
    ]
    bass = accompaniment(32 * 480, 2, 36)
    assert chosen(sorted([*melody, *bass])) == melody


def test_what_leaps_from_part_to_part_is_refused() -> None:
    hands = [(240 * place, 240 * place + 240, (40, 76)[place % 2] + place % 5, 80) for place in range(64)]
    with pytest.raises(ParseError, match=r"x\.mid: no melody found: from note to note it moves \d+\.\d semitones"):
        chosen(hands)
