"""What stands in a Standard MIDI File: notes by track and channel, metres, keys, names.

In: the bytes of a file, which may be anything. Out: `MidiFile`, or `ParseError` that says at which byte what was found.
Formats 0, 1 and 2, running status, RMID, ticks or video frames, tracks without an end; each thing that had to be
assumed is a `Repair`. A file has at most `MOST_NOTES` notes, so memory is bounded.

This is Python only: symusic 0.5.9 frees memory twice on some damaged files, which ends the process, so it is given no
file from outside. What is melody is `melody_choice`'s.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tunewright.music.tune import Repair
from tunewright.support.errors import InputError, ParseError
from tunewright.support.inputs import read_input

LARGEST = 16 * 2**20  # bytes; a melody of an hour takes 200 thousand
MOST_NOTES = 200_000
MOST_CHANGES = 2000  # of metre, of key
MOST_TEMPOS = 100_000  # a player's tempo may change with every note
MOST_TRACKS = 65_535
MOST_LINES = 1024  # tracks with notes, each channel counted: an orchestra takes fifty
MOST_TINY_BARS = 1000  # shorter than a quarter: pickups that a program wrote as bars of their own, and few dances
DRUMS = 9  # General MIDI's channel 10, from 0
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # have no place in a file, and some programs write them
_META = (0x03, 0x51, 0x58, 0x59)  # a track's name, tempo, metre, key
_FRAMES = {0xE8: 24, 0xE7: 25, 0xE3: 30, 0xE2: 30}  # -24, -25, -29, -30
QUARTER_SECONDS = 0.5  # assumed where time is counted in video frames and no tempo is stated

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

    Raises `ParseError` for what is no MIDI file, is cut short, broken inside, or too large.
    """
    if len(content) > LARGEST:
        raise ParseError(f"{len(content)} bytes; expected at most {LARGEST}", name)
    if content[:4] == b"RIFF" and content[8:12] == b"RMID" and b"MThd" in content[:64]:
        content = content[content.index(b"MThd") :]
    if content[:4] != b"MThd":
        found = "an empty file, " * (not content) + f"begins with {content[:4]!r}"
        raise ParseError(f"{found}; expected a MIDI file, which begins with b'MThd'", name)
    if len(content) < 14:
        raise ParseError(f"cut short in its head: {len(content)} bytes; expected at least 14", name)
    file = MidiFile()
    chunks = _chunks(content, name)
    if int.from_bytes(content[8:10]) == 2 and len(chunks) > 1:
        file.repairs.append(Repair("format 2: only the first pattern with notes is read", detail=f"1 of {len(chunks)}"))
        _first_pattern(content, chunks, file, name)
    else:
        for start, stop in chunks:
            _Reader(content, start, stop, file, name).read()
    file.repairs += [Repair(what, detail=str(count)) for what, count in file.flaws.items()]
    file.ticks = _ticks(content[12:14], file, name)
    _check_bars(file, name)
    return file


def _check_bars(file: MidiFile, name: str) -> None:
    """Raise `ParseError` where the metres make more bars than any music has: each would be written."""
    shortest = file.ticks
    end = max((note[1] for track in file.tracks for note in track.notes), default=0)
    tiny = 0
    meters = sorted(file.meters)
    for (time, over, under), (after, *_) in pairwise([*meters, (max([end, *(meter[0] for meter in meters)]), 1, 1)]):
        bar = 4 * file.ticks * over // under
        if bar < shortest:
            tiny += (after - time) // max(1, bar)
    if tiny > MOST_TINY_BARS:
        raise ParseError(f"{tiny} bars shorter than a quarter note; expected at most {MOST_TINY_BARS}", name)


def _first_pattern(content: bytes, chunks: list[tuple[int, int]], file: MidiFile, name: str) -> None:
    for start, stop in chunks:
        _Reader(content, start, stop, file, name).read()
        if file.tracks:
            return
        file.meters, file.keys, file.tempos = [], [], []


def _chunks(content: bytes, name: str) -> list[tuple[int, int]]:
    """Where the events of each track begin and end."""
    position = 8 + int.from_bytes(content[4:8])
    found: list[tuple[int, int]] = []
    while position < len(content):
        if len(content) - position < 8 and found:
            break  # some programs pad the end
        size = int.from_bytes(content[position + 4 : position + 8])
        kind = content[position : position + 4]
        position += 8
        if position + size > len(content):
            if found and kind != b"MTrk":
                break  # padding, or another program's mark
            left = max(0, len(content) - position)
            raise ParseError(f"cut short at byte {position - 8}: a chunk of {size} bytes has {left}", name)
        if kind == b"MTrk":
            found.append((position, position + size))
            if len(found) > MOST_TRACKS:
                raise ParseError(f"more than {MOST_TRACKS} tracks; expected at most as many as a head can tell", name)
        position += size
    if not found:
        raise ParseError("no tracks; expected at least one", name)
    return found


