"""Files that are legal and rare, and files that are not what they say: all are read, or refused in one line."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi.chunks import MOST_TRACKS
from tunewright.formats.midi.melody_choice import SKYLINE, choose
from tunewright.formats.midi.reader import MOST_LINES, MOST_NOTES, parse_file
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.playing import soundings
from tunewright.support.errors import CorpusError, ParseError

QUARTER = b"\x83\x60"  # 480 ticks
END = b"\x00\xff\x2f\x00"
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def chunk(events: bytes) -> bytes:
    return b"MTrk" + len(events).to_bytes(4) + events


def midi(*tracks: bytes, form: int = 1, division: bytes = b"\x01\xe0") -> bytes:
    head = b"MThd\x00\x00\x00\x06" + form.to_bytes(2) + min(len(tracks), 0xFFFF).to_bytes(2) + division
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
    with pytest.raises(ParseError, match="no beat found"):
        parse_midi(midi(free + END), "x.mid")


GOOD = to_midi(parse_abc("X:1\nM:6/8\nL:1/8\nK:D\nA|dcd efg|fed cBA|d3 d2|]\n")[0])


def refusal(content: bytes) -> str:
    """Why a file is refused, or "" where it is read, soundly, and comes back from ABC as it is."""
    try:
        tune = parse_midi(content, "x.mid")
    except ParseError as error:
        return str(error)
    assert not tune.form_errors
    (back,) = parse_abc(format_abc(tune))
    assert (back, back.title, back.tempos) == (tune, tune.title, tune.tempos)
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


# ------------------------------------------------------------------------------------------------ all that may come

LENGTHS = st.sampled_from([b"\0", b"\1", b"\x60", QUARTER, b"\x81\x70", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x7f"])
NUMBERS = st.integers(48, 84)
SIZES = st.sampled_from([b"\0", b"\1", b"\2", b"\3", b"\4", b"\x7f", b"\xff\xff\xff\x7f", b"\x80\x80\x80\x80\x01"])
EVENTS = st.one_of(
    st.builds(
        lambda on, number, velocity: bytes([on, number, velocity]),
        st.sampled_from([0x80, 0x90, 0x99, 0x9F]),
        NUMBERS,
        st.integers(0, 127),
    ),
    st.builds(lambda number, velocity: bytes([number, velocity]), NUMBERS, st.integers(0, 127)),  # running status
    st.builds(lambda on, number: bytes([0x90, on, 80]) + QUARTER + bytes([0x80, on, number]), NUMBERS, NUMBERS),
    st.builds(
        lambda kind, size, data: b"\xff" + bytes([kind]) + size + data,
        st.integers(0, 127),
        SIZES,
        st.binary(max_size=6),
    ),
    st.builds(lambda data: b"\xff\x51\x03" + data, st.binary(min_size=3, max_size=3)),  # tempo, 0 too
    st.builds(lambda data: b"\xff\x58\x04" + data, st.binary(min_size=4, max_size=4)),
    st.builds(lambda data: b"\xff\x59\x02" + data, st.binary(min_size=2, max_size=2)),
    st.builds(
        lambda kind, size, data: bytes([kind]) + size + data,
        st.sampled_from([0xF0, 0xF7]),
        SIZES,
        st.binary(max_size=6),
    ),
    st.sampled_from([b"\xf1\0", b"\xf8", b"\xfe", b"\xc0\x10", b"\xe0\0\x40", b"\xb0\x07\x40", b"\xff\x2f\0"]),
)
TRACKS = st.lists(st.tuples(LENGTHS, EVENTS), max_size=40).map(
    lambda found: b"".join(time + event for time, event in found)
)
DIVISIONS = st.sampled_from(
    [b"\x01\xe0", b"\0\x01", b"\0\0", b"\x7f\xff", b"\xe8\x28", b"\xe7\0", b"\xe3\xff", b"\x80\x01", b"\xff\xff"]
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file that is nearly right: lying about lengths, cut short, in a wrapper, with bits turned."""
    content = bytearray(
        midi(*draw(st.lists(TRACKS, max_size=4)), form=draw(st.integers(0, 3)), division=draw(DIVISIONS))
    )
    if draw(st.booleans()) and len(content) > 22:  # the first track is said to be longer or shorter
        content[18:22] = draw(st.sampled_from([0, 1, len(content), 2**31, 2**32 - 1])).to_bytes(4)
    if draw(st.booleans()):  # so is the head, or there are said to be more tracks
        content[4:8] = draw(st.sampled_from([0, 5, 6, 7, 2**32 - 1])).to_bytes(4)
        content[10:12] = b"\xff\xff"
    for place in draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] ^= 1 << draw(st.integers(0, 7))
    cut = draw(st.integers(0, len(content)))
    content = content[: cut or None]
    return b"RIFF\0\0\0\0RMIDdata\0\0\0\0" * draw(st.integers(0, 3)) + bytes(content)


