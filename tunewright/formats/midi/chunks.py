"""Where the events of each track stand in a MIDI file, whatever stands around them.

In: the bytes of a file. Out: `Layout`, or `ParseError` where there is no head or no track. Lengths that are not true,
a wrapper, junk before, between and after the tracks, and an end that is missing cost what they hide and no more: what
was passed over is in `Layout.flaws`. Events are read in `reader`.
Source: Standard MIDI Files 1.0, "Chunks"; RP-029 (RMID) for the wrapper.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tunewright.support.errors import ParseError

HEAD, TRACK = b"MThd", b"MTrk"
HEAD_BYTES = 14
MOST_BEFORE = 1024  # bytes before the head: a wrapper's own, or what a mail program or an old Macintosh put there
MOST_TRACKS = 65_535  # as many as a head can tell
MOST_FOREIGN = 1000  # chunks of other kinds one after another; sequencers write two or three
END_OF_TRACK = b"\xff\x2f\x00"
CUT = "the file is cut short"
JUNK = "bytes that belong to no track passed over"
FEWER = "fewer tracks than the head says"
LENGTH = "a track is not as long as it says, read to its end"


@dataclass
class Layout:
    """The head's form and division, where the events of each track begin and end, and what was not as it should be."""

    content: bytes
    form: int
    division: bytes
    tracks: list[tuple[int, int]] = field(default_factory=list)
    flaws: Counter[str] = field(default_factory=Counter)  # what, how often or how many bytes


def find_tracks(content: bytes, name: str) -> Layout:
    """Where what stands in a file; `name` stands in errors.

    Raises `ParseError` for what has no head, is cut short in it, or has no track.
    """
    flaws: Counter[str] = Counter()
    content = _from_head(content, name, flaws)
    if len(content) < HEAD_BYTES:
        raise ParseError(f"cut short in its head: {len(content)} bytes; expected at least {HEAD_BYTES}", name)
    layout = Layout(content, int.from_bytes(content[8:10]), content[12:14], flaws=flaws)
    position = 8 + int.from_bytes(content[4:8])
    if not _begins_chunk(content, position):
        position = HEAD_BYTES
    while (position := _next_track(layout, position)) >= 0:
        start = position + 8
        if start > len(content):
            break
        position = _end(layout, start, int.from_bytes(content[start - 4 : start]))
        layout.tracks.append((start, position))
        if len(layout.tracks) > MOST_TRACKS:
            raise ParseError(f"more than {MOST_TRACKS} tracks; expected at most as many as a head can tell", name)
    if not layout.tracks:
        raise ParseError("no tracks; expected at least one", name)
    layout.flaws[FEWER] += max(0, int.from_bytes(content[10:12]) - len(layout.tracks))
    return layout


def _from_head(content: bytes, name: str, flaws: Counter[str]) -> bytes:
    """The file from its head on, out of a RIFF wrapper or from behind what stands before it."""
    if content.startswith(HEAD):
        return content
    if content[:4] == b"RIFF" and content[8:12] == b"RMID" and (inside := _unwrapped(content)):
        return inside
    before = content.find(HEAD, 0, MOST_BEFORE)
    if before < 0:
        found = "an empty file, " * (not content) + f"begins with {content[:4]!r}"
        raise ParseError(f"{found}; expected a MIDI file, which begins with {HEAD!r}", name)
    flaws[JUNK] += before
    return content[before:]


def _unwrapped(content: bytes) -> bytes:
    """The data chunk of a RIFF file, behind as many others as there are; b"" where none holds a MIDI file."""
    position = 12
    while position + 8 <= len(content):
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        start = position + 8
        if content[position : position + 4] == b"data" and content.startswith(HEAD, start):
            return content[start : start + size] if size >= HEAD_BYTES else content[start:]
        position = start + size + size % 2
    return b""


def _begins_chunk(content: bytes, position: int) -> bool:
    """Whether a chunk begins here, or the file ends."""
    kind = content[position : position + 4]
    if position == len(content) or kind == TRACK:
        return True
    return len(kind) == 4 and all(0x20 <= byte < 0x7F for byte in kind) and position + 8 <= len(content)


def _next_track(layout: Layout, position: int) -> int:
    """Where the next track chunk begins, other chunks and junk passed over; -1 without one."""
    content = layout.content
    for _ in range(MOST_FOREIGN):
        if position >= len(content):
            return -1
        if content.startswith(TRACK, position):
            return position
        after = position + 8 + int.from_bytes(content[position + 4 : position + 8])
        if not (_begins_chunk(content, position) and after < len(content) and _begins_chunk(content, after)):
            break
        position = after  # a chunk of another kind, which readers are to pass over
    found = content.find(TRACK, position)
    if found >= 0:
        layout.flaws[JUNK] += found - position
    return found


def _end(layout: Layout, start: int, size: int) -> int:
    """Where the events of a track end: where it says, or if that cannot be, at the next track or the file's end."""
    content, end = layout.content, start + size
    if end <= len(content) and (content.endswith(END_OF_TRACK, start, end) or _begins_chunk(content, end)):
        return end
    following = content.find(TRACK, start)
    if following >= 0:
        layout.flaws[LENGTH] += 1
        return following
    if end > len(content):
        layout.flaws[CUT] += 1
    elif content.find(END_OF_TRACK, start) < 0:
        return end
    else:
        layout.flaws[LENGTH] += 1
    return len(content)
