"""SoundFont 2 files: which samples an instrument plays for a key, and how.

In: the path of a file, which may hold anything. Out: a `SoundFont` with its presets, the `Zone`s of one of them, and
samples, read from the file when asked for. `RenderError` for what is no SoundFont, is cut short or points outside
itself. Modulators, 24-bit samples and samples in ROM are left out. This file makes no sound (`voices`).

Source: SoundFont Technical Specification 2.04 (E-mu Systems 2006), sections 4, 5, 7 and 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from tunewright.support.errors import InputError, RenderError
from tunewright.support.inputs import open_input

DRUMS = 128  # the bank of drum kits
EXPECTED = "expected a SoundFont (.sf2)"
MOST_CHUNKS = 1000  # of a file; one that is right has about twenty
LARGEST_TABLE = 1 << 22  # bytes; indices have 16 bits
MOST_ZONES = 4096  # of one preset; the largest that was seen has some hundreds
MOST_GENERATORS = 128  # of one zone; there are 61 kinds
COMPRESSED = 0x10  # flag of a sample of an .sf3 file
IN_ROM = 0x8000
SLOWEST_RATE, FASTEST_RATE = 400, 192_000  # of samples, in Hz; the standard's lower limit

_TABLES = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "S12")],
    "pbag": [("generator", "<u2"), ("modulator", "<u2")],
    "pgen": [("kind", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generator", "<u2"), ("modulator", "<u2")],
    "igen": [("kind", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("key", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("kind", "<u2"),
    ],
}


class Gen(IntEnum):
    """The generators that are used, by their numbers in the standard."""

    START = 0
    END = 1
    LOOP_START = 2
    LOOP_END = 3
    START_COARSE = 4
    LFO_TO_PITCH = 5
    VIBRATO_TO_PITCH = 6
    SHAPE_TO_PITCH = 7
    CUTOFF = 8
    RESONANCE = 9
    LFO_TO_CUTOFF = 10
    SHAPE_TO_CUTOFF = 11
    END_COARSE = 12
    LFO_TO_VOLUME = 13
    PAN = 17
    LFO_DELAY = 21
    LFO_RATE = 22
    VIBRATO_DELAY = 23
    VIBRATO_RATE = 24
    SHAPE_DELAY = 25
    SHAPE_ATTACK = 26
    SHAPE_HOLD = 27
    SHAPE_DECAY = 28
    SHAPE_SUSTAIN = 29
    VOLUME_DELAY = 33
    VOLUME_ATTACK = 34
    VOLUME_HOLD = 35
    VOLUME_DECAY = 36
    VOLUME_SUSTAIN = 37
    VOLUME_RELEASE = 38
    HOLD_BY_KEY = 39
    DECAY_BY_KEY = 40
    INSTRUMENT = 41
    KEYS = 43
    VELOCITIES = 44
    LOOP_START_COARSE = 45
    KEY = 46
    VELOCITY = 47
    ATTENUATION = 48
    LOOP_END_COARSE = 50
    COARSE_TUNE = 51
    FINE_TUNE = 52
    SAMPLE = 53
    LOOPED = 54
    SCALE = 56
    CUTS_OFF = 57
    ROOT = 58


_DELAYS = (Gen.LFO_DELAY, Gen.VIBRATO_DELAY, Gen.SHAPE_DELAY, Gen.SHAPE_ATTACK, Gen.SHAPE_HOLD, Gen.SHAPE_DECAY)
_TIMES = (Gen.VOLUME_DELAY, Gen.VOLUME_ATTACK, Gen.VOLUME_HOLD, Gen.VOLUME_DECAY, Gen.VOLUME_RELEASE)
_DEFAULTS: dict[int, int] = {
    **dict.fromkeys((*_DELAYS, *_TIMES), -12000),  # timecents: a millisecond
    Gen.CUTOFF: 13500,
    Gen.KEY: -1,
    Gen.VELOCITY: -1,
    Gen.SCALE: 100,
    Gen.ROOT: -1,
}
_RANGES = (Gen.KEYS, Gen.VELOCITIES)


class Sample(NamedTuple):
    """Where a sample lies among all samples of its file, where its loop does, and how it was recorded."""

    start: int
    end: int
    loop_start: int
    loop_end: int  # as `loop_start` where it has no loop
    rate: int  # Hz
    key: int
    correction: int  # cents


class Span(NamedTuple):
    """MIDI numbers from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.low <= number <= self.high

    def away(self, number: int) -> int:
        """How far outside the span a number is."""
        return max(self.low - number, number - self.high, 0)


