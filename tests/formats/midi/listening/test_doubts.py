"""What is no melody is refused with a reason; real tunes are not, even played badly."""

from __future__ import annotations

import math
import random

import pytest

from tests.formats.midi.test_reader import midi
from tests.support.real_tunes import real_tunes
from tunewright.formats.midi.listening.doubts import (
    FEWEST,
    LEAST_EVEN,
    check_beat,
    check_line,
    check_share,
    check_sure,
    evenness,
)
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.reader import MidiNote
from tunewright.formats.midi.tunes import parse_midi
from tunewright.music.playing import soundings
from tunewright.music.tune import Inference, Tune
from tunewright.support.errors import ParseError

WHOLE = 1920


def onsets(tune: Tune) -> list[int]:
    return [round(note.onset * WHOLE) for note in written(tune)]


def line(numbers: list[int]) -> list[MidiNote]:
    return [(240 * place, 240 * place + 240, number, 80) for place, number in enumerate(numbers)]


def test_evenness_counted_by_hand() -> None:
    assert evenness([0, 480, 960], WHOLE) == pytest.approx(1)
    assert evenness([0, 55], WHOLE) == pytest.approx(math.cos(math.pi * 55 / 480))  # of a turn of the quarter
    assert evenness([0, 60, 160, 220, 300], WHOLE) == pytest.approx(1)  # 32nds and their thirds
    chance = random.Random(1)
    assert evenness([chance.randrange(10**6) for _ in range(2000)], WHOLE) < 0.1


def test_real_tunes_have_a_beat_a_line_and_few_doubts() -> None:
    for tune in real_tunes(30):
        check_beat(onsets(tune), WHOLE, "x.mid")
        check_line([(note.onset, note.onset, note.number, 80) for note in written(tune)], "x.mid")  # type: ignore[misc]


def test_a_player_may_be_late_and_early_and_keeps_the_beat() -> None:
    chance = random.Random(2)
    for tune in real_tunes(10):
        late = [round(onset + chance.gauss(0, 0.02 * WHOLE / 2)) for onset in onsets(tune)]  # 20 ms at 120 quarters
        check_beat(late, WHOLE, "x.mid")


def refused(onsets: list[int]) -> bool:
    try:
        check_beat(onsets, WHOLE, "x.mid")
    except ParseError:
        return True
    return False


def test_no_click_no_beat() -> None:
    without = []
    for seed, tune in enumerate(real_tunes(10)):
        chance, places, time, before = random.Random(seed), [], 0.0, 0
        for onset in onsets(tune):
            time += (onset - before) * chance.uniform(0.6, 1.5)
            before = onset
            places.append(round(time))
        without.append(refused(places))
    assert sum(without) >= 27
    with pytest.raises(ParseError, match=f"no beat found: the onsets .* expected at least {LEAST_EVEN:.0%}"):
        check_beat(sorted(random.Random(5).sample(range(40000), 200)), WHOLE, "x.mid")


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([36, 42, 42, 42] * 8, "two low pitches are 100% of the notes; expected at most 80%"),
        ([50, 70, 51, 69] * 8, "moves 18"),
    ],
)
def test_what_nobody_would_sing(numbers: list[int], reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        check_line(line(numbers), "x.mid")


def test_few_notes_are_not_judged() -> None:
    check_line(line([50, 90] * (FEWEST // 2 - 1)), "x.mid")
    check_beat([chance * 77 for chance in range(FEWEST - 1)], WHOLE, "x.mid")


def test_chords_count_by_their_highest_note() -> None:
    melody = line([60, 62, 64, 65] * 6)
    chords = [(onset, end, number - low, 80) for onset, end, number, _ in melody for low in (24, 12, 0)]
    check_line(chords, "x.mid")


def test_the_surface_of_a_texture_is_no_melody() -> None:
    check_share(15, 100, "x.mid")
    with pytest.raises(ParseError, match=r"the highest notes are 14 of 100 \(14%\); expected at least 15%"):
        check_share(14, 100, "x.mid")


def test_a_worthless_guess_is_a_reason() -> None:
    check_sure([Inference("metre", "4/4, upbeat 0", 0.5), Inference("upbeat", "0", 0.01)], "x.mid")
    with pytest.raises(ParseError, match=r"x\.mid: no metre found: the likeliest, 4/4, upbeat 0, is 9% sure"):
        check_sure([Inference("metre", "4/4, upbeat 0", 0.09)], "x.mid")


def test_an_asked_for_track_is_not_judged_as_a_line() -> None:
    hits = b"".join(b"\0\x90" + bytes([n]) + b"\x50\x81\x70\x80" + bytes([n]) + b"\0" for n in (36, 42, 42, 42) * 8)
    with pytest.raises(ParseError, match="are they drums"):
        parse_midi(midi(hits), "x.mid")
    assert len(soundings(parse_midi(midi(hits), "x.mid", melody="1"))) == 32
