"""Pieces of several parts from MIDI files and from tunes, and as MIDI files.

In: the bytes of a file, which may be anything, a `Tune`, or a `Piece` to write. Out: a `Piece` at 480 ticks to a
quarter, or `ParseError`; the bytes of a Standard MIDI File (format 1, a track for each part), or a symusic score, from
which others make tokens. What had to be assumed, or left out, is in `Piece.repairs`. Pedals, bends and other controls
are not kept. Where bars are that a file does not say is found in `bars`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.formats.midi import tunes
from tunewright.formats.midi.bar_events import at_bar_lines
from tunewright.formats.midi.names import LONGEST as LONGEST_NAME
from tunewright.formats.midi.reader import MidiFile, MidiNote, MidiTrack, parse_file, read_content
from tunewright.music.piece import (
    FASTEST_TEMPO,
    LONGEST,
    SLOWEST_TEMPO,
    TICKS,
    KeyAt,
    MeterAt,
    Part,
    Piece,
    PieceNote,
    TempoAt,
    counted_meters,
    real_changes,
)
from tunewright.music.tune import ChordSymbol, Repair, Tune
from tunewright.support.errors import ParseError
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from symusic import core

CHORD_SYMBOL = "chord symbol"  # among what a piece leaves out
LONGEST_TITLE = LONGEST_NAME  # characters


# ------------------------------------------------------------------------------------------------ reading


def read_piece(path: Path) -> Piece:
    """The music of a MIDI file, all parts of it. ParseError, with the file's name, where there is none to read."""
    return parse_piece(read_content(path), path.name)


def parse_piece(content: bytes, name: str) -> Piece:
    """The same from the bytes of a file; `name` stands in errors and in `Piece.source`."""
    file = parse_file(content, name)
    repairs = list(file.repairs)
    parts = tuple(_part(track, file.ticks, repairs) for track in file.tracks if track.notes)
    if not parts:
        raise ParseError(f"no notes{file.troubles}; expected music", name)
    if max(note.end for part in parts for note in part.notes) > LONGEST * 4 * TICKS:
        raise ParseError(f"lasts more than {4 * LONGEST:,} quarter notes; expected a piece", name)
    title = file.title or name.rpartition("/")[2].rpartition(".")[0]
    meters, keys, moved = _at_bar_lines(file, parts)
    return Piece(parts, meters, keys, _tempos(file), title, f"{name}:1", (*repairs, *moved))


def piece_of_tune(tune: Tune) -> Piece:
    """A tune as a piece of one part: every onset and length as written, repeats unfolded.

    Raises `RenderError` for a tune that MIDI cannot hold.
    """
    piece = parse_piece(tunes.to_midi(tune, performance=False), tune.source)
    return replace(piece, title=tune.title, source=tune.source, repairs=(), left_out=unplayed([tune]))


def unplayed(tunes: Iterable[Tune]) -> tuple[tuple[str, int], ...]:
    """What voices have that a piece has no place for: words, chord symbols, texts; and what was left out of them."""
    counts: Counter[str] = Counter()
    for place, tune in enumerate(tunes):
        counts.update(dict(tune.left_out))
        counts["words below the music"] += not place and any(letter == "W" for letter, _ in tune.fields)
        counts[CHORD_SYMBOL] += sum(isinstance(element, ChordSymbol) for element in tune.music)
        counts["text over the music"] += len(tune.annotations)
        counts["verse of words"] += len(tune.lyrics)
    return tuple(sorted((+counts).items()))


def _part(track: MidiTrack, ticks: int, repairs: list[Repair]) -> Part:
    """The notes of a track, each at least a tick long."""
    notes = settled(_scaled(track.notes, ticks))
    if left := len(track.notes) - len(notes):
        repairs.append(Repair("notes struck twice at once, read as one", detail=str(left)))
    return Part(tuple(notes), 0 if track.drums else track.program, track.drums, track.name)


def settled(notes: Iterable[PieceNote]) -> list[PieceNote]:
    """Notes of one part by onset and number, each ended where its own number is struck again.

    Of two that begin together on one number the longer one stays: no instrument of MIDI can play both.
    """
    longest: dict[tuple[int, int], PieceNote] = {}
    for note in notes:
        other = longest.get((note.onset, note.number))
        if other is None or other.end < note.end:
            longest[note.onset, note.number] = note
    return _cut_short(longest[place] for place in sorted(longest))


def _scaled(notes: Sequence[MidiNote], ticks: int) -> Iterable[PieceNote]:
    for onset, end, number, velocity in notes:
        first = (onset * TICKS + ticks // 2) // ticks
        yield PieceNote(first, max(first + 1, (end * TICKS + ticks // 2) // ticks), number, velocity)


def _cut_short(notes: Iterable[PieceNote]) -> list[PieceNote]:
    """The notes by onset and number, each ended where its own number is struck again."""
    cut: list[PieceNote] = []
    last: dict[int, int] = {}  # number -> place of its last note
    for note in notes:
        before = last.get(note.number)
        if before is not None and cut[before].end > note.onset:
            cut[before] = cut[before]._replace(end=note.onset)
        last[note.number] = len(cut)
        cut.append(note)
    return cut


def _at_bar_lines(
    file: MidiFile, parts: Iterable[Part]
) -> tuple[tuple[MeterAt, ...], tuple[KeyAt, ...], tuple[Repair, ...]]:
    """The metres and keys at the bar lines that they mean, in the ticks and beside the notes of the piece."""
    found = (MeterAt(_time(time, file), top, bottom) for time, top, bottom in file.meters)
    keys = [(_time(time, file), sharps, minor) for time, sharps, minor in file.keys]
    onsets = sorted({note.onset for part in parts for note in part.notes})
    events = at_bar_lines([meter for meter in found if meter.ticks], keys, onsets, TICKS)
    return (
        counted_meters(MeterAt(*one) for one in events.meters),
        real_changes(KeyAt(*one) for one in events.keys),
        events.repairs,
    )


def _tempos(file: MidiFile) -> tuple[TempoAt, ...]:
    found = ((_time(time, file), min(SLOWEST_TEMPO, max(FASTEST_TEMPO, tempo))) for time, tempo in file.tempos)
    return real_changes(TempoAt(*change) for change in found)


def _time(time: int, file: MidiFile) -> int:
    return (time * TICKS + file.ticks // 2) // file.ticks


# ------------------------------------------------------------------------------------------------ writing


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
    name = title[:LONGEST_TITLE].encode(errors="replace")
    if not name:
        return content
    size = bytes([0x80 | len(name) >> 7, len(name) & 0x7F]) if len(name) > 0x7F else bytes([len(name)])
    events = b"\x00\xff\x03" + size + name + b"\x00\xff\x2f\x00"
    tracks = int.from_bytes(content[10:12]) + 1
    return (
        content[:10] + tracks.to_bytes(2) + content[12:14] + b"MTrk" + len(events).to_bytes(4) + events + content[14:]
    )


def write_midi(piece: Piece, path: Path) -> None:
    """Write a piece as a Standard MIDI File. OutputError where it cannot be written."""
    replace_file(path, to_midi(piece))
