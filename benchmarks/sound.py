"""Is what is sounded in tune, how quickly is it made, and does another synthesizer play the same?

    python benchmarks/sound.py                          instruments and speed, in about a minute
    python benchmarks/sound.py --soundfont FILE         the same with another SoundFont
    python benchmarks/sound.py --peer                   TinySoundFont too (`pip install --no-deps tinysoundfont`)

*In tune*: how far, in cents, a note's harmonics lie from where they should: the shift, of -70 to 70 cents, at which the
first six hold most of the power. A note counts as out of tune from 25 cents on. With `--peer` also how alike whole
pieces are: the correlation of their spectra by semitone and tenth of a second, which is below 0.6 where one is shifted
by a semitone or by half a second. Exit codes: 0 done, 1 where more notes are out of tune than by `MOST_OUT_OF_TUNE`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi.pieces import piece_of_tune, read_piece
from tunewright.formats.sound.mixing import default_soundfont, mix
from tunewright.formats.sound.pieces import timed, to_wav
from tunewright.formats.sound.soundfonts import read_soundfont
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TimedNote
from tunewright.formats.sound.tunes import to_wav as tune_to_wav
from tunewright.music.instruments import instrument_name

RANGES = {  # of instruments with a steady pitch, by program: the MIDI numbers that are usual, every third
    0: range(28, 100, 3),
    6: range(40, 86, 3),
    16: range(36, 96, 3),
    19: range(36, 96, 3),
    21: range(53, 90, 3),
    22: range(60, 84, 3),
    24: range(40, 80, 3),
    32: range(28, 56, 3),
    40: range(55, 97, 3),
    42: range(36, 72, 3),
    46: range(36, 96, 3),
    48: range(40, 88, 3),
    52: range(48, 79, 3),
    56: range(54, 84, 3),
    60: range(41, 77, 3),
    71: range(50, 89, 3),
    73: range(60, 97, 3),
    105: range(48, 84, 3),
    109: range(57, 81, 3),
    110: range(55, 97, 3),
}
OUT_OF_TUNE = 25  # cents
MOST_OUT_OF_TUNE = 0.1  # of the notes: the SoundFont that we have has accordions and a harmonica that are flat
TUNES, PIECES = 40, 12

Render = Callable[[Sequence[TimedNote], float], np.ndarray[Any, Any]]


def cents_off(samples: np.ndarray[Any, Any], number: int) -> int:
    """How far a note lies from where it should, in cents."""
    heard = samples.sum(axis=0)[SAMPLE_RATE // 10 :]
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 19)) ** 2
    step = SAMPLE_RATE / (1 << 19)

    def held(cents: int) -> float:
        harmonics = 440 * 2 ** ((number - 69 + cents / 100) / 12) * np.arange(1, 7)
        return sum(float(power[int(h * 0.9985 / step) : int(h * 1.0015 / step) + 1].sum()) for h in harmonics)

    return max(range(-70, 71, 2), key=held)


def spectrum(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How loud each semitone is in each tenth of a second, on a scale of loudness."""
    size = 8192
    frames = np.lib.stride_tricks.sliding_window_view(samples.sum(axis=0), size)[:: SAMPLE_RATE // 10]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1))
    hertz = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 1)
    semitone = np.clip(np.round(69 + 12 * np.log2(hertz / 440)), 44, 110).astype(int)
    table = np.stack([power[:, semitone == number].sum(axis=1) for number in range(45, 110)], axis=1)
    return np.log1p(5 * table)


