"""Pieces as MIDI files.

In: a `Piece`. Out: the bytes of a Standard MIDI File (format 1, a track for each part), or a symusic score, from which
others make tokens. This file makes no sound (`sound`) and draws nothing (`piano_roll`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.music.piece import TICKS, Piece
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from symusic import core

LONGEST_TITLE = 120  # bytes: as many as one byte can tell


def to_score(piece: Piece) -> core.ScoreTick:
    """The piece as a symusic score in ticks, 480 to a quarter, a track for each part."""
    from symusic import core  # noqa: PLC0415 - heavy

    score = core.ScoreTick(TICKS)
    for time, numerator, denominator in piece.meters:
        score.time_signatures.append(core.TimeSignatureTick(time, numerator, denominator))
    for time, sharps, minor in piece.keys:
        score.key_signatures.append(core.KeySignatureTick(time, sharps, int(minor)))
    for time, microseconds in piece.tempos:
        score.tempos.append(core.TempoTick(time, mspq=microseconds))
    for part in piece.parts:
        track = core.TrackTick(part.name, part.program, part.drums)
        for onset, end, number, velocity in part.notes:
            track.notes.append(core.NoteTick(onset, end - onset, number, velocity))
        score.tracks.append(track)
    return score


def to_midi(piece: Piece) -> bytes:
    """The bytes of a Standard MIDI File; `parse_piece` reads the same piece back."""
    return _titled(bytes(to_score(piece).dumps_midi()), piece.title)


def _titled(content: bytes, title: str) -> bytes:
    """The file with a first track that holds its title alone."""
    name = title.encode()[:LONGEST_TITLE]
    if not name:
        return content
    events = b"\x00\xff\x03" + bytes([len(name)]) + name + b"\x00\xff\x2f\x00"
    tracks = int.from_bytes(content[10:12]) + 1
    return (
        content[:10] + tracks.to_bytes(2) + content[12:14] + b"MTrk" + len(events).to_bytes(4) + events + content[14:]
    )


def write_midi(piece: Piece, path: Path) -> None:
    """Write a piece as a Standard MIDI File. OutputError where it cannot be written."""
    replace_file(path, to_midi(piece))
