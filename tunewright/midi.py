"""MIDI files of tunes, and tunes of MIDI files.

In: a `Tune` to write, or a Standard MIDI File to read. Out: one track of melody at 480 ticks per quarter
with title, tempo, metre and key, repeats unfolded and ties joined; or a `Tune`.

A tune is written as played; with `performance=False` every onset and length is the written one, to the tick.

This file does not decide how a tune is played (`performance`), how notes become bars and spelled pitches
(`transcription`), nor makes sound (`render`). symusic's ABC importer is never called.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.errors import ParseError, RenderError
from tunewright.files import replace_file
from tunewright.performance import performed, restated, speed, written
from tunewright.playing import played
from tunewright.transcription import Performance, TimedNote, transcribe
from tunewright.tune import Bar, Key, KeyChange, Meter, MeterChange, Note, Repair, Rest, Tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from symusic import core

TICKS_PER_QUARTER = 480
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
# General MIDI's flute, from 0. Of TimGM6mb.sf2's presets that suit a tune, symusic's synthesizer sounds only this one
# at the right pitch from D3 to C7 (measured); accordion, fiddle, piano and most others come out as other notes
FLUTE = 73
LARGEST = 16 * 2**20  # bytes; a melody of an hour takes 200 thousand
LONGEST = 4096  # whole notes, two hours and more; beyond, a file is broken


# ------------------------------------------------------------------------------------------------ writing


def write_midi(
    tune: Tune,
    path: Path,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
    performance: bool = True,
) -> None:
    """Write a tune as a Standard MIDI File; `tempo` is in beats per minute of the tune's metre.

    Raises `RenderError` for a tune that MIDI cannot hold, `OutputError` where the file cannot be written.
    """
    content = to_midi(tune, tempo=tempo, straight=straight, program=program, performance=performance)
    replace_file(path, content)


def to_midi(
    tune: Tune,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
    performance: bool = True,
) -> bytes:
    """The bytes of a Standard MIDI File of a tune, as `write_midi` writes it."""
    score = to_score(tune, tempo=tempo, straight=straight, program=program, performance=performance)
    return bytes(score.dumps_midi())


def to_score(
    tune: Tune,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
    performance: bool = True,
) -> core.ScoreTick:
    """The same as a symusic score in ticks, for the synthesizer."""
    from symusic import core  # noqa: PLC0415 - heavy

    notes = performed(tune, straight=straight) if performance else written(tune)
    if not notes:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: no notes; expected at least one")
    score = core.ScoreTick(TICKS_PER_QUARTER)
    score.tempos.append(core.TempoTick(0, float(speed(tune, tempo))))
    for onset, change in _signatures(tune):
        if isinstance(change, Meter):
            score.time_signatures.append(core.TimeSignatureTick(_ticks(onset), change.numerator, change.denominator))
        else:
            sharps = max(-7, min(7, change.sharps))
            score.key_signatures.append(core.KeySignatureTick(_ticks(onset), sharps, int(change.mode == "minor")))
    track = core.TrackTick(tune.title or "Untitled", program, False)
    for note in notes:
        start, stop = _ticks(note.onset), _ticks(note.onset + note.length)
        track.notes.append(core.NoteTick(start, max(1, stop - start), note.number, note.velocity))
    score.tracks.append(track)
    return score


def _ticks(onset: Fraction) -> int:
    """Rounded from the beginning of the tune, so that odd lengths never add up to a drift."""
    return round(onset * TICKS_PER_WHOLE)


def _signatures(tune: Tune) -> Iterator[tuple[Fraction, Meter | Key]]:
    """Metre and key events as played: at the beginning, at each change, and the metre again after a pickup.

    The second metre event says where the first bar line is. Free metre and odd denominators have no event.
    """
    meter, key, time = tune.meter, tune.key, Fraction(0)
    yield from ((time, change) for change in (meter, key) if isinstance(change, Key) or _has_event(change))
    pickup = bool(tune.measures) and tune.measures[0].number == 0
    for element in played(restated(tune)):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, KeyChange) and element.key != key:
            key = element.key
            yield time, key
        elif isinstance(element, MeterChange) and element.meter != meter:
            meter = element.meter
            if _has_event(meter):
                yield time, meter
        elif isinstance(element, Bar) and time and pickup:
            pickup = False
            if _has_event(meter):
                yield time, meter


def _has_event(meter: Meter) -> bool:
    power_of_two = meter.denominator & (meter.denominator - 1) == 0
    return not meter.free and power_of_two and meter.numerator <= 255


# ------------------------------------------------------------------------------------------------ reading


def read_midi(path: Path) -> Tune:
    """The melody of a MIDI file as a tune: the line that is most a melody, in bars, spelled in its key.

    What had to be assumed is in `Tune.repairs`. Raises `ParseError`, with the file's name, for a file that
    is not MIDI, is cut short, has no notes, counts time in video frames, or is over 16 MiB.
    """
    name = path.name
    try:
        if path.stat().st_size > LARGEST:
            raise ParseError(f"{path.stat().st_size} bytes; expected at most {LARGEST}", name)
        content = path.read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be read ({error.strerror or error})", name) from None
    return parse_midi(content, name)


def parse_midi(content: bytes, name: str) -> Tune:
    """The same from the bytes of a file; `name` stands in errors and in `Tune.source`."""
    from symusic import core  # noqa: PLC0415 - heavy

    _check_chunks(content, name)
    try:
        score = core.ScoreTick.from_midi(content, True)
    except (RuntimeError, ValueError, UnicodeDecodeError) as error:
        raise ParseError(f"not a readable MIDI file ({str(error).splitlines()[0]})", name) from None
    repairs: list[Repair] = []
    notes = _melody(score, repairs)
    if not notes:
        raise ParseError("no notes that are not drums; expected a melody", name)
    whole = 4 * score.ticks_per_quarter
    end = max(note.end for note in notes)
    if end > LONGEST * whole:
        raise ParseError(f"lasts {end // whole} whole notes; expected at most {LONGEST}", name)
    meters = []
    for event in score.time_signatures:
        if 0 < event.numerator <= 64 and 0 < event.denominator <= 64:
            meters.append((Fraction(event.time, whole), Meter(event.numerator, event.denominator)))
        else:
            repairs.append(Repair("impossible metre event ignored", detail=f"{event.numerator}/{event.denominator}"))
    keys = tuple((Fraction(event.time, whole), (event.key, event.tonality == 1)) for event in score.key_signatures)
    titles = (track.name.strip() for track in score.tracks)
    return transcribe(
        Performance(
            tuple(TimedNote(Fraction(note.time, whole), Fraction(note.duration, whole), note.pitch) for note in notes),
            tuple(meters),
            keys,
            title=next((title for title in titles if title.isprintable() and title), name.rpartition(".")[0]),
            source=f"{name}:1",
            repairs=tuple(repairs),
        )
    )


def _check_chunks(content: bytes, name: str) -> None:
    """Raise `ParseError` unless this is a whole MIDI file: symusic's own checks are few, and some files end it."""
    if len(content) > LARGEST:
        raise ParseError(f"{len(content)} bytes; expected at most {LARGEST}", name)
    if len(content) < 14 or content[:4] != b"MThd":
        raise ParseError(f"begins with {content[:4]!r}; expected a MIDI file, which begins with b'MThd'", name)
    length, division = int.from_bytes(content[4:8]), int.from_bytes(content[12:14])
    if division == 0 or division >= 0x8000:
        raise ParseError(f"time division {division:#06x}; expected ticks per quarter note", name)
    position, tracks = 8 + length, 0
    while position < len(content):
        if len(content) - position < 8 and tracks:
            break  # some programs pad the end
        size = int.from_bytes(content[position + 4 : position + 8])
        if position + 8 + size > len(content):
            found = len(content) - position - 8
            raise ParseError(f"cut short at byte {position}: a chunk of {size} bytes has {found}", name)
        tracks += content[position : position + 4] == b"MTrk"
        position += 8 + size
    if not tracks:
        raise ParseError("no tracks; expected at least one", name)


