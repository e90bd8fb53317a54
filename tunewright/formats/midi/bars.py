"""Where the bars of a piece are that a file does not say: a pickup, or the metre itself.

In: a `Piece` as read, or the bytes of its file. Out: the piece with what was found by its top line
(`listening.meter_finding`), which `Piece.inferred` says. Most programs write a metre at the beginning and leave out
that a pickup stands before the first full bar. What the file states is not changed, and nothing is found where the
music begins inside a bar already.
"""

from __future__ import annotations

from dataclasses import replace

from tunewright.formats.midi.bar_events import at_bar_lines
from tunewright.formats.midi.pieces import parse_piece
from tunewright.music.piece import TICKS, KeyAt, MeterAt, Piece, counted_meters, real_changes
from tunewright.music.tune import Inference, Meter

SURE = 0.7  # from this probability on: right in 88 of 100 of Bach's chorales (benchmarks/chorales.py), no pickup in 27
FEWEST_NOTES = 16  # of the top line


def parse_in_bars(content: bytes, name: str) -> Piece:
    """The piece of a MIDI file's bytes, as `parse_piece` reads it, in the bars that can be heard."""
    return with_bars(parse_piece(content, name))


def with_bars(piece: Piece) -> Piece:
    """The piece with the pickup, or metre and pickup, that its top line lets one hear; as it is where unsure."""
    stated = piece.meters[0] if piece.meters else None
    line = piece.skyline
    if piece.pickup or len(line) < FEWEST_NOTES or (stated and stated.time):
        return piece
    first = min(part.notes[0].onset for part in piece.parts)
    if first % (stated.ticks if stated else 4 * TICKS):
        return piece
    import numpy as np  # noqa: PLC0415 - heavy

    from tunewright.formats.midi.listening.meter_finding import UNIT, Melody, find_meter  # noqa: PLC0415

    unit = int(4 * TICKS * UNIT)
    onsets = np.array([note.onset // unit for note in line], dtype=np.int64)
    gaps = np.append(np.diff(onsets), max(1, (line[-1].end - line[-1].onset) // unit))
    melody = Melody(onsets, gaps, np.array([note.number for note in line], dtype=np.int64))
    found = find_meter(melody, Meter(stated.numerator, stated.denominator) if stated else None)
    if found is None or found.probability < SURE or line[0].onset != first:
        return piece
    pickup = int(found.upbeat * 4 * TICKS)
    return _settled(piece, found.meter if not stated else None, first + pickup if pickup else 0, found.probability)


def _settled(piece: Piece, meter: Meter | None, bar: int, probability: float) -> Piece:
    """The piece with this metre, where one was found, and its first full bar there."""
    meters = (MeterAt(0, meter.numerator, meter.denominator),) if meter else piece.meters
    what = []
    if meter:
        what.append(Inference("meter", str(meter), probability))
    if bar and (len(meters) == 1 or meters[1].time > bar):
        what.append(Inference("pickup", f"{bar / TICKS:g} quarters", probability))
        meters = (meters[0], meters[0]._replace(time=bar), *meters[1:])
    return replace(_counted(piece, meters), inferred=tuple(what)) if what else piece


def _counted(piece: Piece, meters: tuple[MeterAt, ...]) -> Piece:
    """The piece in these metres, later events where bars begin that are counted from them."""
    onsets = sorted({note.onset for part in piece.parts for note in part.notes})
    events = at_bar_lines(meters, piece.keys, onsets, TICKS)
    keys = real_changes(KeyAt(*event) for event in events.keys)
    return replace(piece, meters=counted_meters(MeterAt(*event) for event in events.meters), keys=keys)
