"""Where tracks stand in files whose lengths lie, that are wrapped, cut short, or hold what is no part of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.midi.test_reader import END, SCALE, chunk, line, midi
from tunewright.formats.midi.chunks import CUT, FEWER, JUNK, LENGTH, find_tracks
from tunewright.support.errors import ParseError

METRE = b"\0\xff\x58\x04\x04\x02\x18\x08" + END
TUNE = line(SCALE * 2)
TWO = midi(METRE, TUNE)
FIRST, SECOND = 18, 22 + len(METRE) + 4  # where the lengths of its tracks stand


def tracks(content: bytes) -> list[bytes]:
    layout = find_tracks(content, "x.mid")
    return [layout.content[start:stop] for start, stop in layout.tracks]


def flaws(content: bytes) -> dict[str, int]:
    return {what: count for what, count in find_tracks(content, "x.mid").flaws.items() if count}


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    inside = b"".join(kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + (4 + len(inside)).to_bytes(4, "little") + b"RMID" + inside


def test_a_sound_file_has_no_flaws() -> None:
    assert tracks(TWO) == [METRE, TUNE]
    assert flaws(TWO) == {}


@pytest.mark.parametrize("size", [0, 1, 20, len(METRE) + 1, 2000, 2**32 - 1])
def test_a_length_that_is_not_true_costs_nothing(size: int) -> None:
    for place in (FIRST, SECOND):
        content = TWO[:place] + size.to_bytes(4) + TWO[place + 4 :]
        assert tracks(content) == [METRE, TUNE]
        assert flaws(content) == ({CUT: 1} if place == SECOND and size > len(TUNE) else {LENGTH: 1})


def test_a_track_without_events_is_one() -> None:
    assert tracks(midi(b"", TUNE)) == [b"", TUNE]


@pytest.mark.parametrize("junk", [b"\0", b"\r\n", b"\0\0junkjunk\xff", b"JUNK\xff\xff\xff\xffabc", bytes(300)])
def test_junk_between_tracks_is_passed_over(junk: bytes) -> None:
    content = TWO[: SECOND - 4] + junk + TWO[SECOND - 4 :]
    assert tracks(content) == [METRE, TUNE]
    assert flaws(content) == {JUNK: len(junk)}


def test_chunks_of_other_kinds_are_passed_over_in_silence() -> None:
    other = b"XFIH\0\0\0\5MTrk!"
    content = TWO[: SECOND - 4] + other + TWO[SECOND - 4 :] + b"XFKM\0\0\0\1x"
    assert tracks(content) == [METRE, TUNE]
    assert flaws(content) == {}


def test_padding_at_the_end_is_passed_over() -> None:
    for padding in (b"\0", bytes(5), bytes(1000), b"\x1a" * 130):
        assert tracks(TWO + padding) == [METRE, TUNE]


@pytest.mark.parametrize("size", [0, 5, 2**32 - 1])
def test_the_length_of_the_head_is_not_relied_on(size: int) -> None:
    assert tracks(TWO[:4] + size.to_bytes(4) + TWO[8:]) == [METRE, TUNE]


def test_a_longer_head_is_skipped() -> None:
    assert tracks(TWO[:4] + (8).to_bytes(4) + TWO[8:14] + b"MT" + TWO[14:]) == [METRE, TUNE]


def test_wrappers() -> None:
    words = (b"LIST", b"INFOINAM" + (91).to_bytes(4, "little") + b"A title".ljust(91, b"\0"))
    for content in (riff((b"data", TWO)), riff(words, (b"data", TWO)), riff((b"data", TWO), words)):
        assert tracks(content) == [METRE, TUNE]
        assert flaws(content) == {}
    lying = riff(words, (b"data", TWO)).replace(len(TWO).to_bytes(4, "little") + b"MThd", bytes(4) + b"MThd")
    assert tracks(lying) == [METRE, TUNE]
    assert flaws(bytes(128) + TWO) == {JUNK: 128}  # as an old Macintosh wrote files


def test_a_file_that_ends_early() -> None:
    assert tracks(TWO[:-1]) == [METRE, TUNE[:-1]]
    assert flaws(TWO[:-1]) == {CUT: 1}
    assert flaws(TWO[: SECOND - 4]) == {FEWER: 1}
    with pytest.raises(ParseError, match="no tracks"):
        find_tracks(TWO[:20], "x.mid")
    with pytest.raises(ParseError, match="cut short in its head: 13 bytes"):
        find_tracks(TWO[:13], "x.mid")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"MTrk", b"MThd", b"RIFF", b"RMID", b"data", chunk(b""), TUNE, b"\0", b"\xff" * 4])))
def test_spans_follow_one_another_inside_the_file(parts: list[bytes]) -> None:
    try:
        layout = find_tracks(TWO[:14] + b"".join(parts), "x.mid")
    except ParseError:
        return
    assert all(start <= stop <= len(layout.content) for start, stop in layout.tracks)
    assert all(before[1] <= after[0] for before, after in zip(layout.tracks, layout.tracks[1:], strict=False))
