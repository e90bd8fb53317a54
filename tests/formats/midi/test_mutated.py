"""The law of every MIDI file, real or mutated: read and written as ABC or MIDI it is the same, or it is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest

from tests.formats.midi.test_reader import END, SCALE, chunk, line, midi
from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi.bars import parse_in_bars
from tunewright.formats.midi.pieces import parse_piece
from tunewright.formats.midi.pieces import to_midi as piece_to_midi
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.support.errors import ParseError

MUTATED = 300
EVENTS = (
    b"\0\xff\x58\x04\x03\x02\x18\x08",
    b"\x0f\xff\x58\x04\x07\x03\x18\x08",
    b"\x83\x60\xff\x58\x04\x01\x05\x18\x08",
    b"\0\xff\x59\x02\x03\x00",
    b"\x83\x60\xff\x59\x02\xfb\x01",
    b"\x81\x11\xff\x59\x02\x07\x00",
    b"\0\xff\x51\x03\x07\xa1\x20",
    b"\x87\x40\xff\x51\x03\x0c\xb7\x35",
    b"\0\xff\x03\x04100%",
    b"\0\xff\x03\x03%%x",
    b"\0\xff\x03\x05A\\&;b",
    b"\0\xf0\x02\x01\xf7",
    b"\xff\xff\xff\x7f\xb0\x07\x40",
    b"\x95\x11\xb0\x07\x40",
)
DIVISIONS = (b"\0\x01", b"\0\x07", b"\0\x60", b"\x01\x2b", b"\x01\xe0", b"\x7f\xff", b"\xe3\x50", b"\xe8\x28")
BYTES = (0, 1, 0x7F, 0x80, 0x90, 0xF0, 0xFF)


@cache
def seeds() -> tuple[bytes, ...]:
    """Files of real tunes, as written and as performed, and one of several tracks."""
    tunes = [tune for tune in real_tunes(8) if tune.notes]
    made = [to_midi(tune, performance=place % 2 == 1) for place, tune in enumerate(tunes)]
    return (*made, midi(EVENTS[0] + END, line(SCALE * 3), line((48, 50) * 8, channel=1)))


def changed(content: bytearray, rng: random.Random) -> None:
    """One change: a byte, some bytes gone, doubled or from elsewhere, an event, a division, a track."""
    place = rng.randrange(len(content))
    match rng.randrange(9):
        case 0:
            content[place] = rng.randrange(256)
        case 1:
            content[place] ^= 1 << rng.randrange(8)
        case 2:
            del content[place : place + rng.randrange(1, 9)]
        case 3:
            content[place:place] = rng.randbytes(rng.randrange(1, 5))
        case 4:
            other = rng.randrange(len(content))
            content[place:place] = content[other : other + rng.randrange(1, 60)]
        case 5:
            content[place:place] = rng.choice(EVENTS)
        case 6:
            content[place] = rng.choice(BYTES)
        case 7:
            content[12:14] = rng.choice(DIVISIONS)
        case _:
            content += chunk(line(tuple(rng.choices(range(40, 90), k=12)), channel=rng.randrange(16)))


def mutated(seed: int) -> bytes:
    """A file that is a real one but for some changes."""
    rng = random.Random(seed)
    content = bytearray(rng.choice(seeds()))
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8, 20))):
        changed(content, rng)
        content = content or bytearray(b"x")
    return bytes(content)


def as_abc(content: bytes) -> None:
    tune = parse_midi(content, "x.mid")
    (back,) = parse_abc(format_abc(tune))
    assert (back, back.title, back.tempos, back.key) == (tune, tune.title, tune.tempos, tune.key)


def as_midi(content: bytes) -> None:
    piece = parse_in_bars(content, "x.mid")
    assert parse_piece(piece_to_midi(piece), "x.mid") == piece


@pytest.mark.parametrize("law", [as_abc, as_midi])
def test_what_is_read_comes_back_and_the_rest_is_refused_in_one_line(law: Callable[[bytes], None]) -> None:
    refusals: list[str] = []
    for seed in range(MUTATED):
        try:
            law(mutated(seed))
        except ParseError as error:
            refusals.append(str(error))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    assert all(message.startswith("x.mid: ") and "\n" not in message for message in refusals)
    assert MUTATED // 20 < len(refusals) < MUTATED // 2
