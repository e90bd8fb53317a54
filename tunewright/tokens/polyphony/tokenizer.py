"""Pieces of several parts as numbers: the vocabularies of MidiTok, one softmax for all of them.

In: `Piece`s. Out: lists of ids, and back. A vocabulary (REMI, Huang & Yang 2020, and nine others) is MidiTok's; its
settings are read off the training pieces: the grid, the range of pitches, metres, tempi, and a number for each part,
so that four parts for piano stay four. Where MidiTok describes a note by several tokens at once (compound words), these
follow one another here, so that every model can learn every vocabulary. With byte-pair encoding, tokens that often
follow one another are one id (Fradet et al. 2023). This file knows no model; what may follow what is `piece_rules`'s.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.formats.midi.pieces import settled, to_score
from tunewright.music.piece import (
    TICKS,
    USUAL_TEMPO,
    MeterAt,
    Part,
    Piece,
    PieceNote,
    TempoAt,
    counted_meters,
    from_first_note,
    in_full_bars,
    real_changes,
    transposed,
    transpositions,
)
from tunewright.music.tune import Repair
from tunewright.support.errors import ConfigError, TokenError

if TYPE_CHECKING:
    from symusic import core

MusicTokenizer = Any  # MidiTok's; it has no types
Follows = tuple[tuple[str, tuple[str, ...]], ...]

VOCABULARIES = {  # by the names that `tokens` takes; MidiTok's classes
    "beat": "BEAT",
    "cpword": "CPWord",
    "midilike": "MIDILike",
    "mmm": "MMM",
    "mumidi": "MuMIDI",
    "octuple": "Octuple",
    "pertok": "PerTok",
    "remi": "REMI",
    "structured": "Structured",
    "tsd": "TSD",
}
GRIDS = (4, 8, 12, 24)  # steps of a quarter note
ON_GRID = 0.98  # share of the onsets that a grid has to hold
PERFORMED_GRID = 12  # steps, where no grid holds enough of them
MOST_PARTS = 128  # that a vocabulary can tell apart
NAMED_OFTEN = 0.02  # share of the pieces from which on a name is a part of its own
LONGEST_NOTE = 64  # beats; what is longer is cut
FINE_UP_TO = 4  # beats up to which lengths are on the grid; longer ones on quarters of a beat
OUT_OF_ORDER = 0.001  # share of the notes that may stand out of order where the vocabulary has one
MOST_BINS = 32  # velocities and tempi, where there are several
DRUM_PROGRAM = -1  # MidiTok's
BEGINS_A_NOTE = frozenset({"Pitch", "PitchDrum", "NoteOn", "DrumOn"})
TELLS_TIME = frozenset({"Bar", "Position", "TimeShift", "Rest", "Beat", "Track"})
FORMAT = 1
_SAVED = ("config", "tokenization", "_vocab_base", "_model", "_vocab_base_byte_to_token")


@dataclass(frozen=True, slots=True)
class Slot:
    """What tells a part from the others: its instrument, its name where that is usual, and which of its like it is."""

    program: int
    name: str = ""
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Struck:
    """The last note that was told of those that begin together, and of which part the next one is."""

    program: int = 0
    last: tuple[int, int] = (-2, -1)  # program and number; below all there are

    def after(self, token: str) -> Struck | None:
        """The same after a token; None where a note comes that does not stand after the last one."""
        kind, _, value = token.partition("_")
        if kind in TELLS_TIME:
            return Struck(self.program)
        if kind == "Program":
            return Struck(int(value), self.last) if int(value) >= self.last[0] else None
        if kind in BEGINS_A_NOTE:
            note = (self.program, int(value))
            return Struck(self.program, note) if note > self.last else None
        return self


@dataclass(frozen=True)
class PieceTokenizer:
    """One of MidiTok's vocabularies, with the parts that it knows; `saved` is MidiTok's own description of it."""

    kind: str  # a key of `VOCABULARIES`
    saved: str
    slots: tuple[Slot, ...]
    velocity: int  # of every note, where the vocabulary tells none
    tempo: int  # microseconds to a quarter, likewise
    meter: tuple[int, int]  # likewise
    longest: int = 0  # ids of the longest training piece
    ordered: bool = False  # whether in them notes that begin together stand by part, then by number (nearly always)
    follows: Follows = ()  # in training pieces: the kinds of token that came after each context; "" is the end

    END = 0

    # ------------------------------------------------------------------------------------------------ fitting

    @classmethod
    def fit(cls, kind: str, pieces: Sequence[Piece], *, bpe: int = 0, transposed_by: int = 0) -> PieceTokenizer:
        """The vocabulary with all that these pieces need, and what up to `transposed_by` semitones away needs.

        `bpe` is how many ids it is to have with byte-pair encoding; 0 is without. ConfigError for an unknown kind, for
        a number that is too small, and for a vocabulary of compound words, which has no pairs to join.
        """
        if kind not in VOCABULARIES:
            raise ConfigError(f"tokens is {kind!r}; known: {', '.join(VOCABULARIES)}")
        slots = _slots(pieces)
        velocities = {note.velocity for piece in pieces for part in piece.parts for note in part.notes}
        tempos = Counter(tempo.microseconds for piece in pieces for tempo in piece.tempos)
        tokenizer = _build(kind, _settings(kind, pieces, slots, velocities, tempos, transposed_by))
        usual = tempos.most_common(1)[0][0] if tempos else USUAL_TEMPO
        meters = Counter(meter[1:] for piece in pieces for meter in piece.meters)
        meter = meters.most_common(1)[0][0] if meters else (4, 4)
        first = cls(kind, _save(tokenizer), slots, next(iter(velocities), 90), usual, meter)
        encoded = [ids for piece in pieces if (ids := first._encoded_or_none(piece))]
        found = replace(first, follows=first._learned(encoded), ordered=first._in_order(encoded))
        if bpe:
            ways = (transpositions(piece, transposed_by) for piece in pieces)
            moved = [
                transposed(piece, way[place * 5 % len(way)])  # each as often as the others
                for place, (piece, way) in enumerate(zip(pieces, ways, strict=True))
            ]
            texts = [ids for piece in moved if (ids := first._encoded_or_none(piece))]
            found = replace(found, saved=_save(first._with_pairs(texts, bpe)))
            encoded = [ids for piece in pieces if (ids := found._encoded_or_none(piece))]
        return replace(found, longest=max(map(len, encoded), default=1))

    def _encoded_or_none(self, piece: Piece) -> list[int] | None:
        try:
            return self.encode(piece)
        except TokenError:
            return None

    def _learned(self, encoded: Iterable[Sequence[int]]) -> Follows:
        """What followed what in pieces."""
        seen: dict[str, set[str]] = {}
        for ids in encoded:
            context = ""
            for number in ids:
                for token in self.tokens_of[number]:
                    seen.setdefault(context, set()).add(kind_of(token))
                    context = self.after(context, number, token)
            seen.setdefault(context, set()).add("")
        return tuple((context, tuple(sorted(seen[context]))) for context in sorted(seen))

    def _in_order(self, encoded: Iterable[Sequence[int]]) -> bool:
        """Whether notes that begin together stand by part, then by number, but for the few that the grid moved."""
        if self.compound:
            return False
        notes = others = 0
        for ids in encoded:
            struck = Struck()
            for token in (token for number in ids for token in self.tokens_of[number]):
                after = struck.after(token)
                notes += kind_of(token) in BEGINS_A_NOTE
                others += after is None
                struck = after or Struck(struck.program)
        return others <= OUT_OF_ORDER * notes

    def after(self, context: str, number: int, token: str) -> str:
        """The context after a token of an id: its kind, or, of compound words, the kinds of the word so far."""
        inside = self.compound and number >= self.offsets[1]
        return f"{context}/{kind_of(token)}" if inside else kind_of(token)

    @cached_property
    def following(self) -> dict[str, frozenset[str]]:
        """The kinds of token that may come after each context; "" where the piece may end."""
        return {context: frozenset(kinds) for context, kinds in self.follows}

    def _with_pairs(self, encoded: Sequence[Sequence[int]], size: int) -> MusicTokenizer:
        """MidiTok's tokenizer with byte-pair encoding learned from pieces."""
        tokenizer = self._load()
        if tokenizer.is_multi_voc:
            raise ConfigError(f"bpe is {size}, but {self.kind} describes notes by compound words; expected bpe=0")
        if size <= len(tokenizer):
            raise ConfigError(f"bpe is {size}, but {self.kind} has {len(tokenizer)} tokens already; expected more")
        with _quiet():
            texts = [["".join(tokenizer._ids_to_bytes(list(ids)))] for ids in encoded]
            tokenizer.train(vocab_size=size, model="BPE", iterator=texts)
        return tokenizer

    # ------------------------------------------------------------------------------------------------ MidiTok

    @cached_property
    def miditok(self) -> MusicTokenizer:
        """MidiTok's tokenizer."""
        return self._load()

    def _load(self) -> MusicTokenizer:
        with tempfile.TemporaryDirectory() as folder, _quiet():
            path = Path(folder) / "tokenizer.json"
            path.write_text(self.saved, encoding="utf-8")
            return _class_of(self.kind)(params=path)

    @cached_property
    def compound(self) -> bool:
        """Whether every note, or event, is a compound word: a fixed number of ids, one for each of its fields."""
        return bool(self.miditok.is_multi_voc)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Of compound words, the first id of each field; then how many ids there are."""
        assert self.compound
        return tuple(accumulate((len(field) for field in self.miditok.vocab), initial=1))

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every id in words, as MidiTok names tokens: "Pitch_60"; joined by + where it stands for several."""
        return ("END", *("+".join(tokens) for tokens in self.tokens_of[1:]))

    @cached_property
    def tokens_of(self) -> tuple[tuple[str, ...], ...]:
        """The tokens that every id stands for, one unless pairs were joined; none for the end."""
        tokenizer = self.miditok
        if self.compound:
            return ((), *((token,) for field in tokenizer.vocab for token in _in_order(field)))
        if not tokenizer.is_trained:
            return ((), *((token,) for token in _in_order(tokenizer.vocab)[1:]))
        joined = tokenizer._vocab_learned_bytes_to_tokens
        ordered = _in_order(tokenizer.vocab_model or {})
        return ((), *(tuple(joined[sign]) for sign in ordered[1:]))

    # ------------------------------------------------------------------------------------------------ encoding

    def encode(self, piece: Piece) -> list[int]:
        """The ids of a piece, without end. TokenError where it has a part, metre or pitch that no training piece had.

        Onsets and lengths are moved to the grid, velocities and tempi to the nearest that the vocabulary has.
        """
        tokenizer = self.miditok
        score = self._score(piece)
        self._check(piece, score)
        with _quiet():
            found = tokenizer.encode(score)
        rows = [row for seq in (found if isinstance(found, list) else [found]) for row in seq.ids]
        if not self.compound:
            return rows
        return [start + number for row in rows for start, number in zip(self.offsets, row, strict=False)]

    def _score(self, piece: Piece) -> core.ScoreTick:
        """The piece for MidiTok: each part under a program of its own, which stands for a slot."""
        from symusic import core  # noqa: PLC0415 - heavy

        score = to_score(in_full_bars(piece))
        tracks: dict[int, core.TrackTick] = {}
        for track, slot in zip(list(score.tracks), _assigned(piece, self.slots), strict=True):
            if slot == DRUM_PROGRAM and slot in tracks:
                tracks[slot].notes.extend(track.notes)
                continue
            tracks[slot] = core.TrackTick(track.name, max(slot, 0), slot == DRUM_PROGRAM)
            tracks[slot].notes.extend(track.notes)
        score.tracks = core.ScoreTick(TICKS).tracks
        for slot in sorted(tracks):
            score.tracks.append(tracks[slot])
        return score

    def _check(self, piece: Piece, score: core.ScoreTick) -> None:
        config = self.miditok.config
        for track in score.tracks:
            low, high = config.drums_pitch_range if track.is_drum else config.pitch_range
            if outside := next((note.pitch for note in track.notes if not low <= note.pitch < high), None):
                what = "drum" if track.is_drum else "note"
                raise TokenError(f"a {what} of number {outside}; the training pieces have {low} to {high - 1}")
        if config.use_time_signatures:
            for meter in piece.meters:
                if (meter.numerator, meter.denominator) not in self.meters:
                    raise TokenError(f"metre {meter.numerator}/{meter.denominator}, which no training piece has")

    @cached_property
    def meters(self) -> frozenset[tuple[int, int]]:
        """The metres that it knows."""
        ranges: dict[int, Sequence[int]] = self.miditok.config.time_signature_range
        return frozenset((top, bottom) for bottom, tops in ranges.items() for top in tops)

    # ------------------------------------------------------------------------------------------------ decoding

    def decode(self, ids: Sequence[int]) -> Piece:
        """The piece that these ids spell, up to the first end; TokenError where they spell none.

        A note that begins twice at once in a part is one note; how many did is in `Piece.repairs`.
        """
        ids = list(ids)
        ids = ids[: ids.index(self.END)] if self.END in ids else ids
        if outside := next((number for number in ids if not 0 < number < len(self.vocab)), None):
            raise TokenError(f"id {outside} is outside the vocabulary; expected 1 to {len(self.vocab) - 1}")
        given: Any = self._words(ids) if self.compound else ids
        if not len(given):
            raise TokenError("no tokens; expected those of a piece")
        with _quiet():
            try:
                score = self.miditok.decode(self._sequence(given))
            except (KeyError, IndexError, ValueError, AttributeError, ZeroDivisionError) as error:
                raise TokenError(f"spells no piece ({type(error).__name__}: {error})") from None
        return self._piece(score)

    def _words(self, ids: Sequence[int]) -> list[list[int]]:
        """The compound words of these ids as MidiTok numbers them, an unfinished one at the end left out.

        A word begins with each id of the first field.
        """
        words: list[list[int]] = []
        context = ""
        for number in ids:
            if number < self.offsets[1]:
                if words and not self._complete(context):
                    raise TokenError(f"{context} is no compound word of {self.kind}")
                words.append([])
            place = len(words[-1]) if words else 0
            if not words or not self.offsets[place] <= number < self.offsets[place + 1]:
                raise TokenError(f"{self.vocab[number]} stands in the wrong place of a compound word of {self.kind}")
            words[-1].append(number - self.offsets[place])
            context = self.after(context, number, self.vocab[number])
        return words if self._complete(context) else words[:-1]

    def _complete(self, context: str) -> bool:
        """Whether a compound word may end after these kinds of token: whether another one, or nothing, followed."""
        first = {kind_of(self.vocab[number]) for number in range(1, self.offsets[1])}
        return bool(self.following.get(context, frozenset()) & (first | {""}))

    def _sequence(self, given: Any) -> Any:
        from miditok import TokSequence  # noqa: PLC0415 - heavy

        return TokSequence(ids=given, are_ids_encoded=not self.compound and self.miditok.is_trained)

    def _piece(self, score: core.ScoreTick) -> Piece:
        unit = TICKS // score.ticks_per_quarter if TICKS % score.ticks_per_quarter == 0 else 0
        if not unit:
            raise TokenError(f"{score.ticks_per_quarter} ticks to a quarter; expected a divisor of {TICKS}")
        parts, left = [], 0
        by_slot = {DRUM_PROGRAM if track.is_drum else track.program: track for track in score.tracks}
        for slot in sorted(by_slot, key=lambda slot: (slot < 0, slot)):
            track = by_slot[slot]
            told = self.miditok.config.use_velocities
            notes = settled(
                PieceNote(
                    note.time * unit,
                    (note.time + max(1, note.duration)) * unit,
                    note.pitch,
                    note.velocity if told else self.velocity,
                )
                for note in track.notes
            )
            if any(note.onset < 0 for note in notes):
                raise TokenError("a note begins before the piece does")
            left += len(track.notes) - len(notes)
            known = self.slots[slot] if 0 <= slot < len(self.slots) else Slot(0)
            if notes:
                parts.append(Part(tuple(notes), known.program, slot < 0, "Drums" if slot < 0 else known.name))
        meters = tuple(MeterAt(at.time * unit, at.numerator, at.denominator) for at in score.time_signatures)
        tempos = tuple(TempoAt(at.time * unit, round(at.mspq)) for at in score.tempos)
        if not self.miditok.config.use_tempos:
            tempos = (TempoAt(0, self.tempo),)
        if not self.miditok.config.use_time_signatures:
            meters = (MeterAt(0, *self.meter),)
        repairs = (Repair("notes struck twice at once, read as one", detail=str(left)),) if left else ()
        found = Piece(tuple(parts), counted_meters(meters), (), real_changes(tempos), repairs=repairs)
        return from_first_note(found)

    # ------------------------------------------------------------------------------------------------ keeping

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        stored = {
            "kind": self.kind,
            "format": FORMAT,
            "slots": [[slot.program, slot.name, slot.nth] for slot in self.slots],
            "velocity": self.velocity,
            "tempo": self.tempo,
            "meter": self.meter,
            "longest": self.longest,
            "ordered": self.ordered,
            "follows": self.follows,
            "miditok": json.loads(self.saved),
        }
        return json.dumps(stored, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> PieceTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else."""
        try:
            stored = json.loads(text)
            if stored["kind"] not in VOCABULARIES or stored["format"] != FORMAT:
                raise TokenError(f"a tokenizer of kind {stored['kind']!r}, format {stored['format']!r}")
            saved = stored["miditok"]
            if set(saved) - set(_SAVED) or saved["tokenization"] != VOCABULARIES[stored["kind"]]:
                raise TokenError("not a vocabulary of MidiTok as to_json writes it")
            slots = tuple(Slot(int(program), str(name), int(nth)) for program, name, nth in stored["slots"])
            found = cls(
                stored["kind"],
                json.dumps(saved),
                slots,
                int(stored["velocity"]),
                int(stored["tempo"]),
                (int(stored["meter"][0]), int(stored["meter"][1])),
                int(stored["longest"]),
                bool(stored["ordered"]),
                tuple((str(context), tuple(map(str, kinds))) for context, kinds in stored["follows"]),
            )
            _ = found.vocab  # read now, so that what is broken is found now
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise TokenError(f"not a tokenizer of pieces ({error}); expected what to_json wrote") from None
        return found


# ------------------------------------------------------------------------------------------------ MidiTok


@contextmanager
def _quiet() -> Iterator[None]:
    """MidiTok warns of what it repairs; that is counted elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _class_of(kind: str) -> Any:
    with _quiet():
        import miditok  # noqa: PLC0415 - heavy

    return getattr(miditok, VOCABULARIES[kind])


def _build(kind: str, settings: dict[str, Any]) -> MusicTokenizer:
    made_by = _class_of(kind)
    from miditok import TokenizerConfig  # noqa: PLC0415 - heavy

    with _quiet():
        return made_by(TokenizerConfig(**settings))


def _save(tokenizer: MusicTokenizer) -> str:
    """MidiTok's description without the versions of libraries, so that equal vocabularies are equal text."""
    described = tokenizer.to_dict()
    return json.dumps({name: described[name] for name in _SAVED if name in described}, sort_keys=True)


def kind_of(token: str) -> str:
    """The kind of a token of MidiTok: "Pitch" of "Pitch_60"; the whole of it where its value tells what may follow."""
    kind = token.split("_", 1)[0]
    return token if kind in ("Bar", "Family", "Track") and not token[-1].isdigit() else kind


def _in_order(vocab: dict[str, int]) -> list[str]:
    return sorted(vocab, key=vocab.__getitem__)


# ------------------------------------------------------------------------------------------------ settings


def _settings(
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


# ------------------------------------------------------------------------------------------------ parts


def _slots(pieces: Sequence[Piece]) -> tuple[Slot, ...]:
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


def _assigned(piece: Piece, slots: Sequence[Slot]) -> list[int]:
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