EVERY = Span(0, 127)


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """What one sample plays: for which keys and velocities, and with which generators, in the standard's units."""

    sample: Sample
    keys: Span
    velocities: Span
    generators: Mapping[int, int]

    def __getitem__(self, kind: Gen) -> int:
        """The value of a generator, the standard's default where the file states none."""
        return self.generators.get(kind, _DEFAULTS.get(kind, 0))


@dataclass(frozen=True, eq=False)
class SoundFont:
    """A SoundFont's presets by bank and program; its samples stay in the file."""

    path: Path
    presets: Mapping[tuple[int, int], str]
    _tables: Mapping[str, Any] = field(repr=False)
    _at: int  # the byte at which samples begin
    _count: int  # of samples

    def samples(self, start: int, count: int) -> np.ndarray[Any, Any]:
        """Up to `count` samples from `start` on, float32 between -1 and 1."""
        count = max(0, min(count, self._count - start))
        try:
            with open_input(self.path) as file:
                file.seek(self._at + 2 * start)
                content = file.read(2 * count)
        except (InputError, OSError) as error:
            raise _unreadable(self.path, error) from None
        return np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.float32) / 32768

    def zones(self, bank: int, program: int) -> tuple[Zone, ...]:
        """Every zone of a preset that has a sample; raises `RenderError` where the file is broken there."""
        header = self._tables["phdr"]
        index = next(i for i in range(len(header) - 1) if _place(header[i]) == (bank, program))
        found: list[Zone] = []
        for outer in self._bags("phdr", "pbag", "pgen", Gen.INSTRUMENT, index):
            found += self._of_instrument(outer)
            if len(found) > MOST_ZONES:
                raise RenderError(f"{self.path}: more than {MOST_ZONES} zones in one preset; {EXPECTED}")
        return tuple(found)

    def _of_instrument(self, outer: dict[int, int]) -> Iterator[Zone]:
        """The zones of an instrument, with what the preset adds to each."""
        instrument = outer[Gen.INSTRUMENT] & 0xFFFF
        if instrument >= len(self._tables["inst"]) - 1:
            raise RenderError(f"{self.path}: names instrument {instrument}, which it has not; {EXPECTED}")
        added = {kind: amount for kind, amount in outer.items() if kind not in (*_RANGES, Gen.INSTRUMENT)}
        for inner in self._bags("inst", "ibag", "igen", Gen.SAMPLE, instrument):
            keys, velocities = (_overlap(_span(outer, kind), _span(inner, kind)) for kind in _RANGES)
            sample = self._sample(inner)
            if keys and velocities and sample:
                merged = {k: inner.get(k, _DEFAULTS.get(k, 0)) + added.get(k, 0) for k in {*inner, *added}}
                yield Zone(sample, keys, velocities, merged)

    def _bags(self, owners: str, bags: str, generators: str, last: Gen, index: int) -> Iterator[dict[int, int]]:
        """The generators of each zone that ends in `last`; a first zone without it holds for the others."""
        first, stop = (int(self._tables[owners][i]["bag"]) for i in (index, index + 1))
        common: dict[int, int] = {}
        for bag in range(first, min(stop, first + MOST_ZONES)):
            own = self._generators(bags, generators, bag)
            if last in own:
                yield common | own
            elif bag == first:
                common = own

    def _generators(self, bags: str, generators: str, bag: int) -> dict[int, int]:
        table, amounts = self._tables[bags], self._tables[generators]
        if bag + 1 >= len(table):
            raise RenderError(f"{self.path}: names zone {bag} of {len(table) - 1}; {EXPECTED}")
        start, stop = int(table[bag]["generator"]), int(table[bag + 1]["generator"])
        if stop > len(amounts) or stop - start > MOST_GENERATORS:
            raise RenderError(f"{self.path}: zone {bag} goes on up to generator {stop} of {len(amounts)}; {EXPECTED}")
        return dict(zip(amounts["kind"][start:stop].tolist(), amounts["amount"][start:stop].tolist(), strict=True))

    def _sample(self, generators: Mapping[int, int]) -> Sample | None:
        """Where the samples of a zone lie, kept inside the file; None for a sample that cannot be played."""
        headers = self._tables["shdr"]
        number = generators[Gen.SAMPLE] & 0xFFFF
        if number >= len(headers) - 1:
            raise RenderError(f"{self.path}: names sample {number} of {len(headers) - 1}; {EXPECTED}")
        header = headers[number]
        if header["kind"] & COMPRESSED:
            raise RenderError(f"{self.path}: its samples are compressed (.sf3); expected 16-bit samples (.sf2)")
        coarse = {kind: 32768 * generators.get(kind, 0) for kind in _COARSE}
        places = [
            int(header[name]) + generators.get(fine, 0) + coarse[rough]
            for name, fine, rough in zip(_PLACES, _FINE, _COARSE, strict=True)
        ]
        start, end, loop_start, loop_end = (min(max(place, 0), self._count) for place in places)
        rate = int(header["rate"])
        if end - start < 2 or header["kind"] & IN_ROM or not SLOWEST_RATE <= rate <= FASTEST_RATE:
            return None
        if not start <= loop_start < loop_end <= end or not generators.get(Gen.LOOPED, 0) & 1:
            loop_start = loop_end = end
        key = int(header["key"]) if header["key"] < 128 else 60
        return Sample(start, end, loop_start, loop_end, rate, key, int(header["correction"]))


