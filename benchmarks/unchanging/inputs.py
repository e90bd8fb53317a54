"""The files that the commands read: tunes of built-in collections, MIDI files made by chance, broken ones.

In: a folder. Out: in it the same files every time, whatever the code under test; they are written without it.
"""

from __future__ import annotations

import importlib.util
import random
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

IRISH = Path(__file__).resolve().parents[3] / "shared" / "data" / "irish.abc"
QUARTER = 480  # ticks
SCALE = (0, 2, 4, 5, 7, 9, 11)
METERS = ((4, 4), (3, 4), (6, 8), (2, 4))
PIECES, MELODIES, RYANS, IRISH_TUNES = 20, 8, 30, 60
DRUMS = 9  # the channel

Event = tuple[int, int, bytes]  # tick, what comes first of several at one tick, what is written
Note = tuple[int, int, int, int]  # onset, end, number, velocity


def write_inputs(folder: Path) -> None:
    """Write every file into a folder."""
    corpus = _corpus()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tunes.abc").write_bytes((corpus / "oneills1850" / "0001-0050.abc").read_bytes())
    ryans = sorted((corpus / "ryansMammoth").glob("*.abc"))[:RYANS]
    (folder / "others.abc").write_bytes(b"\n\n".join(path.read_bytes().strip() for path in ryans) + b"\n")
    (folder / "few.abc").write_bytes(_first((folder / "tunes.abc").read_bytes(), 3))
    if IRISH.is_file():
        (folder / "irish.abc").write_bytes(_first(IRISH.read_bytes(), IRISH_TUNES))
    for seed in range(PIECES):
        _write(folder / "pieces" / f"piece-{seed:02}.mid", _piece(random.Random(seed), f"Piece {seed}"))
    for seed in range(MELODIES):
        _write(folder / "melodies" / f"melody-{seed}.mid", _melody(random.Random(100 + seed)))
    _write_faults(folder / "faults")


