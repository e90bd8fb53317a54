"""Whether a piece of several parts is well formed, and otherwise what is wrong with it.

In: a `Piece`, from a model or from a file. Out: one line that says what is wrong, "" where nothing is. Well formed is
what holds for every piece read from a MIDI file without repair, is four bars long or more, and comes back the same from
the MIDI file that is written of it. This file repairs nothing and measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise

from tunewright.formats.midi.pieces import parse_piece, to_midi
from tunewright.music.form import FEWEST_BARS
from tunewright.music.piece import FASTEST_TEMPO, LONGEST, SLOWEST_TEMPO, TICKS, MeterAt, Part, Piece, PieceNote
from tunewright.support.errors import ParseError

LARGEST_SIGN = 255  # numerator that a time signature of a MIDI file can hold


def fault_of(piece: Piece) -> str:
    """What is wrong with a piece, the first thing found; "" where it is well formed.

    Well formed: every part has notes, in order, with numbers from 0 to 127, struck between 1 and 127, each longer than
    nothing; no part sounds one number twice at once; metres, keys and tempi are such as MIDI has, by time, and no metre
    begins within a bar; it was read without repair; it is four bars long or more and at most ten thousand whole notes;
    and `parse_piece(to_midi(piece))` equals it.
    """
    return next(chain(_events(piece), _of_parts(piece), _bars(piece), _repairs(piece), _round_trip(piece)), "")


# ------------------------------------------------------------------------------------------------ notes


def _of_parts(piece: Piece) -> Iterator[str]:
    if not piece.parts:
        yield "has no notes"
    for number, part in enumerate(piece.parts, 1):
        for fault in _of_part(part):
            yield f"part {number}{f' ({part.name})' if part.name else ''}: {fault}"
    if piece.length > LONGEST * 4 * TICKS:
        yield f"lasts {piece.length} ticks; expected at most {LONGEST * 4 * TICKS}"


def _of_part(part: Part) -> Iterator[str]:
    if not part.notes:
        yield "has no notes"
    if not 0 <= part.program < 128:
        yield f"program {part.program}; expected 0 to 127"
    for note in part.notes:
        yield from _of_note(note)
    if any((after.onset, after.number) < (note.onset, note.number) for note, after in pairwise(part.notes)):
        yield "its notes are not in order"
    sounding: dict[int, int] = {}  # number -> when it ends
    for note in part.notes:
        if sounding.get(note.number, 0) > note.onset:
            yield f"note {note.number} sounds twice at once at tick {note.onset}"
        sounding[note.number] = note.end


def _of_note(note: PieceNote) -> Iterator[str]:
    if not 0 <= note.number < 128:
        yield f"note {note.number} at tick {note.onset}; expected 0 to 127"
    if not 0 < note.velocity < 128:
        yield f"velocity {note.velocity} at tick {note.onset}; expected 1 to 127"
    if not 0 <= note.onset < note.end:
        yield f"a note from tick {note.onset} to {note.end}; expected to end after it begins"


# ------------------------------------------------------------------------------------------------ what holds for all


def _events(piece: Piece) -> Iterator[str]:
    """Before the notes: bar lines can be drawn only where the metres make sense."""
    for name, events in (("metres", piece.meters), ("keys", piece.keys), ("tempi", piece.tempos)):
        times = [event.time for event in events]
        if times != sorted(set(times)) or min(times, default=0) < 0:
            yield f"its {name} are not in order"
    for meter in piece.meters:
        if not _is_meter(meter):
            yield f"metre {meter.numerator}/{meter.denominator} at tick {meter.time}; expected one that MIDI has"
    for key in piece.keys:
        if not -7 <= key.sharps <= 7:
            yield f"a key of {key.sharps} sharps at tick {key.time}; expected -7 to 7"
    for tempo in piece.tempos:
        if not FASTEST_TEMPO <= tempo.microseconds <= SLOWEST_TEMPO:
            yield f"{tempo.microseconds} microseconds to a quarter at tick {tempo.time}; expected 10 to 1,000 quarters"


def _is_meter(meter: MeterAt) -> bool:
    return 0 < meter.numerator <= LARGEST_SIGN and meter.denominator in (1, 2, 4, 8, 16, 32, 64)


def _bars(piece: Piece) -> Iterator[str]:
    for meter, later in pairwise(piece.meters):
        if (later.time - meter.time) % meter.ticks and later.time != piece.pickup:
            yield f"metre {later.numerator}/{later.denominator} begins within a bar, at tick {later.time}"
    bars = len(piece.bar_lines)
    if bars < FEWEST_BARS:
        yield f"has {bars} bars, expected at least {FEWEST_BARS}"


def _repairs(piece: Piece) -> Iterator[str]:
    if piece.repairs:
        yield f"needs repair: {piece.repairs[0].what}"


def _round_trip(piece: Piece) -> Iterator[str]:
    """Last: writing a piece that breaks MIDI's ranges is not to be tried."""
    try:
        same = parse_piece(to_midi(piece), "piece.mid") == piece
    except ParseError as error:
        yield f"cannot be read back from MIDI: {error.reason}"
    else:
        if not same:
            yield "reads back from MIDI as another piece"