def _melody(score: core.ScoreTick, repairs: list[Repair]) -> list[core.NoteTick]:
    """The notes of the melody, by onset: those of a track with one note at a time, else the skyline of all.

    Of several such tracks one that is named melody, voice or lead, else the highest on average that has at
    least a fifth as many notes as the busiest.
    """
    tracks = [sorted(track.notes, key=_order) for track in score.tracks if len(track.notes) and not track.is_drum]
    names = [track.name.lower() for track in score.tracks if len(track.notes) and not track.is_drum]
    if not tracks:
        return []
    busiest = max(map(len, tracks))
    single = [
        (bool(re.search("melod|voice|vocal|lead", name)), sum(note.pitch for note in notes) / len(notes), -index)
        for index, (notes, name) in enumerate(zip(tracks, names, strict=True))
        if 5 * len(notes) >= busiest and _crossed(notes) <= len(notes) // 10
    ]
    if single:
        index = -max(single)[2]
        if len(tracks) > 1:
            repairs.append(Repair("one track of several read", detail=f"{index + 1} of {len(tracks)}"))
        return tracks[index]
    everything = sorted((note for notes in tracks for note in notes), key=_order)
    kept = _skyline(everything)
    repairs.append(Repair("highest notes of several parts read", detail=f"{len(kept)} of {len(everything)}"))
    return kept


def _order(note: core.NoteTick) -> tuple[int, int]:
    return note.time, note.pitch


def _crossed(notes: list[core.NoteTick]) -> int:
    """How many notes begin well inside another; notes that begin and end together are chords, and none of these."""
    count, end = 0, 0
    for before, note in zip([None, *notes], notes, strict=False):
        together = before is not None and before.time == note.time and before.duration == note.duration
        count += not together and end - note.time > note.duration / 2
        end = max(end, note.end)
    return count


def _skyline(notes: list[core.NoteTick]) -> list[core.NoteTick]:
    """The highest note at each onset, without those that mostly sound under a higher one."""
    kept: list[core.NoteTick] = []
    for note in notes:
        if kept and kept[-1].time == note.time:
            kept[-1] = note  # sorted by pitch, so this one is higher
            continue
        if kept and kept[-1].pitch > note.pitch and kept[-1].end - note.time > note.duration / 2:
            continue
        kept.append(note)
    return kept
