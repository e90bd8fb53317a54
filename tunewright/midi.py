"""MIDI files of tunes, and tunes of MIDI files.

In: a `Tune` to write, or a Standard MIDI File to read. Out: one track of melody at 480 ticks per quarter
with title, tempo, metre and key, repeats unfolded and ties joined; or a `Tune`.

A tune is written as played; with `performance=False` every onset and length is the written one, to the tick.

This file does not decide how a tune is played (`performance`), which notes are the melody (`melody_choice`), how they
become bars and spelled pitches (`transcription`), nor makes sound (`render`). symusic writes files and reads none.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.errors import ParseError, RenderError
from tunewright.files import replace_file
from tunewright.listening.melody_choice import choose
from tunewright.midi_files import LARGEST, parse_file
from tunewright.performance import performed, restated, speed, written
from tunewright.playing import played
from tunewright.tune import Bar, Key, KeyChange, Meter, MeterChange, Note, Rest, Tune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from symusic import core

TICKS_PER_QUARTER = 480
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
# General MIDI's flute, from 0. Of TimGM6mb.sf2's presets that suit a tune, symusic's synthesizer sounds only this one
# at the right pitch from D3 to C7 (measured); accordion, fiddle, piano and most others come out as other notes
FLUTE = 73


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
    """Metre and key events as played: at the beginning, at each change, and the metre again to say where bars begin.

    The second metre event stands at the first bar line, pickup or none, so that nobody has to guess; further ones
    where bars do not follow from those before. Free metre and odd denominators have no event.
    """
    meter, key, time = tune.meter, tune.key, Fraction(0)
    yield from ((time, change) for change in (meter, key) if isinstance(change, Key) or _has_event(change))
    anchors = _anchors(tune)
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
            anchors.discard(time)
        elif isinstance(element, Bar) and time in anchors:
            anchors.discard(time)
            if _has_event(meter):
                yield time, meter


def _anchors(tune: Tune) -> set[Fraction]:
    """The bar lines, as played, from which bars are to be counted: the first, and each that leads to another count.

    A line inside a bar, where a section ends before the upbeat of the next, leads nowhere.
    """
    lines: list[tuple[Fraction, Fraction | None, bool]] = []  # when, how long bars are before it, if it ends a section
    time, length = Fraction(0), tune.meter.length
    changed: set[Fraction] = set()
    for element in played(restated(tune)):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, MeterChange):
            changed |= {time} if element.meter.length != length else set()
            length = element.meter.length
        elif isinstance(element, Bar) and time and (not lines or lines[-1][0] != time):
            lines.append((time, length, element.ends_section))
    anchors: set[Fraction] = set()
    anchor = Fraction(0)
    for place, ((now, bar, ends), (after, *_)) in enumerate(pairwise(lines)):
        off = bar is not None and (now - anchor) % bar
        leads = bar is None or (after - anchor) % bar or not ends
        if place == 0 or (off and leads):
            anchors.add(now)
        anchor = now if now in anchors or now in changed else anchor
    return anchors


def _has_event(meter: Meter) -> bool:
    power_of_two = meter.denominator & (meter.denominator - 1) == 0
    return not meter.free and power_of_two and meter.numerator <= 255


# ------------------------------------------------------------------------------------------------ reading


def read_midi(path: Path, *, melody: str = "") -> Tune:
    """The melody of a MIDI file as a tune: the line that is most a melody, in bars, spelled in its key.

    `melody` asks for a track by number or name, or for the "skyline" of all. What had to be assumed is in
    `Tune.repairs`, how sure that is in `Tune.inferred`. Raises `ParseError`, with the file's name, for a file that is
    not MIDI, is broken, has no melody, too much of it, or one that fits no beat.
    """
    name = path.name
    try:
        if path.stat().st_size > LARGEST:
            raise ParseError(f"{path.stat().st_size} bytes; expected at most {LARGEST}", name)
        content = path.read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be read ({error.strerror or error})", name) from None
    return parse_midi(content, name, melody=melody)


def parse_midi(content: bytes, name: str, *, melody: str = "") -> Tune:
    """The same from the bytes of a file; `name` stands in errors and in `Tune.source`."""
    from tunewright.listening.quantizing import WHOLE, TimedNote  # noqa: PLC0415 - numpy, for reading only
    from tunewright.listening.transcription import Performance, transcribe  # noqa: PLC0415

    file = parse_file(content, name)
    notes, chosen = choose(file, melody, name)
    whole = 4 * file.ticks

    def grains(ticks: int) -> int:
        return (ticks * WHOLE + whole // 2) // whole

    timed = [TimedNote(grains(onset), max(1, grains(end) - grains(onset)), number) for onset, end, number, _ in notes]
    return transcribe(
        Performance(
            tuple(timed),
            tuple((grains(time), Meter(numerator, denominator)) for time, numerator, denominator in file.meters),
            tuple((grains(time), (sharps, minor)) for time, sharps, minor in file.keys),
            title=file.title or name.rpartition("/")[2].rpartition(".")[0],
            source=f"{name}:1",
            repairs=(*file.repairs, *chosen),
        )
    )
