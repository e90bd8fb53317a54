"""Mutations of MIDI files: bytes, chunks, events, times, metres, what no program writes.

In: the bytes of a file and a random generator. Out: a mutated one. Half of the changes know what a file is made of, so
that they come further than its header.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Events = list[tuple[int, bytes]]  # ticks since the one before, and the event with its status byte
TIMES = (
    0,
    1,
    2,
    5,
    7,
    15,
    16,
    119,
    120,
    159,
    160,
    239,
    240,
    320,
    479,
    480,
    481,
    960,
    1920,
    7680,
    100_000,
    2**21,
    2**28 - 1,
)
DIVISIONS = (1, 2, 24, 96, 120, 192, 384, 480, 481, 960, 0x7FFF, 0, 0xE728, 0xE250, 0xE878, 0xFFFF)
END = b"\xff\x2f\x00"
TITLES = (
    b"100% <b>",
    b"%%x",
    b"A & B",
    b"\x1b[31m",
    b"\\",
    b"a\\%b",
    b"\xff\xfe",
    "Ж中".encode(),
    b"x" * 200,
    b"",
    b"X:1\nK:C",
)


def mutated(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """The file after one change or a few; `others` are what is spliced in."""
    if rng.random() < 0.6:
        content = _structured(content, rng, others)
        if rng.random() < 0.7:
            return content
    for _ in range(min(12, 1 + int(rng.expovariate(0.4)))):
        content = rng.choice((_bytes, _bytes, _lengths, _cut, _header, _spliced))(content, rng, others)
    return content


# ------------------------------------------------------------------------------------------------ bytes


def _bytes(content: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    found = bytearray(content)
    place = rng.randrange(len(found) + 1)
    match rng.randrange(4):
        case 0:
            found.insert(place, rng.randrange(256))
        case 1:
            del found[place : place + rng.randint(1, 8)]
        case 2 if found:
            found[place % len(found)] = rng.choice((0, 127, 128, 255, 0x90, 0xF0, 0xF7, 0xFF, rng.randrange(256)))
        case _:
            found[place:place] = found[place : place + rng.randint(1, 60)] * rng.choice((1, 1, 2, 50))
    return bytes(found)


def _lengths(content: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    """The length of a chunk changed."""
    places = [place for place in range(len(content) - 8) if content[place : place + 4] in (b"MTrk", b"MThd")]
    if not places:
        return content
    place = rng.choice(places) + 4
    length = int.from_bytes(content[place : place + 4])
    found = rng.choice((0, 1, length - 1, length + 1, length + 100, 2**31, 2**32 - 1))
    return content[:place] + (found % 2**32).to_bytes(4) + content[place + 4 :]


def _cut(content: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _header(content: bytes, rng: random.Random, _others: Sequence[bytes]) -> bytes:
    match rng.randrange(4):
        case 0:
            return content[:12] + rng.choice(DIVISIONS).to_bytes(2) + content[14:]
        case 1:
            return content[:8] + rng.choice((0, 1, 2, 3, 255)).to_bytes(2) + content[10:]
        case 2:
            return content[:10] + rng.choice((0, 1, 2, 100, 65535)).to_bytes(2) + content[12:]
        case _:
            return (
                b"RIFF"
                + (len(content) + 12).to_bytes(4, "little")
                + b"RMIDdata"
                + len(content).to_bytes(4, "little")
                + content
            )


def _spliced(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


# ------------------------------------------------------------------------------------------------ events


def _structured(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    tracks = [track for track in (_events(chunk) for chunk in content.split(b"MTrk")[1:]) if track]
    if not tracks:
        return content
    division = int.from_bytes(content[12:14]) or 480
    for _ in range(min(20, 1 + int(rng.expovariate(0.3)))):
        rng.choice(CHANGES)(tracks, rng)
        if rng.random() < 0.1:
            division = rng.choice(DIVISIONS[:11])
    if rng.random() < 0.1:
        tracks += [track for track in (_events(chunk) for chunk in rng.choice(others).split(b"MTrk")[1:]) if track][:3]
    shape = rng.choice((1, 1, 1, 1, 0, 2))
    running = rng.random() < 0.2
    chunks = [_chunk(track, running=running) for track in tracks]
    if rng.random() < 0.05:
        chunks.insert(
            rng.randrange(len(chunks) + 1), rng.choice((b"junk", b"MTrk\0\0\0\0", b"XFIH\0\0\0\4abcd", b"\0"))
        )
    return b"MThd\0\0\0\6" + shape.to_bytes(2) + len(tracks).to_bytes(2) + division.to_bytes(2) + b"".join(chunks)


def _events(chunk: bytes) -> Events:
    """The events of a track that is well formed, up to where it is not."""
    place, status = 4, 0
    events: Events = []
    try:
        while place < len(chunk):
            wait, place = _number(chunk, place)
            if chunk[place] & 0x80:
                status, place = chunk[place], place + 1
            start = place
            if status in (0xF0, 0xF7, 0xFF):
                size, place = _number(chunk, place + (status == 0xFF))
                place += size
            else:
                place += 1 if status >> 4 in (0xC, 0xD) else 2
            if status == 0xFF and chunk[start] == 0x2F:
                break
            events.append((wait, bytes([status]) + chunk[start:place]))
    except IndexError:
        pass
    return events


def _number(chunk: bytes, place: int) -> tuple[int, int]:
    value = 0
    while True:
        byte = chunk[place]
        value, place = value << 7 | byte & 0x7F, place + 1
        if byte < 0x80:
            return value, place


def _told(value: int) -> bytes:
    """A number of variable length."""
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return bytes(reversed(found))


def _chunk(events: Events, *, running: bool) -> bytes:
    told, status = [], -1
    for wait, event in [*events, (0, END)]:
        same = running and event[0] == status and event[0] < 0xF0
        told.append(_told(wait) + (event[1:] if same else event))
        status = event[0]
    content = b"".join(told)
    return b"MTrk" + len(content).to_bytes(4) + content


def _meta(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + _told(len(content)) + content


def _new_event(rng: random.Random) -> bytes:
    channel, number = (
        rng.choice((0, 0, 0, 1, 9, 15)),
        rng.choice((0, 20, 60, 62, 64, 67, 72, 100, 127, rng.randrange(128))),
    )
    match rng.randrange(12):
        case 0:
            return bytes([0x90 | channel, number, rng.choice((0, 1, 80, 127))])
        case 1:
            return bytes([0x80 | channel, number, 64])
        case 2:
            return bytes([0xC0 | channel, rng.randrange(128)])
        case 3:
            return bytes([0xB0 | channel, rng.choice((7, 64, 120, 121, 123)), rng.choice((0, 127))])
        case 4:
            return bytes([0xE0 | channel, rng.randrange(128), rng.randrange(128)])
        case 5 | 6:
            return _meta(
                0x58,
                bytes(
                    [
                        rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 64, 65, 255)),
                        rng.choice((0, 1, 2, 3, 4, 6, 7, 255)),
                        24,
                        8,
                    ]
                ),
            )
        case 7:
            return _meta(0x59, bytes([rng.choice((0, 1, 4, 7, 8, 249, 253, 255, 128)), rng.choice((0, 1, 2))]))
        case 8:
            return _meta(0x51, rng.choice((b"\x07\xa1\x20", b"\0\0\0", b"\0\0\1", b"\xff\xff\xff", b"\x07")))
        case 9:
            return _meta(rng.choice((1, 2, 3, 3, 3, 4, 5, 6)), rng.choice(TITLES))
        case 10:
            return bytes([0xF0]) + _told(4) + b"abc\xf7"
        case _:
            return _meta(rng.choice((0x00, 0x20, 0x21, 0x54, 0x7F, 0x60)), bytes(rng.randrange(6)))


def _insert(tracks: list[Events], rng: random.Random) -> None:
    track = rng.choice(tracks)
    track.insert(rng.randrange(len(track) + 1), (rng.choice(TIMES[:16]), _new_event(rng)))


def _delete(tracks: list[Events], rng: random.Random) -> None:
    track = rng.choice(tracks)
    place = rng.randrange(len(track) + 1)
    del track[place : place + rng.choice((1, 1, 1, 2, 10))]


def _retime(tracks: list[Events], rng: random.Random) -> None:
    track = rng.choice(tracks)
    if track:
        place = rng.randrange(len(track))
        wait, event = track[place]
        track[place] = (rng.choice((rng.choice(TIMES), max(0, wait + rng.choice((-1, 1, 3, -10, 17, 60))))), event)


def _stretch(tracks: list[Events], rng: random.Random) -> None:
    """Every time of a track scaled, or moved a little, as a player has it."""
    at = rng.randrange(len(tracks))
    top, bottom, spread = rng.choice((1, 2, 3, 5)), rng.choice((1, 2, 3, 7)), rng.choice((0, 0, 5, 20, 60))
    tracks[at] = [(max(0, wait * top // bottom + rng.randint(-spread, spread)), event) for wait, event in tracks[at]]


def _late(tracks: list[Events], rng: random.Random) -> None:
    track = rng.choice(tracks)
    if track:
        track[0] = (track[0][0] + rng.choice((1, 5, 16, 60, 119, 240, 480, 100_000)), track[0][1])


def _again(tracks: list[Events], rng: random.Random) -> None:
    track = rng.choice(tracks)
    start = rng.randrange(len(track) + 1)
    track[start:start] = track[start : start + rng.choice((1, 4, 30, 100))] * rng.choice((1, 1, 2, 10))


def _whole(tracks: list[Events], rng: random.Random) -> None:
    """A track copied or taken away, or its notes moved to another channel or pitch."""
    at = rng.randrange(len(tracks))
    kind = rng.randrange(4)
    if kind == 0 and len(tracks) < 12:
        tracks.append(list(tracks[at]))
    elif kind == 1 and len(tracks) > 1:
        del tracks[at]
    else:
        channel, move = rng.choice((0, 3, 9)), rng.choice((0, 0, 1, -12, 12, 50))
        tracks[at] = [(wait, _moved(event, channel, move)) for wait, event in tracks[at]]


def _moved(event: bytes, channel: int, move: int) -> bytes:
    if event[0] >= 0xF0 or len(event) < 2:
        return event
    number = max(0, min(127, event[1] + move)) if event[0] < 0xA0 else event[1]
    return bytes([event[0] & 0xF0 | channel, number]) + event[2:]


CHANGES: tuple[Callable[[list[Events], random.Random], None], ...] = (
    _insert,
    _insert,
    _insert,
    _delete,
    _retime,
    _retime,
    _stretch,
    _late,
    _again,
    _whole,
)