@settings(max_examples=400, deadline=None)
@given(files())
def test_files_that_are_nearly_right_are_read_or_refused_in_one_line(content: bytes) -> None:
    assert in_one_line(refusal(content))


def test_whatever_is_in_a_folder_is_counted(tmp_path: Path) -> None:
    chance = random.Random(5)
    for number in range(150):
        content = bytearray(GOOD)
        for _ in range(chance.randrange(6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        del content[chance.choice((len(content), chance.randrange(len(content)))) :]
        (tmp_path / f"{number}.mid").write_bytes(content if number % 10 else chance.randbytes(chance.randrange(200)))
    corpus = read_corpus(tmp_path, cache=False)
    assert corpus.read + len(corpus.dropped) == 150
    assert not [item for item in corpus.dropped if "mistake" in item.reason or "process" in item.reason]
    assert all("\n" not in item.reason for item in corpus.dropped)


# what takes long or much in other readers: each is refused, or comes to a tune of a size that can be written
HEAVY = {
    "a million notes at once": midi(b"\0\x90\x3c\x50" * 10**6 + END),
    "more tracks than a head can tell": midi(*[END] * (MOST_TRACKS + 2)),
    "65,535 tracks with a note each": midi(*[line((60,))] * MOST_TRACKS),
    "two million silences of a day": midi(b"\xff\xff\xff\x7f\xb0\x07\x40" * 300_000 + END),
    "bars of a 64th": midi(b"\0\xff\x58\x04\x01\x06\x18\x08" + line(SCALE * 500)),
    "two thousand metres": midi(b"\x60\xff\x58\x04\x03\x03\x18\x08" * 2000 + END, line(SCALE * 50)),
    "nine thousand metres": midi(b"\x60\xff\x58\x04\x03\x03\x18\x08" * 9000 + END, line(SCALE * 50)),
    "chords of 99": midi(
        (b"".join(b"\0\x90" + bytes([n, 80]) for n in range(20, 119)) + QUARTER + b"\x80\x14\0") * 900 + END
    ),
    "offs without ons": midi(b"\0\x80\x3c\0" * 300_000 + END),
    "a name of a megabyte": midi(b"\0\xff\x03\xc0\x80\x00" + b"x" * 2**20 + line(SCALE)),
}


@pytest.mark.parametrize("content", HEAVY.values(), ids=HEAVY)
def test_what_is_heavy_is_refused_or_bounded(content: bytes) -> None:
    message = refusal(content)
    assert in_one_line(message)
    assert len(message) < 300
    if not message:
        tune = parse_midi(content, "x.mid")
        assert len(tune.music) < 60_000
        assert len(tune.title) <= 200


def test_there_are_at_most_so_many_tracks_with_notes() -> None:
    parse_file(midi(*[line((60,))] * MOST_LINES), "x.mid")
    with pytest.raises(ParseError, match="more than 1024 tracks with notes; expected a tune"):
        parse_file(midi(*[line((60,))] * (MOST_LINES + 1)), "x.mid")


def test_short_pickups_written_as_bars_are_read() -> None:
    pickup = b"\0\xff\x58\x04\x01\x04\x18\x08" + b"\x78\xff\x58\x04\x04\x02\x18\x08" + END  # 1/16, then 4/4
    tune = parse_midi(midi(pickup, line(SCALE * 3)), "x.mid")
    assert [note.pitch.midi for note in soundings(tune)] == list(SCALE * 3)


def test_flaws_of_many_tracks_are_one_repair_each() -> None:
    content = midi(*[line(SCALE)[: -len(END)]] * 5)
    told = {repair.what: repair.detail for repair in parse_file(content, "x.mid").repairs}
    assert told == {"a track without an end": "5"}


def test_a_folder_of_nothing_but_damage_says_what_was_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"text")
    with pytest.raises(CorpusError, match=r"no tune could be read, 1 dropped, the first: .*a\.mid:1: begins with"):
        read_corpus(tmp_path)


# ------------------------------------------------------------------------------------------------ broken, and read


def on(numbers: tuple[int, ...]) -> bytes:
    """Quarters under running status: no status byte."""
    return b"".join(b"\0" + bytes([n, 80]) + QUARTER + bytes([n, 0]) for n in numbers)


@pytest.mark.parametrize(
    "between", [b"\0\xff\x01\x01x", b"\0\xf0\x02\x01\xf7", b"\0\xf7\x01\x05", b"\0\xf8", b"\0\xff\x51\3\7\xa1\x20"]
)
def test_running_status_goes_on_after_other_events(between: bytes) -> None:
    events = b"\0\x90" + on(SCALE[:3])[1:] + between + between + on(SCALE[3:])
    assert pitches(midi(events + END)) == list(SCALE)


STATED = b"\0\xff\x58\x04\x04\x02\x18\x08"
BARS = STATED + line(SCALE * 2)  # four bars of 4/4


def test_a_file_that_breaks_off_keeps_its_whole_notes() -> None:
    content = midi(BARS)
    for cut in (1, 2, 3, 4):
        assert [s.pitch.midi for s in soundings(parse_midi(content[:-cut], "x.mid"))] == list(SCALE * 2)
        assert "the file is cut short" in repairs(content[:-cut])
    for cut in range(5, len(content) - 14):
        message = refusal(content[:-cut])
        kept = parse_midi(content[:-cut], "x.mid") if not message else None
        whole = (len(BARS) - len(STATED) - cut) // 9  # notes that have ended
        assert (kept is not None) >= (whole >= 4), message
        assert (kept is None) >= (whole < 3), message
        if kept is not None:
            assert len(soundings(kept)) - whole in (0, 1)  # the last one may sound up to the cut
        else:
            assert in_one_line(message)


def test_a_file_of_less_than_a_bar_says_where_it_breaks_off() -> None:
    content = midi(BARS)
    stop = 22 + len(STATED) + 2 * 9 + 1
    with pytest.raises(ParseError, match=f"^x.mid: cut short at byte {stop}: an event runs over the end of the track$"):
        parse_midi(content[:stop], "x.mid")


def test_a_melody_before_what_is_broken_is_whole() -> None:
    content = midi(BARS, line((40, 42))[:15] + b"\x90\xff\xff\xff" + END)
    assert [s.pitch.midi for s in soundings(parse_midi(content, "x.mid"))] == list(SCALE * 2)
    assert "broken inside a track, read up to there" in repairs(content)
    assert [s.pitch.midi for s in soundings(parse_midi(midi(BARS, line((40, 42)))[:-12], "x.mid"))] == list(SCALE * 2)


def test_no_notes_is_said_with_what_may_be_why() -> None:
    content = midi(b"\0\x90\x3c\x50\0\x80\x3c\0" + END)
    with pytest.raises(ParseError, match=r"no notes \(notes without length left out: 1\); expected a melody"):
        parse_midi(content, "x.mid")


@pytest.mark.parametrize(("code", "rate"), [(0xE8, 24.0), (0xE7, 25.0), (0xE3, 30000 / 1001), (0xE2, 30.0)])
def test_video_frames_of_every_rate_make_even_bars(code: int, rate: float) -> None:
    quarter = rate * 80 * 0.5  # ticks, 80 to a frame
    events, before = b"", 0
    for number in range(64):
        for time, status in ((number * quarter, 0x90), ((number + 1) * quarter, 0x80)):
            wait = round(time) - before
            before += wait
            events += bytes([0x80 | wait >> 7, wait & 0x7F, status, SCALE[number % 8], 80])
    tune = parse_midi(midi(STATED + events + END, division=bytes([code, 80])), "x.mid")
    assert {s.length for s in soundings(tune)} == {Fraction(1, 4)}
    assert len(soundings(tune)) == 64


def test_the_title_of_a_karaoke_file() -> None:
    words = b"\0\xff\x03\x0dSoft karaoke " + b"\0\xff\x01\x09@TCarrick" + b"\0\xff\x01\x06@TBand" + END
    assert parse_midi(midi(words, line(SCALE)), "x.kar").title == "Carrick"


def test_a_guessed_encoding_is_recorded_once() -> None:
    name = "Калинка".encode("cp1251")
    tune = parse_midi(midi(line(SCALE, name=name), line(SCALE, name=name)), "x.mid")
    assert tune.title == "Калинка"
    assert [repair.detail for repair in tune.repairs if "encoding" in repair.what] == ["cp1251"]


# ------------------------------------------------------------------------------------------------ bounded work


def pair(wait: int, held: int, meter: bytes, division: int) -> bytes:
    """Two notes, so many quarters apart, the first held for so many."""

    def later(quarters: int) -> bytes:
        ticks, groups = quarters * division, [0]
        groups[0], ticks = ticks & 0x7F, ticks >> 7
        while ticks:
            groups.append(0x80 | ticks & 0x7F)
            ticks >>= 7
        return bytes(groups[::-1])

    first = b"\0\x90\x3c\x50" + later(held) + b"\x80\x3c\0"
    events = b"\0\xff\x58\x04" + meter + b"\x18\x08" + first + later(wait) + b"\x90\x3e\x50" + later(1) + b"\x80\x3e\0"
    return midi(events + END, division=division.to_bytes(2))


@pytest.mark.parametrize("division", [1, 2, 24, 480])
@pytest.mark.parametrize("meter", [b"\1\2", b"\1\3", b"\1\6", b"\4\2", b"\3\3"])
@pytest.mark.parametrize(("wait", "held"), [(16_000, 1), (0, 16_000), (900, 1), (0, 900)])
def test_two_notes_far_apart_make_few_bars(division: int, meter: bytes, wait: int, held: int) -> None:
    content = pair(wait, held, meter, division)
    message = refusal(content)
    if message:
        assert "bars shorter than a quarter note; expected at most 1000" in message
        return
    tune = parse_midi(content, "x.mid")
    assert len(tune.music) <= 600
    assert {"long silences shortened", "notes of more than 64 whole notes shortened"} & {r.what for r in tune.repairs}


def test_more_bars_than_any_music_has_are_refused() -> None:
    waits = STATED.replace(b"\x04\x04\x02", b"\x04\x01\x02") + line(tuple(60 + n % 7 for n in range(5000)))
    with pytest.raises(ParseError, match="5,000 bars; expected at most 4,096"):
        parse_midi(midi(waits), "x.mid")


def test_a_million_chunks_of_other_kinds_are_passed_over() -> None:
    content = midi(line(SCALE))
    content = content[:14] + b"abcd\0\0\0\0" * 10**6 + content[14:]
    assert pitches(content) == list(SCALE)
