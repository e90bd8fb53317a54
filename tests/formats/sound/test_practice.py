"""Sounds to play along with: how long, how loud, and where clicks and notes are in them."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc, parse_scores
from tunewright.formats.sound.practice import RATE, TAIL, Practice, count_in, seconds_of, to_wav
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError

PIANO = 0


def tune_of(music: str, head: str = "X:1\nQ:1/4=120\nM:4/4\nL:1/8\nK:C\n") -> Tune:
    [tune] = parse_abc(f"{head}{music}\n")
    return tune


def heard(music: Any, **how: Any) -> np.ndarray[Any, Any]:
    with wave.open(io.BytesIO(to_wav(music, Practice(**how)))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768


def onsets(samples: np.ndarray[Any, Any]) -> list[float]:
    """Where something begins after silence, in seconds."""
    frame = RATE // 100
    level = np.abs(samples[: len(samples) // frame * frame]).reshape(-1, frame).max(axis=1)
    loud = level > 0.2 * level.max()
    begins = [place for place in range(len(loud)) if loud[place] and not loud[max(0, place - 8) : place].any()]
    return [place / 100 for place in begins]


def level(samples: np.ndarray[Any, Any]) -> float:
    """The mean power of what is not silent, in dB."""
    power = np.square(samples[: len(samples) // 4410 * 4410]).reshape(-1, 4410).mean(axis=1)
    return float(10 * np.log10(power[power > power.max() / 100].mean()))


def test_it_lasts_as_long_as_is_said() -> None:
    for tune in real_tunes(2):
        for how in ({}, {"metronome": True, "chords": True}, {"tempo": 90}, {"count_in": True}):
            start = count_in(tune, how.get("tempo"))[1] if "count_in" in how else 0
            said = start + seconds_of(tune, how.get("tempo"))
            assert len(heard(tune, **how)) / RATE == pytest.approx(said, abs=0.001)


def test_twice_as_fast_lasts_half_as_long() -> None:
    tune = tune_of("cdef gabc'|c8|")
    assert seconds_of(tune, 60) - TAIL == pytest.approx(2 * (seconds_of(tune, 120) - TAIL))


def test_every_instrument_and_tune_is_equally_loud_and_no_peak_is_cut() -> None:
    tunes = [*real_tunes(3)[::3], tune_of("C,8|c8|z8|c2 z6|")]
    sounds = [heard(tune, program=program) for tune in tunes for program in (0, 40, 73, 109)]
    levels = [level(sound) for sound in sounds]
    assert max(levels) - min(levels) < 2.5
    assert all(np.abs(sound).max() < 0.99 for sound in sounds)


def test_the_metronome_clicks_on_every_beat() -> None:
    assert onsets(heard(tune_of("c8|c8|"), melody=False, metronome=True)) == pytest.approx(
        [beat / 2 for beat in range(8)], abs=0.03
    )
    jig = tune_of("cde cde|cde cde|", "X:1\nQ:3/8=60\nM:6/8\nL:1/8\nK:C\n")
    assert onsets(heard(jig, melody=False, metronome=True)) == pytest.approx([0, 1, 2, 3], abs=0.03)


def test_a_bar_is_counted_before_the_tune() -> None:
    tune = tune_of("z8|c8|")
    assert count_in(tune) == (2.0, 2.0)
    assert onsets(heard(tune, count_in=True, program=PIANO)) == pytest.approx([0, 0.5, 1, 1.5, 4], abs=0.03)


def test_what_a_pickup_leaves_of_a_bar_is_counted_too() -> None:
    tune = tune_of("z2|c8|")
    assert count_in(tune) == (2.0, 3.5)
    assert onsets(heard(tune, count_in=True, program=PIANO)) == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 4], abs=0.03)


def test_in_free_metre_nothing_is_counted() -> None:
    tune = tune_of("c8 d8|", "X:1\nM:none\nL:1/8\nK:C\n")
    assert count_in(tune) == (0, 0)
    assert len(heard(tune, count_in=True, metronome=True)) == len(heard(tune))


def test_chords_are_those_written_or_else_those_implied() -> None:
    written, without = tune_of('"F"c8|c8|'), tune_of("c2 e2 g2 e2|c8|")
    alone = heard(written, melody=False, chords=True)
    assert level(alone) > -40
    assert not np.array_equal(alone, heard(without, melody=False, chords=True))
    assert not np.array_equal(heard(without), heard(without, chords=True))


def test_all_voices_sound() -> None:
    [score] = parse_scores("X:1\nQ:1/4=120\nM:4/4\nL:1/8\nK:C\nV:1\nz8|c8|\nV:2\nC8|z8|\n")
    assert onsets(heard(score))[0] == pytest.approx(0, abs=0.03)
    assert len(heard(score)) / RATE == pytest.approx(seconds_of(score), abs=0.001)


@pytest.mark.parametrize(
    ("music", "how", "said"),
    [
        ("c8|", {"melody": False}, "nothing to sound"),
        ("c8|" * 400, {"tempo": 30}, "minutes; expected at most 10"),
        ("c8|", {"tempo": 9999}, "quarter notes per minute"),
    ],
)
def test_what_cannot_be_had_is_said(music: str, how: dict[str, Any], said: str) -> None:
    with pytest.raises(RenderError, match=said):
        to_wav(tune_of(music), Practice(**how))
