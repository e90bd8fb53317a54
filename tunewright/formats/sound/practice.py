"""A tune to play along with: its melody, chords, a metronome and a bar of counting in, each on or off; a small file.

In: a tune, or all its voices, and `Practice`. Out: the bytes of a WAV file, 22.05 kHz, 16 bits, mono, every tune
equally loud; it lasts as long as `seconds_of` says, to the sample. Where a tune begins in the file `count_in` says.
This file decides neither how a tune is played (`midi.performance`) nor when (`timing`), and makes no sound (`mixing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.formats.midi.accompaniment import GUITAR, accompaniment, has_chords
from tunewright.formats.midi.performance import metrical_bars, speed, speeds
from tunewright.formats.midi.scores import played_piece
from tunewright.formats.midi.tunes import FLUTE
from tunewright.formats.sound import pieces, tunes
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TimedNote
from tunewright.music.implied_chords import with_implied_chords
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError

if TYPE_CHECKING:
    from tunewright.formats.sound.voices import Samples

RATE = SAMPLE_RATE // 2
TAIL = 1.0  # seconds after the last note, to die away
LONGEST = 600  # seconds of sound that is made at once
HIGH_CLICK, LOW_CLICK = 76, 77  # the wood blocks of General MIDI's drums
CLICK = 0.05  # seconds that one is held
LOUD, SOFT = 112, 84  # velocities of a click on the downbeat and on other beats
LOUDNESS = 10 ** (-19 / 20)  # root of the mean square of what is not silent, against full scale
KNEE = 10 ** (-4 / 20)  # from here on peaks are bent, so that none is cut
BLOCK = 4410  # samples that are measured together
# a half-band low-pass, every other weight of which is 0: sinc under a Blackman window
WEIGHTS = (0.31331, -0.09192, 0.04247, -0.02017, 0.00879, -0.00323, 0.00085, -0.00007)


@dataclass(frozen=True, slots=True)
class Practice:
    """What is to be heard, how fast (in beats of the metre a minute), and on what (General MIDI's, from 0)."""

    tempo: int | None = None
    melody: bool = True
    chords: bool = False  # those that are written, and of a tune without any those that its bars imply
    metronome: bool = False
    count_in: bool = False
    program: int | None = None


def to_wav(music: Tune | Score, how: Practice, soundfont: Path | None = None) -> bytes:
    """The bytes of a WAV file.

    Raises `RenderError` where nothing is to be heard, it lasts more than ten minutes, the tempo is absurd or the
    SoundFont has not the instruments.
    """
    from tunewright.formats.sound import mixing  # noqa: PLC0415 - numpy, only where there is sound to make
    from tunewright.formats.sound.soundfonts import read_soundfont  # noqa: PLC0415

    melody = _melody(music)
    start = count_in(melody, how.tempo)[1] if how.count_in else 0.0
    seconds = start + seconds_of(music, how.tempo)
    if seconds > LONGEST:
        raise RenderError(f"lasts {seconds / 60:.0f} minutes; expected at most {LONGEST // 60} to be sounded")
    notes = [note._replace(onset=note.onset + start, end=note.end + start) for note in _heard(music, how)]
    notes += _counted_in(melody, how.tempo) if how.count_in else []
    if not notes:
        raise RenderError("nothing to sound; expected the melody, chords or the metronome")
    font = read_soundfont(soundfont or mixing.default_soundfont())
    mixed = mixing.mix(notes, font, seconds)
    samples = _halved(mixing.in_a_room(mixed.mean(axis=0, keepdims=True))[0])
    return mixing.as_wav(_equally_loud(samples, int(start * RATE))[None], RATE)


def seconds_of(music: Tune | Score, tempo: int | None = None) -> float:
    """How long its sound lasts without counting in: all voices, and what dies away after them."""
    if isinstance(music, Tune):
        return _written_seconds(music, tempo) + TAIL
    notes = pieces.timed(played_piece(music, tempo=tempo))
    return max([_written_seconds(music.melody, tempo), *(note.end for note in notes)]) + TAIL


def count_in(tune: Tune, tempo: int | None = None) -> tuple[float, float]:
    """The seconds of one bar, and of all clicks before the tune; both 0 in free metre.

    Before a tune that begins with a pickup come a whole bar, and what the pickup leaves of another.
    """
    bars = metrical_bars(tune)
    if not bars or bars[0].meter.length is None:
        return 0.0, 0.0
    whole = 4 * 60 / float(speed(tune, tempo))
    bar = float(bars[0].meter.length) * whole
    return bar, bar + float(bars[0].start - bars[0].origin) * whole


# ------------------------------------------------------------------------------------------------ what is heard


def _melody(music: Tune | Score) -> Tune:
    return music.melody if isinstance(music, Score) else music


def _written_seconds(tune: Tune, tempo: int | None) -> float:
    bars = metrical_bars(tune)
    return tunes.clock(speeds(tune, tempo))(bars[-1].stop) if bars else 0.0


def _heard(music: Tune | Score, how: Practice) -> list[TimedNote]:
    """What is played from the beginning of the tune on."""
    found = list(_clicks(_melody(music), how.tempo)) if how.metronome else []
    if isinstance(music, Score):
        if how.melody:
            found += pieces.timed(played_piece(music, tempo=how.tempo, program=how.program))
        symbols = next((tune for tune in music.tunes if has_chords(tune)), music.melody)
    else:
        if how.melody:
            found += tunes.timed(music, tempo=how.tempo, program=FLUTE if how.program is None else how.program)
        symbols = music
    return found + (_chords(symbols, speeds(_melody(music), how.tempo)) if how.chords else [])


def _chords(tune: Tune, changes: Sequence[tuple[Fraction, Fraction]]) -> list[TimedNote]:
    """The chords that a tune has, or else those that it implies, on a guitar."""
    seconds = tunes.clock(changes)
    struck = accompaniment(tune if has_chords(tune) else with_implied_chords(tune))
    return [
        TimedNote(seconds(one.onset), seconds(one.onset + one.length), one.number, one.velocity, GUITAR)
        for one in struck
    ]


def _clicks(tune: Tune, tempo: int | None) -> Iterator[TimedNote]:
    """The metronome: the beats of every bar that has a metre."""
    seconds = tunes.clock(speeds(tune, tempo))
    for bar in metrical_bars(tune):
        beats = 0 if bar.meter.length is None else -((bar.origin - bar.stop) // bar.meter.beat)
        for beat in range(beats):
            time = bar.origin + beat * bar.meter.beat
            if bar.start <= time < bar.stop:
                yield _click(seconds(time), first=beat == 0)


def _counted_in(tune: Tune, tempo: int | None) -> list[TimedNote]:
    """The beats of the bar before the tune, and those that its pickup leaves of the next."""
    bar, until = count_in(tune, tempo)
    if not bar:
        return []
    assert tune.meter.length is not None
    first = metrical_bars(tune)[0].meter
    assert first.length is not None
    beats = first.length / first.beat
    length = bar / float(beats)
    times = [(round_ * bar + beat * length, beat == 0) for round_ in (0, 1) for beat in range(-(-beats // Fraction(1)))]
    return [_click(time, first=first_) for time, first_ in times if time < until - 1e-6]


def _click(time: float, *, first: bool) -> TimedNote:
    number, velocity = (HIGH_CLICK, LOUD) if first else (LOW_CLICK, SOFT)
    return TimedNote(time, time + CLICK, number, velocity, drums=True)


# ------------------------------------------------------------------------------------------------ how it sounds


def _halved(samples: Samples) -> Samples:
    """Every other sample, what is too high for that taken out before."""
    import numpy as np  # noqa: PLC0415

    reach = 2 * len(WEIGHTS)
    count = len(samples) // 2
    padded = np.pad(samples, (reach, reach + 1))
    halved = 0.5 * padded[reach : reach + 2 * count : 2]
    for place, weight in enumerate(WEIGHTS):
        away = 2 * place + 1
        for shift in (reach - away, reach + away):
            halved += np.float32(weight) * padded[shift : shift + 2 * count : 2]
    result: Samples = halved
    return result


def _equally_loud(samples: Samples, start: int) -> Samples:
    """The samples so that what sounds after `start` is as loud in every tune, and no peak is cut."""
    import numpy as np  # noqa: PLC0415

    tune = samples[start:]
    blocks = tune[: len(tune) // BLOCK * BLOCK].reshape(-1, BLOCK)
    power = np.square(blocks).mean(axis=1) if len(blocks) else np.square(tune).mean(keepdims=True)
    loud = power[power > power.max(initial=0) / 1000]
    level = float(np.sqrt(loud.mean())) if len(loud) else 0.0
    if level > 0:
        samples *= np.float32(LOUDNESS / level)
    over = np.abs(samples) > KNEE
    room = 1 - KNEE
    samples[over] = np.sign(samples[over]) * (KNEE + room * np.tanh((np.abs(samples[over]) - KNEE) / room) * 0.9)
    return samples
