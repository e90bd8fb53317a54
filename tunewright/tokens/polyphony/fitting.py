"""What a vocabulary of MidiTok is told, read off the training pieces.

In: pieces. Out: MidiTok's settings (the grid, the range of pitches, metres, tempi), and a number for each part, so that
four parts for piano stay four. This file encodes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tunewright.music.piece import TICKS, Piece
from tunewright.support.errors import TokenError
from tunewright.tokens.polyphony.vocabulary import DRUM_PROGRAM, MOST_PARTS, Slot

GRIDS = (4, 8, 12, 24)  # steps of a quarter note
ON_GRID = 0.98  # share of the onsets that a grid has to hold
PERFORMED_GRID = 12  # steps, where no grid holds enough of them
NAMED_OFTEN = 0.02  # share of the pieces from which on a name is a part of its own
LONGEST_NOTE = 64  # beats; what is longer is cut
FINE_UP_TO = 4  # beats up to which lengths are on the grid; longer ones on quarters of a beat
MOST_BINS = 32  # velocities and tempi, where there are several


def vocabulary_settings(
    kind: str,
    pieces: Sequence[Piece],
    slots: Sequence[Slot],
    velocities: set[int],
    tempos: Counter[int],
    transposed_by: int,
) -> dict[str, Any]:
    """What MidiTok is told, read off the training pieces."""
    pitches = [note.number for piece in pieces for part in piece.parts if not part.drums for note in part.notes]
    drums = [note.number for piece in pieces for part in piece.parts if part.drums for note in part.notes]
    grid = grid_of(pieces)
    longest = max((note.end - note.onset for piece in pieces for part in piece.parts for note in part.notes), default=0)
    finest = max([4, *(meter.denominator for piece in pieces for meter in piece.meters)])
    beats = min(LONGEST_NOTE, -(-longest * finest // (4 * TICKS)))  # of the shortest kind: eighths in 6/8
    lengths = {(0, FINE_UP_TO): grid} | ({(FINE_UP_TO, beats): min(grid, 4)} if beats > FINE_UP_TO else {})
    quarters = sorted({60e6 / tempo for tempo in tempos})
    settings: dict[str, Any] = {
        "pitch_range": (
            max(0, min(pitches, default=60) - transposed_by),
            min(127, max(pitches, default=60) + transposed_by) + 1,
        ),
        "drums_pitch_range": (min(drums, default=35), max(drums, default=81) + 1),
        "use_pitchdrum_tokens": bool(drums),
        "beat_res": lengths,
        "num_velocities": MOST_BINS,
        "use_velocities": len(velocities) > 1,
        "special_tokens": ["PAD"],
        "use_programs": True,
        "one_token_stream_for_programs": True,
        "programs": [*([DRUM_PROGRAM] if drums else []), *range(len(slots))],
        "use_time_signatures": True,
        "time_signature_range": _meters(pieces),
        "use_tempos": len(quarters) > 1 and kind != "pertok",  # which writes tempi that it cannot read
        "num_tempos": MOST_BINS,
        "tempo_range": (quarters[0], quarters[-1]) if len(quarters) > 1 else (40, 250),
        "delete_equal_successive_tempo_changes": True,
        "delete_equal_successive_time_sig_changes": True,
        "encode_ids_split": "no",
    }
    bars = max((len(piece.bar_lines) for piece in pieces), default=1)
    if kind in ("octuple", "mumidi"):
        settings["max_bar_embedding"] = bars + bars // 2 + 1
    if kind == "mmm":
        settings["base_tokenizer"] = "REMI"
    if kind == "pertok":
        settings |= {
            "ticks_per_quarter": TICKS,
            "use_microtiming": False,
            "max_microtiming_shift": 0.125,
            "num_microtiming_bins": 30,
        }
    return settings


def grid_of(pieces: Iterable[Piece]) -> int:
    """The fewest steps of a quarter on which `ON_GRID` of all onsets lie; `PERFORMED_GRID` where none holds them."""
    onsets = Counter(note.onset % TICKS for piece in pieces for part in piece.parts for note in part.notes)
    total = sum(onsets.values())
    for steps in GRIDS:
        step = TICKS // steps
        near = sum(count for onset, count in onsets.items() if min(onset % step, step - onset % step) <= 1)
        if near >= ON_GRID * total:
            return steps
    return PERFORMED_GRID


def _meters(pieces: Sequence[Piece]) -> dict[int, list[int]]:
    """The numerators by denominator; 4/4 is always among them, being what no metre means."""
    found = {(meter.numerator, meter.denominator) for piece in pieces for meter in piece.meters} | {(4, 4)}
    return {bottom: sorted(top for top, other in found if other == bottom) for bottom in sorted({b for _, b in found})}


def usual_slots(pieces: Sequence[Piece]) -> tuple[Slot, ...]:
    """The parts that the pieces have, in the order in which they stand there; drums need none."""
    named = Counter(
        place for piece in pieces for place in {(p.program, p.name) for p in piece.parts if p.name and not p.drums}
    )
    usual = {place for place, count in named.items() if count >= max(2, NAMED_OFTEN * len(pieces))}
    places: dict[Slot, list[int]] = {}
    for piece in pieces:
        for place, slot in enumerate(_wanted(piece, usual)):
            if slot:
                places.setdefault(slot, []).append(place)
    counts = {slot: len(found) for slot, found in places.items()}
    frequent = sorted(counts, key=lambda slot: (-counts[slot], slot.program, slot.name, slot.nth))[:MOST_PARTS]
    return tuple(sorted(frequent, key=lambda slot: (sum(places[slot]) / len(places[slot]), slot.name, slot.nth)))


def _wanted(piece: Piece, usual: set[tuple[int, str]]) -> Iterator[Slot | None]:
    """The slot of every part; None for drums."""
    seen: Counter[tuple[int, str]] = Counter()
    for part in piece.parts:
        if part.drums:
            yield None
            continue
        place = (part.program, part.name if (part.program, part.name) in usual else "")
        yield Slot(*place, seen[place])
        seen[place] += 1


def assigned_slots(piece: Piece, slots: Sequence[Slot]) -> list[int]:
    """The number of every part's slot; TokenError where there is none."""
    numbers = {slot: number for number, slot in enumerate(slots)}
    usual = {(slot.program, slot.name) for slot in slots if slot.name}
    found = []
    for part, slot in zip(piece.parts, _wanted(piece, usual), strict=True):
        if slot is None:
            found.append(DRUM_PROGRAM)
        elif slot in numbers:
            found.append(numbers[slot])
        else:
            what = f"{part.name or 'a part'} (General MIDI program {part.program + 1})"
            raise TokenError(f"{what}, number {slot.nth + 1} of its kind: no training piece has it")
    return found
