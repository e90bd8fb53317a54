"""What stands in a Standard MIDI File: notes by track and channel, metres, keys, names.

In: the bytes of a file, which may be anything. Out: `MidiFile`, or `ParseError` that says at which byte what was found.
Formats 0, 1 and 2, running status, also over meta and system-exclusive events, ticks or video frames, tracks without an
end; each thing that had to be assumed is a `Repair`. Where a file breaks off, or is broken inside a track, what stands
before is kept if that is a whole bar or more. A file has at most `MOST_NOTES` notes, so memory is bounded.

This is Python only: symusic 0.5.9 frees memory twice on some damaged files, which ends the process, so it is given no
file from outside. Where tracks stand is `chunks`', how names are written `names`', what is melody `melody_choice`'s.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.formats.midi.chunks import CUT, Layout, find_tracks
from tunewright.formats.midi.names import read_name
from tunewright.music.tune import Repair
from tunewright.support.errors import InputError, ParseError
from tunewright.support.inputs import read_input

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 16 * 2**20  # bytes; a melody of an hour takes 200 thousand
MOST_NOTES = 200_000
MOST_CHANGES = 2000  # of metre, of key
MOST_TEMPOS = 100_000  # a player's tempo may change with every note
MOST_LINES = 1024  # tracks with notes, each channel counted: an orchestra takes fifty
MOST_TINY_BARS = 1000  # shorter than a quarter: pickups that a program wrote as bars of their own, and few dances
DRUMS = 9  # General MIDI's channel 10, from 0
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # have no place in a file, and some programs write them
_META = (0x01, 0x03, 0x51, 0x58, 0x59)  # text, a track's name, tempo, metre, key
_KARAOKE_TITLE = b"@T"  # a text that begins so is a title, in the files of karaoke programs (.kar)
_FRAMES = {
    0xE8: Fraction(24),
    0xE7: Fraction(25),
    0xE3: Fraction(30000, 1001),
    0xE2: Fraction(30),
}  # -24, -25, -29, -30
FRAME_TICKS = 20_160  # to a quarter, where time is counted in video frames: `quantizing.WHOLE` to four
QUARTER = Fraction(500_000)  # microseconds, assumed where time is counted in video frames and no tempo is stated
LONGEST_NAME = 4096  # bytes that are looked at
BROKEN = "broken inside a track, read up to there"
GUESSED = "a name in no Unicode, its encoding guessed"

MidiNote = tuple[int, int, int, int]  # onset and end in ticks, number, velocity


@dataclass
class MidiTrack:
    """The notes of one channel of one track, by onset."""

    name: str
    channel: int
    program: int = 0
    notes: list[MidiNote] = field(default_factory=list)

    @property
    def drums(self) -> bool:
        """Whether its notes are instruments, not pitches."""
        return self.channel == DRUMS


@dataclass
class MidiFile:
    """All that a melody can be read from; times in ticks."""

    ticks: int = 480  # to a quarter
    tracks: list[MidiTrack] = field(default_factory=list)
    title: str = ""
    meters: list[tuple[int, int, int]] = field(default_factory=list)  # time, numerator, denominator
    keys: list[tuple[int, int, bool]] = field(default_factory=list)  # time, sharps, whether minor
    tempos: list[tuple[int, int]] = field(default_factory=list)  # time, microseconds to a quarter
    repairs: list[Repair] = field(default_factory=list)
    note_count: int = 0
    flaws: Counter[str] = field(default_factory=Counter)  # of its tracks: what, how often; repairs in the end
    broken: str = ""  # where and why the first of its tracks breaks off
    karaoke_title: str = ""

    @property
    def troubles(self) -> str:
        """What may be why there are no notes, in brackets; "" for a file without a flaw."""
        said = "; ".join(f"{what}: {count}" for what, count in self.flaws.items() if count)
        return f" ({said})" if said else ""


def read_content(path: Path) -> bytes:
    """The bytes of a file; ParseError, with its name, where they cannot be read or are too many for a MIDI file."""
    try:
        if path.stat().st_size > LARGEST:
            raise ParseError(f"{path.stat().st_size} bytes; expected at most {LARGEST}", path.name)
        return read_input(path, LARGEST)
    except InputError as error:
        raise ParseError(error.reason, path.name) from None
    except OSError as error:
        raise ParseError(f"cannot be read ({error.strerror or error})", path.name) from None


def parse_file(content: bytes, name: str) -> MidiFile:
    """The notes and events of a MIDI file; `name` stands in errors.

    Raises `ParseError` for what is no MIDI file, is too large, or breaks off before there is a whole bar.
    """
    if len(content) > LARGEST:
        raise ParseError(f"{len(content)} bytes; expected at most {LARGEST}", name)
    layout = find_tracks(content, name)
    file = MidiFile(flaws=layout.flaws)
    if layout.form == 2 and len(layout.tracks) > 1:
        detail = f"1 of {len(layout.tracks)}"
        file.repairs.append(Repair("format 2: only the first pattern with notes is read", detail=detail))
        _first_pattern(layout, file, name)
    else:
        for start, stop in layout.tracks:
            _Reader(layout.content, start, stop, file, name).read()
    file.title = file.karaoke_title or file.title
    file.repairs += [Repair(what, detail=str(count)) for what, count in file.flaws.items() if count]
    _count_time(layout.division, file, name)
    _check_whole_bar(file, name)
    _check_bars(file, name)
    return file


def _check_whole_bar(file: MidiFile, name: str) -> None:
    """Raise `ParseError` for a file that breaks off before its notes are as long as a bar."""
    if not file.broken:
        return
    _, over, under = min(file.meters, default=(0, 4, 4))
    notes = [note for track in file.tracks for note in track.notes]
    length = max((note[1] for note in notes), default=0) - min((note[0] for note in notes), default=0)
    if length * under < 4 * file.ticks * over:
        raise ParseError(file.broken, name)


def _check_bars(file: MidiFile, name: str) -> None:
    """Raise `ParseError` where the metres make more bars than any music has: each would be written."""
    end = max((note[1] for track in file.tracks for note in track.notes), default=0)
    if (tiny := tiny_bars(file.meters, end, file.ticks)) > MOST_TINY_BARS:
        raise ParseError(f"{tiny} bars shorter than a quarter note; expected at most {MOST_TINY_BARS}", name)


def tiny_bars(meters: Iterable[tuple[int, int, int]], end: int, ticks: int) -> int:
    """How many bars shorter than a quarter metre events make up to `end`, with so many `ticks` to a quarter."""
    meters = sorted(meters)
    tiny = 0
    for (time, over, under), (after, *_) in pairwise([*meters, (max([end, *(meter[0] for meter in meters)]), 1, 1)]):
        if 4 * over < under:
            tiny += (after - time) * under // (4 * ticks * over)
    return tiny


def _first_pattern(layout: Layout, file: MidiFile, name: str) -> None:
    for start, stop in layout.tracks:
        _Reader(layout.content, start, stop, file, name).read()
        if file.tracks:
            return
        file.meters, file.keys, file.tempos = [], [], []


def _count_time(division: bytes, file: MidiFile, name: str) -> None:
    """Set the ticks to a quarter; of a file that counts video frames every time is turned into quarters."""
    if division[0] < 0x80:
        file.ticks = int.from_bytes(division)
    else:
        tempos = {tempo for _, tempo in file.tempos}
        quarter = Fraction(tempos.pop()) if len(tempos) == 1 else QUARTER
        ticks = _FRAMES.get(division[0], Fraction(0)) * division[1] * quarter / 1_000_000
        file.ticks = FRAME_TICKS if ticks else 0
        detail = f"{float(quarter) / 1e6:g} s to a quarter"
        file.repairs.append(Repair("time in video frames, a tempo assumed", detail=detail))
    if not file.ticks:
        raise ParseError(f"time division 0x{division.hex()}; expected ticks per quarter note, or frames", name)
    if division[0] >= 0x80:
        _stretch(file, FRAME_TICKS / ticks)


def _stretch(file: MidiFile, factor: Fraction) -> None:
    """Multiply every time in a file."""
    over, under = factor.numerator, factor.denominator

    def at(time: int) -> int:
        return (time * over + under // 2) // under

    for track in file.tracks:
        track.notes = [(at(note[0]), max(at(note[0]) + 1, at(note[1])), *note[2:]) for note in track.notes]
    file.meters = [(at(event[0]), *event[1:]) for event in file.meters]
    file.keys = [(at(event[0]), *event[1:]) for event in file.keys]
    file.tempos = [(at(event[0]), *event[1:]) for event in file.tempos]


class _Broken(Exception):
    """Where in a track, and why, it cannot be read on."""


class _Reader:
    """One track, event by event; places count from its first byte."""

    def __init__(self, content: bytes, start: int, stop: int, file: MidiFile, name: str) -> None:
        self.content, self.start, self.file, self.name = content[start:stop], start, file, name
        self.stops_last = stop == len(content)
        self.time = 0
        self.title = ""
        self.sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)  # channel, number -> begun
        self.notes: dict[int, list[MidiNote]] = defaultdict(list)  # by channel
        self.programs: dict[int, int] = {}
        self.without_length = 0

    def read(self) -> None:
        """Add what the track holds to the file."""
        ended = self._read_events()
        hanging = 0
        for (channel, number), begun in self.sounding.items():
            for onset, velocity in begun:
                if onset < self.time:
                    hanging += 1
                    self.notes[channel].append((onset, self.time, number, velocity))
                else:
                    self.without_length += 1
        for what, count in (
            ("a track without an end", int(not ended)),
            ("notes that never end, ended with their track", hanging),
            ("notes without length left out", self.without_length),
        ):
            if count:
                self.file.flaws[what] += count
        self.file.note_count += self.without_length + sum(map(len, self.notes.values()))
        if len(self.file.tracks) + len(self.notes) > MOST_LINES:
            raise ParseError(f"more than {MOST_LINES} tracks with notes; expected a tune", self.name)
        for channel, notes in self.notes.items():
            notes.sort()
            self.file.tracks.append(MidiTrack(self.title, channel, self.programs.get(channel, 0), notes))

    def _read_events(self) -> bool:
        """Read what can be read; whether the track ends as it should, or has been said not to."""
        cut = CUT in self.file.flaws and self.stops_last
        try:
            ended = self._events()
        except IndexError:
            place, found = len(self.content), "an event runs over the end of the track"
        except _Broken as broken:
            place, found = broken.args
        else:
            if ended or not cut:
                return ended
            place, found = len(self.content), "a track without an end"
        what = "cut short" if cut else "broken"
        self.file.broken = self.file.broken or f"{what} at byte {self.start + place}: {found}"
        self.file.flaws[BROKEN] += not cut
        return True

    def _events(self) -> bool:
        """Read all events; whether the last one says that the track ends."""
        content, stop, place = self.content, len(self.content), 0
        time, status, running = 0, 0, 0
        notes, sounding, count = self.notes, self.sounding, self.file.note_count
        while place < stop:
            byte = content[place]
            place += 1
            delta = byte & 0x7F
            first = place
            while byte & 0x80:
                if place - first >= 4:
                    raise _Broken(place, "a length of more than five bytes")
                byte = content[place]
                place += 1
                delta = delta << 7 | byte & 0x7F
            time += delta
            self.time = time
            byte = content[place]
            if byte & 0x80:
                running, status = status, byte
                place += 1
            kind = status & 0xF0
            if kind in (0x80, 0x90):
                number, velocity = content[place], content[place + 1]
                if (number | velocity) & 0x80:
                    raise _Broken(place, f"a note {number} of strength {velocity}; expected numbers below 128")
                place += 2
                channel = status & 0x0F
                begun = sounding[channel, number]
                if kind == 0x90 and velocity:
                    begun.append((time, velocity))
                    count += 1
                    if count > MOST_NOTES:
                        raise ParseError(f"more than {MOST_NOTES} notes; expected a tune", self.name)
                elif begun:
                    onset, velocity = begun.popleft()
                    if onset < time:
                        notes[channel].append((onset, time, number, velocity))
                    else:
                        self.without_length += 1
            elif status >= 0xF0:
                place = self._other(status, place, time)
                if place < 0:
                    return True
                status = running
            elif status:
                if kind == 0xC0:
                    self.programs.setdefault(status & 0x0F, content[place] & 0x7F)
                place += _DATA_BYTES[kind]
            else:
                raise _Broken(place, f"{byte:#04x} where an event was expected")
        if place > stop:
            raise IndexError
        return False

    def _other(self, status: int, place: int, time: int) -> int:
        """Where a meta or system event ends; -1 at the end of the track."""
        if status in (0xFF, 0xF0, 0xF7):
            content, kind = self.content, -1
            if status == 0xFF:
                kind = content[place]
                place += 1
            length = content[place]
            if length < 0x80:
                place += 1
            else:
                length, place = self._length(place)
            if place + length > len(content):
                left = len(content) - place
                raise _Broken(place, f"an event of {length} bytes in a track that has {left} left")
            if kind == 0x2F:
                return -1
            if kind in _META:
                self._meta(kind, content[place : place + length], time)
            return place + length
        return place + _SYSTEM_BYTES.get(status, 0)

    def _length(self, place: int) -> tuple[int, int]:
        length = 0
        for _ in range(4):
            byte = self.content[place]
            place += 1
            length = length << 7 | byte & 0x7F
            if byte < 0x80:
                return length, place
        raise _Broken(place, "a length of more than four bytes")

    def _meta(self, kind: int, data: bytes, time: int) -> None:
        file = self.file
        if max(len(file.meters), len(file.keys), len(file.repairs)) > MOST_CHANGES or len(file.tempos) > MOST_TEMPOS:
            most = f"{MOST_CHANGES:,} changes of metre or key, {MOST_TEMPOS:,} of tempo"
            raise ParseError(f"more than {most}; expected a tune", self.name)
        if kind == 0x01 and data.startswith(_KARAOKE_TITLE):
            file.karaoke_title = file.karaoke_title or self._name(data.removeprefix(_KARAOKE_TITLE))
        elif kind == 0x03 and not self.title:
            self.title = self._name(data)
            file.title = file.title or self.title
        elif kind == 0x51 and len(data) == 3:
            file.tempos.append((time, int.from_bytes(data)))
        elif kind == 0x58 and len(data) >= 2:
            if 0 < data[0] <= 64 and data[1] <= 6:
                file.meters.append((time, data[0], 1 << data[1]))
            else:
                detail = f"{data[0]}/2^{data[1]}"
                file.repairs.append(Repair("impossible metre event ignored", detail=detail))
        elif kind == 0x59 and len(data) == 2:
            sharps = int.from_bytes(data[:1], signed=True)
            if abs(sharps) <= 7 and data[1] <= 1:
                file.keys.append((time, sharps, data[1] == 1))
            else:
                file.repairs.append(Repair("impossible key event ignored", detail=f"{sharps} sharps"))

    def _name(self, data: bytes) -> str:
        name, encoding = read_name(data[:LONGEST_NAME])
        if encoding:
            guessed = Repair(GUESSED, detail=encoding)
            self.file.repairs += [guessed] * (guessed not in self.file.repairs)
        return name