def peer(soundfont: Path, notes: Sequence[TimedNote], seconds: float) -> np.ndarray[Any, Any]:
    """The same notes by TinySoundFont."""
    import tinysoundfont  # noqa: PLC0415 - only where it is asked for

    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    font = synth.sfload(str(soundfont), max_voices=1024)
    channels = {}
    for place, (program, drums) in enumerate(sorted({(note.program, note.drums) for note in notes})):
        channels[program, drums] = 9 if drums else place + (place >= 9)
        synth.program_select(channels[program, drums], font, 128 if drums else 0, program, drums)
    events = sorted([(n.onset, True, n) for n in notes] + [(n.end, False, n) for n in notes])
    parts, now = [], 0
    for at, begins, note in events:
        if (count := int(at * SAMPLE_RATE) - now) > 0:
            parts.append(np.frombuffer(bytes(synth.generate(count)), np.float32))
            now += count
        channel = channels[note.program, note.drums]
        _ = synth.noteon(channel, note.number, note.velocity) if begins else synth.noteoff(channel, note.number)
    parts.append(np.frombuffer(bytes(synth.generate(max(1, int(seconds * SAMPLE_RATE) - now))), np.float32))
    return np.concatenate(parts).reshape(-1, 2).T


def tuning(render: Render) -> float:
    """Print a row for each instrument; the share of notes that are out of tune."""
    print("| instrument | notes | cents off: lowest, median, highest | out of tune |\n| --- | --- | --- | --- |")
    out, count = 0, 0
    for program, numbers in RANGES.items():
        found = [cents_off(render([TimedNote(0, 1, number, 90, program)], 1), number) for number in numbers]
        wrong = sum(abs(cents) >= OUT_OF_TUNE for cents in found)
        out, count = out + wrong, count + len(found)
        told = f"{min(found):+d}, {int(np.median(found)):+d}, {max(found):+d}"
        print(f"| {instrument_name(program)} | {len(found)} | {told} | {wrong} |")
    print(f"\n{out} of {count} notes are {OUT_OF_TUNE} cents off or more.\n")
    return out / count


def speed(what: str, make: Callable[[Any], bytes], items: Sequence[Any]) -> None:
    """Print how many seconds of sound a second of one processor makes."""
    make(items[0])  # what is loaded once
    began = time.process_time()
    seconds = sum((len(make(item)) - 44) / 4 / SAMPLE_RATE for item in items)
    took = time.process_time() - began
    ratio, each = seconds / took, took / len(items)
    print(
        f"{what}: {seconds:,.0f} s of sound in {took:.1f} s, {ratio:.0f} times as fast as it sounds, {each:.3f} s each"
    )


def main() -> int:
    """Print what was measured; see the top of this file for the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundfont", type=Path, default=default_soundfont())
    parser.add_argument("--peer", action="store_true", help="TinySoundFont as well")
    parser.add_argument("files", nargs="*", type=Path, help="MIDI files to time and compare (else tunes of oneill)")
    given = parser.parse_args()
    font = read_soundfont(given.soundfont)

    def ours(notes: Sequence[TimedNote], seconds: float) -> np.ndarray[Any, Any]:
        return mix(notes, font, seconds)

    wrong = tuning(ours)
    if given.peer:
        print("TinySoundFont:\n")
        tuning(partial(peer, given.soundfont))
    tunes = read_corpus("oneill").test[:TUNES]
    pieces = [read_piece(path) for path in given.files] or [piece_of_tune(tune) for tune in tunes[:PIECES]]
    if given.peer:
        for piece in pieces:
            both = [render(timed(piece), piece.seconds + 1) for render in (ours, partial(peer, given.soundfont))]
            level = np.sqrt((both[1] ** 2).mean() / (both[0] ** 2).mean())
            first, second = spectrum(both[0] * level), spectrum(both[1])
            alike = np.corrcoef(first[: len(second)].ravel(), second[: len(first)].ravel())[0, 1]
            print(f"{piece.title}: {len(piece.parts)} parts, correlation {alike:.3f}")
    speed("tunes", partial(tune_to_wav, soundfont=given.soundfont), tunes)
    speed("pieces", partial(to_wav, soundfont=given.soundfont), pieces)
    return int(wrong > MOST_OUT_OF_TUNE)


if __name__ == "__main__":
    sys.exit(main())
