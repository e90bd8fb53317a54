"""Files that are legal and rare, and files that are not what they say: all are read, or refused in one line."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tunewright.abcnotation import parse_abc
from tunewright.errors import ParseError
from tunewright.listening.melody_choice import SKYLINE, choose
from tunewright.midi import parse_midi, to_midi
from tunewright.midi_files import MOST_NOTES, parse_file

QUARTER = b"\x83\x60"  # 480 ticks
END = b"\x00\xff\x2f\x00"
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def chunk(events: bytes) -> bytes:
    return b"MTrk" + len(events).to_bytes(4) + events


def midi(*tracks: bytes, form: int = 1, division: bytes = b"\x01\xe0") -> bytes:
    head = b"MThd\x00\x00\x00\x06" + form.to_bytes(2) + len(tracks).to_bytes(2) + division
    return head + b"".join(map(chunk, tracks))


def line(numbers: tuple[int, ...], channel: int = 0, name: bytes = b"") -> bytes:
    title = b"\x00\xff\x03" + bytes([len(name)]) + name if name else b""
    on, off = 0x90 | channel, 0x80 | channel
    return title + b"".join(b"\0" + bytes([on, n, 80]) + QUARTER + bytes([off, n, 0]) for n in numbers) + END


def pitches(content: bytes, melody: str = "") -> list[int]:
    tune = parse_midi(content, "x.mid", melody=melody)
    return [note.pitch.midi for note in tune.notes]


def repairs(content: bytes) -> set[str]:
    return {repair.what for repair in parse_midi(content, "x.mid").repairs}


def test_formats_0_1_and_2() -> None:
    for form in (0, 1, 2):
        assert pitches(midi(line(SCALE), form=form)) == list(SCALE)
    two = midi(b"\0\xff\x58\x04\x03\x02\x18\x08" + END, line(SCALE), line((50, 52)), form=2)
    assert pitches(two) == list(SCALE)
    assert "format 2: only the first pattern with notes is read" in repairs(two)


def test_running_status_and_note_on_without_strength() -> None:
    events = b"\0\x90" + b"".join(bytes([n, 80]) + QUARTER + bytes([n, 0, 0]) for n in SCALE)
    assert pitches(midi(events[:-1] + END)) == list(SCALE)


def test_a_track_without_an_end_and_notes_without_one() -> None:
    content = midi(line(SCALE)[: -len(END)])
    assert pitches(content) == list(SCALE)
    assert "a track without an end" in repairs(content)
    hanging = midi(line(SCALE)[: -len(END)] + b"\0\x90\x3c\x50" + QUARTER + b"\xff\x2f\0")
    assert pitches(hanging) == [*SCALE, 60]
    assert "notes that never end, ended with their track" in repairs(hanging)


def test_zero_lengths_are_left_out_and_overlaps_are_cut() -> None:
    zero = midi(b"\0\x90\x3c\x50\0\x80\x3c\0" + line(SCALE))
    assert pitches(zero) == list(SCALE)
    assert "notes without length left out" in repairs(zero)
    overlapping = b"\0\x90\x3c\x50" + QUARTER + b"\x90\x3e\x50\x60\x80\x3c\0" + QUARTER + b"\x80\x3e\0" + END
    tune = parse_midi(midi(overlapping), "x.mid")
    assert [note.pitch.midi for note in tune.notes][:2] == [60, 62]
    assert not tune.irregular


def test_video_frames_and_several_tempi() -> None:
    frames = midi(line(SCALE), division=b"\xe8\x28")  # 24 frames of 40: 480 to a quarter at 120
    assert len(pitches(frames)) == len(SCALE)
    assert "time in video frames, a tempo assumed" in repairs(frames)
    tempi = b"".join(b"\x00\xff\x51\x03" + us.to_bytes(3) for us in (500000, 400000, 600000))
    assert pitches(midi(tempi + END, line(SCALE))) == list(SCALE)


def test_a_riff_file_is_read() -> None:
    content = midi(line(SCALE))
    assert pitches(b"RIFF" + (len(content) + 12).to_bytes(4, "little") + b"RMIDdata" + bytes(4) + content) == list(
        SCALE
    )


def test_drums_alone_are_no_melody() -> None:
    with pytest.raises(ParseError, match="8 drum notes; expected a melody"):
        parse_midi(midi(line(SCALE, channel=9)), "x.mid")


def test_a_silence_of_a_gigabyte_is_shortened() -> None:
    late = b"".join(b"\xff\xff\xff\x7f\xb0\x07\x40" for _ in range(500))
    tune = parse_midi(midi(late + line(SCALE) + END), "x.mid")
    assert [note.pitch.midi for note in tune.notes] == list(SCALE)
    assert len(tune.measures) <= 20
    assert "long silences shortened" in {repair.what for repair in tune.repairs}


def test_the_melody_that_is_asked_for() -> None:
    content = midi(line(SCALE, name=b"Fiddle"), line(tuple(n - 24 for n in SCALE), channel=1, name=b"Cello"))
    low = [n - 24 for n in SCALE]
    assert pitches(content) == list(SCALE)
    assert pitches(content, "cello") == pitches(content, "2") == low
    assert pitches(content, SKYLINE) == list(SCALE)
    with pytest.raises(ParseError, match=r"no track 'oboe'; it has 1 'Fiddle', 2 'Cello'"):
        parse_midi(content, "x.mid", melody="oboe")


def test_a_named_melody_is_taken_though_another_track_is_higher() -> None:
    content = midi(line(SCALE, name=b"Descant"), line(tuple(n - 12 for n in SCALE), channel=1, name=b"Melody"))
    notes, told = choose(parse_file(content, "x.mid"), "", "x.mid")
    assert [number for _, _, number, _ in notes] == [n - 12 for n in SCALE]
    assert told[0].detail == "2 of 2, Melody"


def test_too_many_notes_are_refused_quickly() -> None:
    flood = b"".join(b"\0\x90\x3c\x50" for _ in range(MOST_NOTES + 1))
    with pytest.raises(ParseError, match="more than 200000 notes"):
        parse_midi(midi(flood), "x.mid")
    bar = b"".join(b"\0\x90\x3c\x50" for _ in range(5000)) + b"\x60" + b"\x80\x3c\0\0" * 5000
    with pytest.raises(ParseError, match="expected at most 128 to a whole note"):
        parse_midi(midi(bar[:-1] + END), "x.mid")


def test_notes_without_a_beat_are_refused() -> None:
    chance = random.Random(1)
    free = b"".join(
        bytes([0x80 | (wait := chance.randrange(200, 1200)) >> 7, wait & 0x7F, 0x90, n, 80, 0x50, 0x80, n, 0])
        for n in SCALE * 12
    )
    with pytest.raises(ParseError, match="keep no beat"):
        parse_midi(midi(free + END), "x.mid")


GOOD = to_midi(parse_abc("X:1\nM:6/8\nL:1/8\nK:D\nA|dcd efg|fed cBA|d3 d2|]\n")[0])


def refusal(content: bytes) -> str:
    """Why a file is refused, or "" where it is read, soundly."""
    try:
        tune = parse_midi(content, "x.mid")
    except ParseError as error:
        return str(error)
    assert not tune.form_errors
    return ""


def in_one_line(message: str) -> bool:
    return not message or (message.startswith("x.mid: ") and "\n" not in message)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(14, len(GOOD) - 1), st.integers(0, 255)), max_size=12), st.binary(max_size=40))
@example([(20, 255)], b"")
def test_damaged_files_are_read_or_refused_in_one_line(changes: list[tuple[int, int]], more: bytes) -> None:
    content = bytearray(GOOD)
    for place, byte in changes:
        content[place] = byte
    assert in_one_line(refusal(bytes(content) + more))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_events_are_read_or_refused(events: bytes) -> None:
    assert in_one_line(refusal(midi(events)))