def _corpus() -> Path:
    """The folder of music21's collections."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None, "music21 is not installed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "corpus"


def _first(content: bytes, count: int) -> bytes:
    """The first tunes of an ABC file."""
    return b"\nX:".join((b"\n" + content).split(b"\nX:")[: count + 1]).lstrip() + b"\n"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_faults(folder: Path) -> None:
    _write(folder / "empty.abc", b"")
    _write(folder / "words.abc", b"Dear sir,\nthis is a letter.\n")
    _write(folder / "broken.abc", b"X:1\nT:Broken\nM:4/4\nL:1/8\nK:C\nCDEF GABc|CD(3EF|\n\nX:2\nT:No key\nCDE|\n")
    _write(folder / "latin.abc", "X:1\nT:Caf\xe9\nM:6/8\nK:G\nGAB cde|g3 G3|]\n".encode("latin-1"))
    _write(folder / "broken.mid", b"MThd\0\0\0\6\0\1\0\2\1\xe0MTrk\0\0\0\x10\0\x90")
    _write(folder / "silent.mid", _file([[(0, 0, _meta(0x03, b"Nothing"))]]))
    _write(folder / "notes.txt", b"no music\n")


# ------------------------------------------------------------------------------------------------ music by chance


def _piece(rng: random.Random, title: str) -> bytes:
    """A song of flute, piano and bass, and in most drums, as a MIDI file of format 1."""
    meter = METERS[rng.randrange(3)]
    bar = 4 * QUARTER * meter[0] // meter[1]
    bars = rng.randint(6, 10)
    starts = [place * bar for place in range(bars)]
    roots = [rng.choice((0, 5, 7, 9, 2)) for _ in starts]
    piano = [
        (start, start + bar, 48 + root + third, 70)
        for start, root in zip(starts, roots, strict=True)
        for third in (0, 4, 7)
    ]
    bass = [
        (start + late, start + late + bar // 2, 36 + root - fall, 90)
        for start, root in zip(starts, roots, strict=True)
        for late, fall in ((0, 0), (bar // 2, 5))
    ]
    drums = [(onset, onset + 60, 42, 60) for onset in range(0, bar * bars, QUARTER // 2)]
    drums += [(start, start + 60, 36, 100) for start in starts]
    flute = _line(rng, bar, starts, low=67)
    head = [_tempo(0, rng.choice((500_000, 600_000))), _tempo(bar * (bars // 2), 400_000), _meter(0, *meter)]
    tracks: list[list[Event]] = [[(0, 0, _meta(0x03, title.encode())), *head]]
    for channel, (name, program, notes) in enumerate((("Flute", 73, flute), ("Piano", 0, piano), ("Bass", 33, bass))):
        tracks.append(_track(name, channel, program, notes))
    if rng.random() < 0.7:
        tracks.append(_track("Drums", DRUMS, 0, drums))
    return _file(tracks)


def _melody(rng: random.Random) -> bytes:
    """A tune of two repeated parts in one track, as a MIDI file of format 0, some with an upbeat or no metre said."""
    meter = METERS[rng.randrange(4)]
    bar = 4 * QUARTER * meter[0] // meter[1]
    upbeat = rng.choice((0, QUARTER // 2))
    parts = [_line(rng, bar, [place * bar for place in range(8)], low=62) for _ in range(2)]
    notes: list[Note] = [(0, upbeat, 67, 80)] if upbeat else []
    for place, part in enumerate((parts[0], parts[0], parts[1], parts[1])):
        late = upbeat + place * 8 * bar
        notes += [(onset + late, end + late, number, velocity) for onset, end, number, velocity in part]
    head = [_tempo(0, 500_000), (0, 1, _meta(0x59, bytes((1, 0))))]
    head += [_meter(0, *meter)] if rng.random() < 0.7 else []
    return _file([[*head, *_track("Fiddle", 0, 40, notes)]])


def _line(rng: random.Random, bar: int, starts: Sequence[int], low: int) -> list[Note]:
    """A walk over the scale, the second bar of four the same as the first."""
    step = 4
    bars: list[list[tuple[int, int, int]]] = []
    for place in range(len(starts)):
        if place % 4 == 1:
            bars.append(bars[-1])
            continue
        now, notes = 0, []
        while now < bar:
            length = min(rng.choice((240, 240, 480, 120)), bar - now)
            step = min(max(step + rng.choice((-2, -1, -1, 1, 1, 2, 3)), 0), 12)
            notes.append((now, length, low + 12 * (step // 7) + SCALE[step % 7]))
            now += length
        bars.append(notes)
    return [
        (start + now, start + now + length, number, 70 + 10 * (now == 0))
        for start, notes in zip(starts, bars, strict=True)
        for now, length, number in notes
    ]


# ------------------------------------------------------------------------------------------------ bytes


def _track(name: str, channel: int, program: int, notes: Iterable[Note]) -> list[Event]:
    events: list[Event] = [(0, 0, _meta(0x03, name.encode())), (0, 1, bytes((0xC0 | channel, program)))]
    for onset, end, number, velocity in notes:
        events.append((onset, 3, bytes((0x90 | channel, number, velocity))))
        events.append((end, 2, bytes((0x80 | channel, number, 0))))
    return events


def _tempo(tick: int, microseconds: int) -> Event:
    return tick, 1, _meta(0x51, microseconds.to_bytes(3, "big"))


def _meter(tick: int, top: int, bottom: int) -> Event:
    return tick, 1, _meta(0x58, bytes((top, bottom.bit_length() - 1, 24, 8)))


def _meta(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """A number as MIDI files have it: seven bits a byte."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | (value & 0x7F))
    return bytes(reversed(digits))


def _file(tracks: Sequence[Sequence[Event]]) -> bytes:
    """A MIDI file of these tracks."""
    written = b"MThd" + struct.pack(">IHHH", 6, int(len(tracks) > 1), len(tracks), QUARTER)
    for track in tracks:
        now, body = 0, b""
        for tick, _, content in sorted(track, key=lambda event: event[:2]):
            body += _number(tick - now) + content
            now = tick
        body += b"\0" + _meta(0x2F, b"")
        written += b"MTrk" + struct.pack(">I", len(body)) + body
    return written