_PLACES = ("start", "end", "loop_start", "loop_end")
_FINE = (Gen.START, Gen.END, Gen.LOOP_START, Gen.LOOP_END)
_COARSE = (Gen.START_COARSE, Gen.END_COARSE, Gen.LOOP_START_COARSE, Gen.LOOP_END_COARSE)


def _place(header: Any) -> tuple[int, int]:
    return int(header["bank"]), int(header["program"])


def _span(generators: Mapping[int, int], kind: Gen) -> Span:
    if kind not in generators:
        return EVERY
    both = generators[kind] & 0xFFFF
    return Span(both & 0xFF, both >> 8)


def _overlap(first: Span, second: Span) -> Span | None:
    low, high = max(first.low, second.low), min(first.high, second.high)
    return Span(low, high) if low <= high else None


# ------------------------------------------------------------------------------------------------ the file


def read_soundfont(path: Path) -> SoundFont:
    """The presets of a SoundFont 2 file; a file that has not changed is read once.

    Raises `RenderError` for a file that cannot be read, is no SoundFont, or lacks one of its tables.
    """
    try:
        state = path.stat()
        return _read(path, state.st_size, state.st_mtime_ns)
    except (InputError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: InputError | OSError) -> RenderError:
    reason = error.reason if isinstance(error, InputError) else f"cannot be read ({error.strerror})"
    return RenderError(f"{path}: {reason}; {EXPECTED}")


@lru_cache(maxsize=4)
def _read(path: Path, size: int, changed: int) -> SoundFont:
    del changed  # is there so that a file written anew is read anew
    with open_input(path) as file:
        begin = file.read(12)
        if begin[:4] != b"RIFF" or begin[8:] != b"sfbk":
            raise RenderError(f"{path}: begins with {begin[:4]!r}; {EXPECTED}")
        chunks = dict(_chunks(file, 12, size, path))
        for name in ("smpl", *_TABLES):
            if name not in chunks:
                raise RenderError(f"{path}: has no {name!r} part, or is cut short; {EXPECTED}")
        tables = {name: _table(file, name, *chunks[name], path) for name in _TABLES}
    presets = {}
    for header in tables["phdr"][:-1][::-1]:  # the first of several in one place counts
        presets[_place(header)] = header["name"].decode("latin-1").strip()
    at, length = chunks["smpl"]
    return SoundFont(path, presets, tables, at, length // 2)


def _chunks(file: BinaryIO, start: int, stop: int, path: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """The name of every part of the file with where its content begins and how long it is, those of lists too."""
    for _ in range(MOST_CHUNKS):
        file.seek(start)
        head = file.read(8)
        if start + 8 > stop or len(head) < 8:
            return
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"LIST":
            start += 12  # what it holds comes next
        elif start + 8 + length > stop:
            return  # cut short: what is missing will be said
        else:
            yield name.decode("latin-1"), (start + 8, length)
            start += 8 + length + length % 2
    raise RenderError(f"{path}: more than {MOST_CHUNKS} parts; {EXPECTED}")


def _table(file: BinaryIO, name: str, at: int, length: int, path: Path) -> np.ndarray[Any, Any]:
    dtype = np.dtype(_TABLES[name])
    rows = length // dtype.itemsize
    if not rows or length > LARGEST_TABLE:
        raise RenderError(f"{path}: its {name!r} part has {length} bytes; {EXPECTED}")
    file.seek(at)
    return np.frombuffer(file.read(rows * dtype.itemsize), dtype)
