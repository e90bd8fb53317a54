"""Does what was asked for come out? Random requests, each drawn once and read back by other eyes than ours.

    python benchmarks/requested.py RUN CORPUS [-n 1000] [--jobs 2] [--pairs 50] [--degrees 200]
    python benchmarks/requested.py RUN CORPUS --break key    the requests are read back wrong on purpose

Each request asks for a key and some of metre, rhythm, bars, parts and range. What comes out is read by music21 and by
regular expressions on the text: key and metre of the header, bars of each section and which sections are repeated,
rhythm, lowest and highest note. `--pairs` draws with the same seed in two keys: lengths and degrees have to be equal.

Then `--degrees` tunes of each mode that real tunes have are drawn, asked for their key alone, and the last notes and
the notes at the beginning of bars counted by degree over the tonic. Their total variation distance from the held-out
tunes of CORPUS is printed beside that of as many training tunes; and the same for the tunes of the requests above,
whose forms and metres may be ones that no real tune has. Requests and draws are seeded.

Exit codes: 0 done, 1 a request not met, or a pair unlike.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from judge import strip
from music21 import bar, converter, spanner, stream

from tunewright.corpus.reading import read_corpus
from tunewright.generation.tunes import Generated, Generator, generate, load_generator
from tunewright.music.features import features
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.requests import Request, build_request

Words = dict[str, str]  # a request as a user writes it

TONICS = [f"{letter}{sign}" for sign in ("b", "", "#") for letter in "FCGDAEB"]  # a fifth apart
MODES = {"lydian": -1, "major": 0, "mixolydian": 1, "dorian": 2, "minor": 3, "phrygian": 4, "locrian": 5}
NAMES = {"": "major", "m": "minor", "min": "minor", "dor": "dorian", "phr": "phrygian", "lyd": "lydian"}
NAMES |= {"mix": "mixolydian", "loc": "locrian", "maj": "major"}
FORMS = ("", "A", "AA", "AB", "AABB", "AABBCC", "ABC", "AAB", "ABB", "AABBCCDD")
LENGTHS = ("4", "6", "7", "8", "8", "8", "12", "16")
RANGES = ("D4-B5", "G3-C6", "A3-E5", "D4-D6", "C4-A5", "G3-D7")
PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FEWEST = 10  # tunes of a mode, drawn and held out, from which on they are compared
RESAMPLED = 300


# ------------------------------------------------------------------------------------------------ requests


def keys() -> list[str]:
    """Every tonic and mode that needs at most seven sharps or flats."""
    found = []
    for fifths, tonic in enumerate(TONICS):
        found += [f"{tonic} {mode}" for mode, back in MODES.items() if abs(fifths - 8 - back) <= 7]
    return found


def random_words(chance: random.Random, tokenizer: AnyCodec) -> Words:
    """A request that goes together: a key, and each of the other things or not."""
    if isinstance(tokenizer, DegreeTokenizer):
        known = {str(meter) for meter in tokenizer.meters.values() if not meter.free}
        names = [name for name in tokenizer.rhythms.values() if name in RHYTHMS]
    else:
        known, names = {"6/8", "4/4", "3/4"}, ["jig", "reel", "waltz"]
    rhythm = chance.choice(sorted(names)) if names and chance.random() < 0.5 else ""
    fits = sorted(known & set(RHYTHMS[rhythm].meters) if rhythm else known)
    if not fits:
        rhythm, fits = "", sorted(known)
    parts = chance.choice(FORMS)
    runs = len(set(parts)) or 1
    bars = chance.choice(LENGTHS) if chance.random() < 0.8 else ""
    if parts and runs > 1 and chance.random() < 0.2:
        bars = ",".join(chance.choice(LENGTHS) for _ in range(runs))
    elif bars and not parts:
        bars = str(chance.choice((8, 12, 16, 17, 24, 32, 40)))
    words = {"key": chance.choice(keys()), "rhythm": rhythm, "bars": bars, "parts": parts}
    words["meter"] = chance.choice(fits) if chance.random() < 0.8 else ""
    words["pitch_range"] = chance.choice(RANGES) if chance.random() < 0.3 else ""
    return words


# ------------------------------------------------------------------------------------------------ reading back


@dataclass(frozen=True)
class Reading:
    """What another program finds in the text of a tune."""

    key: str
    meter: str
    rhythm: str
    sections: tuple[tuple[int, bool], ...]  # full bars, and whether it is repeated
    changes: bool  # of key or metre on the way
    pitches: tuple[int, ...]  # MIDI
    degrees: tuple[tuple[int, int, Fraction], ...]  # steps and semitones above the tonic, length


def read_back(text: str) -> Reading:
    """The reading of one tune."""
    fields = {line[0]: line[2:].strip() for line in reversed(text.split("\n")) if line[1:2] == ":"}
    body = text[text.index("\nK:") + 1 :].split("\n", 1)[1]
    key = _key_of(fields["K"])
    measures = list(_measures(text))
    notes = [note for measure in measures for note in measure.notes]
    degrees = tuple((*_degree(pitch, key), length) for pitch, length in notes)
    changes = bool(re.search(r"^[KM]:|\[[KM]:", body, re.MULTILINE))
    pitches = tuple(pitch.midi for pitch, _ in notes)
    sections = tuple(_sections(measures, _quarters(fields.get("M", ""))))
    return Reading(key, fields.get("M", ""), fields.get("R", ""), sections, changes, pitches, degrees)


def _key_of(text: str) -> str:
    found = re.fullmatch(r"([A-G][b#]?)\s*([A-Za-z]*)", text)
    return f"{found[1]} {NAMES[found[2].lower()[:3]]}" if found else text


def _major_like(key: str) -> str:
    tonic, mode = key.split(" ")
    return TONICS[TONICS.index(tonic) - MODES[mode]]


def _quarters(meter: str) -> Fraction:
    named = {"C": "4/4", "C|": "2/2"}.get(meter, meter)
    return 4 * Fraction(named)


@dataclass
class _Measure:
    length: Fraction
    left: bool  # whether a double bar or a repeat sign stands before it
    right: str  # "repeat", "double", or ""
    ending: str
    notes: list[tuple[Any, Fraction]]


def _measures(text: str) -> Iterator[_Measure]:
    """The measures as music21 reads them, ornaments and chord symbols taken out first.

    It does not know every mode, so it is told the major key of the same signature.
    """
    plain = "\n".join(line for line in strip(tuple(text.split("\n"))) if line != "%")
    plain = re.sub(r"^K:(.*)", lambda found: f"K:{_major_like(_key_of(found[1].strip()))}", plain, flags=re.MULTILINE)
    score = converter.parse(plain, format="abc")
    assert isinstance(score, stream.Score), plain
    part = score.parts[0]
    endings = {
        id(measure): bracket.number
        for bracket in part.recurse().getElementsByClass(spanner.RepeatBracket)
        for measure in bracket.getSpannedElements()  # type: ignore[no-untyped-call]
    }
    inside = ""  # music21's brackets name the first and the last measure only
    for measure in part.getElementsByClass(stream.Measure):
        sounds = [sound for sound in measure.notesAndRests if not sound.duration.isGrace]
        length = sum((Fraction(sound.duration.quarterLength) for sound in sounds), Fraction(0))
        line = measure.rightBarline
        right = "" if line is None else "repeat" if isinstance(line, bar.Repeat) else "double"
        ending = endings.get(id(measure), inside)
        notes = [(sound.pitches[-1], Fraction(sound.duration.quarterLength)) for sound in sounds if sound.pitches]
        yield _Measure(length, measure.leftBarline is not None, right, ending, notes)
        inside = ending if not right else ""


def _sections(measures: Sequence[_Measure], full: Fraction) -> Iterator[tuple[int, bool]]:
    """Bars of each section, without its pickup and its second ending, and whether it is repeated."""
    kept = [measure for measure in measures if measure.ending != "2" and measure.length]
    section: list[_Measure] = []
    for measure, following in pairwise([*kept, None]):
        assert measure is not None
        section.append(measure)
        if measure.right or following is None or following.left:
            pickup = section[0].length < full and len(section) > 1
            yield len(section) - pickup, measure.right == "repeat"
            section = []


def _degree(pitch: Any, key: str) -> tuple[int, int]:
    tonic, letters = key.split(" ")[0], "CDEFGAB"
    semitones = PITCH_CLASSES[tonic[0]] + {"": 0, "#": 1, "b": -1}[tonic[1:]]
    return (letters.index(pitch.step) - letters.index(tonic[0])) % 7, (pitch.midi - semitones) % 12


def unmet(words: Words, reading: Reading) -> list[str]:
    """What of a request did not come out."""
    found = []
    asked = {"key": reading.key, "meter": reading.meter, "rhythm": reading.rhythm}
    for name, value in asked.items():
        if words[name] and words[name] != value:
            found.append(f"{name} {value}, asked for {words[name]}")
    if reading.changes:
        found.append("the key or the metre changes")
    if words["pitch_range"]:
        low, high = (_midi(end) for end in words["pitch_range"].split("-"))
        if min(reading.pitches) < low or max(reading.pitches) > high:
            found.append(f"notes {min(reading.pitches)}-{max(reading.pitches)}, asked for {words['pitch_range']}")
    wanted = _wanted_sections(words)
    if wanted and wanted != reading.sections:
        found.append(f"sections {reading.sections}, asked for {wanted}")
    whole = sum(bars for bars, _ in reading.sections)
    if words["bars"] and not words["parts"] and whole != int(words["bars"]):
        found.append(f"{whole} bars, asked for {words['bars']}")
    return found


def _wanted_sections(words: Words) -> tuple[tuple[int, bool], ...]:
    parts = words["parts"]
    letters = sorted(set(parts))
    bars = (words["bars"] or "8").split(",")
    bars = bars * len(letters) if len(bars) == 1 else bars
    return tuple((int(count), parts.count(letter) == 2) for letter, count in zip(letters, bars, strict=True) if parts)


def _midi(name: str) -> int:
    return 12 * (int(name[-1]) + 1) + PITCH_CLASSES[name[0]] + {"": 0, "#": 1, "b": -1}[name[1:-1]]


# ------------------------------------------------------------------------------------------------ drawing


@dataclass
class Found:
    """What became of some requests."""

    met: int = 0
    unmet: list[str] = field(default_factory=list)
    tunes: list[tuple[Tune, bool]] = field(default_factory=list)  # and whether a range was asked for


_generator: Generator


def _load(run: Path) -> None:
    """In each process, once."""
    global _generator
    torch.set_num_threads(1)
    _generator = load_generator(run)


def draw_requests(first: int, count: int, broken: str) -> Found:
    """Requests number `first` and following: each drawn once, and read back."""
    found = Found()
    for number in range(first, first + count):
        words = random_words(random.Random(number), _generator.tokenizer)
        try:
            request = build_request(**words)
            (drawn,) = generate(_generator, request=request, seed=number)
            wrong = unmet(_broken(words, broken), read_back(drawn.text))
        except ConfigError as error:
            found.unmet.append(f"request {number} {words}: refused: {error}")
            continue
        wrong += [] if drawn.valid else [f"not valid: {drawn.error}"]
        if wrong:
            found.unmet.append(f"request {number} {words}: {'; '.join(wrong)}\n{drawn.text}")
        found.met += not wrong
        if drawn.tune:
            found.tunes.append((drawn.tune, bool(words["pitch_range"])))
    return found


def _broken(words: Words, name: str) -> Words:
    """The request with something changed that was not asked for."""
    if name == "key":
        tonic, mode = words["key"].split(" ")
        return words | {"key": f"{tonic} {'major' if mode == 'lydian' else 'lydian'}"}
    if name == "bars" and words["bars"].isdigit():
        return words | {"bars": str(int(words["bars"]) + 1)}
    return words


def draw_pairs(first: int, count: int, _: str) -> Found:
    """The same seed in two keys of a mode: degrees and lengths have to be equal."""
    found = Found()
    for number in range(first, first + count):
        chance = random.Random(number)
        mode = chance.choice(list(MODES))
        pair = chance.sample([key for key in keys() if key.split(" ")[1] == mode], 2)
        tunes = [drawn_in(_generator, build_request(key=key), number) for key in pair]
        readings = [read_back(tune.text) for tune in tunes]
        if readings[0].degrees == readings[1].degrees:
            found.met += 1
        else:
            found.unmet.append(f"pair {number} {pair}: other degrees\n{tunes[0].text}\n{tunes[1].text}")
    return found


def draw_keys(first: int, count: int, mode: str) -> Found:
    """Tunes in a key of a mode, nothing else asked of them."""
    key = random.Random(first).choice([key for key in keys() if key.split(" ")[1] == mode])
    drawn = generate(_generator, count, request=build_request(key=key), seed=first)
    return Found(tunes=[(one.tune, False) for one in drawn if one.tune])


def drawn_in(generator: Generator, request: Request, seed: int) -> Generated:
    """One tune."""
    (drawn,) = generate(generator, request=request, seed=seed)
    return drawn


# ------------------------------------------------------------------------------------------------ degrees


Degrees = list[int]


def finals(tune: Tune) -> Degrees:
    """Semitones of the last note above the tonic."""
    melody = features(tune).melody
    return [melody[-1].degree] if melody and melody[-1].degree is not None else []


def strong(tune: Tune) -> Degrees:
    """Those of the notes at the beginning of bars."""
    return [note.degree for note in features(tune).melody if note.place.strength == 0 and note.degree is not None]


def distance(one: Iterable[Degrees], other: Iterable[Degrees]) -> float:
    """Total variation distance of two sets of tunes, 0 to 1."""
    a, b = (Counter(degree for degrees in each for degree in degrees) for each in (one, other))
    return sum(abs(a[degree] / a.total() - b[degree] / b.total()) for degree in range(12)) / 2


def on_tonic(tunes: Iterable[Degrees]) -> float:
    """The share of the notes that are the tonic."""
    degrees = [degree for each in tunes for degree in each]
    return degrees.count(0) / len(degrees)


def compare_degrees(drawn: Sequence[Tune], train: Sequence[Tune], held_out: Sequence[Tune]) -> Iterator[str]:
    """Rows of a table: mode by mode, drawn tunes and as many training tunes against the held-out ones."""
    yield "| mode | drawn | held out | notes | drawn to held out | training to held out, mean and 95 % | on the tonic |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for mode in MODES:
        mine, learned, real = ([t for t in tunes if t.key.mode == mode] for tunes in (drawn, train, held_out))
        if min(len(mine), len(real), len(learned)) < FEWEST:
            if mine:
                yield f"| {mode} | {len(mine)} | {len(real)} | | too few | | |"
            continue
        for name, degrees in (("last", finals), ("strong", strong)):
            read = [[degrees(tune) for tune in tunes] for tunes in (mine, learned, real)]
            chance = np.random.default_rng(0)
            picked = (
                chance.choice(len(learned), len(mine), replace=len(mine) > len(learned)) for _ in range(RESAMPLED)
            )
            floor = [distance([read[1][place] for place in places], read[2]) for places in picked]
            counts = f"{mode} | {len(mine)} | {len(real)} | {name}"
            own = distance(read[0], read[2])
            tonic = f"{on_tonic(read[0]):.0%} (held out {on_tonic(read[2]):.0%})"
            yield f"| {counts} | {own:.3f} | {np.mean(floor):.3f}, {np.quantile(floor, 0.95):.3f} | {tonic} |"


# ------------------------------------------------------------------------------------------------ all of it


def main() -> int:
    """Print the tables; exit with 1 where a tune fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--degrees", type=int, default=200, help="tunes drawn of each mode, to count degrees")
    parser.add_argument("--seed", type=int, default=0, help="number of the first request")
    parser.add_argument("--failures", type=Path, default=Path("requested-failures.txt"))
    parser.add_argument("--break", dest="broken", choices=("key", "bars"), default="")
    given = parser.parse_args()
    if given.corpus is None:
        print("skipped: it takes a trained run and the tunes that it learned from")
        return 0
    began, corpus = time.perf_counter(), read_corpus(*given.corpus.split(","))
    held_out = corpus.valid + corpus.test
    tasks: list[tuple[Any, int, int, str]] = []
    for work, count in ((draw_requests, given.n), (draw_pairs, given.pairs)):
        tasks += [(work, given.seed + at, size, given.broken) for at, size in _slices(count)]
    for number, mode in enumerate(MODES):
        if sum(tune.key.mode == mode for tune in held_out) >= FEWEST:
            tasks += [(draw_keys, 1_000_000 * (number + 1) + at, size, mode) for at, size in _slices(given.degrees)]
    with ProcessPoolExecutor(given.jobs, get_context("spawn"), _load, (given.run,)) as pool:
        waiting = [(work, pool.submit(work, *how)) for work, *how in tasks]
        results = [(work, future.result()) for work, future in waiting]
    requests, pairs, alone = (
        [found for work, found in results if work is kind] for kind in (draw_requests, draw_pairs, draw_keys)
    )
    failures = [failure for _, found in results for failure in found.unmet]
    print(f"{sum(found.met for found in requests)} of {given.n} requests came out as asked for")
    print(f"{sum(found.met for found in pairs)} of {given.pairs} pairs have the same degrees in two keys")
    print(f"{time.perf_counter() - began:.0f} s, drawing the tunes below too")
    for title, some in (("asked for their key alone", alone), ("of all requests without a range", requests)):
        print(f"\nTunes {title}:\n")
        drawn = [tune for found in some for tune, ranged in found.tunes if not ranged]
        for line in compare_degrees(drawn, corpus.train, held_out):
            print(line)
    if failures:
        given.failures.write_text("\n\n".join(failures) + "\n", encoding="utf-8")
        print(f"\n{len(failures)} not met, written to {given.failures}; the first:\n{failures[0]}")
    return 1 if failures else 0


def _slices(count: int, size: int = 25) -> list[tuple[int, int]]:
    return [(first, min(size, count - first)) for first in range(0, count, size)]


if __name__ == "__main__":
    sys.exit(main())