def _ticks(division: bytes, file: MidiFile, name: str) -> int:
    """Ticks to a quarter."""
    if division[0] < 0x80:
        ticks = int.from_bytes(division)
    else:
        tempos = {tempo for _, tempo in file.tempos}
        seconds = tempos.pop() / 1e6 if len(tempos) == 1 else QUARTER_SECONDS
        ticks = round(_FRAMES.get(division[0], 0) * division[1] * seconds)
        file.repairs.append(Repair("time in video frames, a tempo assumed", detail=f"{seconds} s to a quarter"))
    if not ticks:
        raise ParseError(f"time division 0x{division.hex()}; expected ticks per quarter note, or frames", name)
    return ticks


class _Reader:
    """One track, event by event; places count from its first byte."""

    def __init__(self, content: bytes, start: int, stop: int, file: MidiFile, name: str) -> None:
        self.content, self.start, self.file, self.name = content[start:stop], start, file, name
        self.time = 0
        self.title = ""
        self.sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)  # channel, number -> begun
        self.notes: dict[int, list[MidiNote]] = defaultdict(list)  # by channel
        self.programs: dict[int, int] = {}
        self.without_length = 0

    def read(self) -> None:
        """Add what the track holds to the file."""
        try:
            ended = self._events()
        except IndexError:
            raise self._broken(len(self.content), "an event runs over the end of the track") from None
        hanging = 0
        for (channel, number), begun in self.sounding.items():
            for onset, velocity in begun:
                hanging += 1
                self.notes[channel].append((onset, max(self.time, onset + 1), number, velocity))
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

    def _broken(self, place: int, found: str) -> ParseError:
        return ParseError(f"broken at byte {self.start + place}: {found}", self.name)

    def _events(self) -> bool:
        """Read all events; whether the last one says that the track ends."""
        content, stop, place = self.content, len(self.content), 0
        time, status = 0, 0
        notes, sounding, count = self.notes, self.sounding, self.file.note_count
        while place < stop:
            byte = content[place]
            place += 1
            delta = byte & 0x7F
            first = place
            while byte & 0x80:
                if place - first >= 4:
                    raise self._broken(place, "a length of more than five bytes")
                byte = content[place]
                place += 1
                delta = delta << 7 | byte & 0x7F
            time += delta
            byte = content[place]
            if byte & 0x80:
                status = byte
                place += 1
            kind = status & 0xF0
            if kind in (0x80, 0x90):
                number, velocity = content[place], content[place + 1]
                if (number | velocity) & 0x80:
                    raise self._broken(place, f"a note {number} of strength {velocity}; expected numbers below 128")
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
                place, status = self._other(status, place, time)
                if status == -1:
                    self.time = time
                    return True
            elif status:
                if kind == 0xC0:
                    self.programs.setdefault(status & 0x0F, content[place] & 0x7F)
                place += _DATA_BYTES[kind]
            else:
                raise self._broken(place, f"{byte:#04x} where an event was expected")
            self.time = time
        if place > stop:
            raise IndexError
        return False

    def _other(self, status: int, place: int, time: int) -> tuple[int, int]:
        """Where a meta or system event ends, and the running status after it; -1 at the end of the track."""
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
                raise self._broken(place, f"an event of {length} bytes in a track that has {left} left")
            if kind == 0x2F:
                return place, -1
            if kind in _META:
                self._meta(kind, content[place : place + length], time)
            return place + length, 0
        return place + _SYSTEM_BYTES.get(status, 0), 0

    def _length(self, place: int) -> tuple[int, int]:
        length = 0
        for _ in range(4):
            byte = self.content[place]
            place += 1
            length = length << 7 | byte & 0x7F
            if byte < 0x80:
                return length, place
        raise self._broken(place, "a length of more than four bytes")

    def _meta(self, kind: int, data: bytes, time: int) -> None:
        file = self.file
        if max(len(file.meters), len(file.keys), len(file.repairs)) > MOST_CHANGES or len(file.tempos) > MOST_TEMPOS:
            most = f"{MOST_CHANGES:,} changes of metre or key, {MOST_TEMPOS:,} of tempo"
            raise ParseError(f"more than {most}; expected a tune", self.name)
        if kind == 0x03 and not self.title:
            self.title = _text(data)
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


def _text(data: bytes) -> str:
    """A name, in Unicode or as older programs write it; "" where it cannot be shown."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.strip("\0 \t\r\n")
    return text[:200] if text.isprintable() else ""
