"""MIDI files of tunes, and tunes of MIDI files.

In: a `Tune` to write, or a Standard MIDI File to read. Out: one track of melody at 480 ticks per quarter
with title, tempo, metre and key, repeats unfolded and ties joined, and one of chords where they are asked for; or a
`Tune`.

A tune is written as played; with `performance=False` every onset and length is the written one, to the tick. Where
bars do not follow from the metre, metre events say where they begin, so that they can be read again.

This file does not decide how a tune is played (`performance`), which notes are the melody (`melody_choice`), how they
become bars and spelled pitches (`transcription`), nor makes sound (`sound`). symusic writes files and reads none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.formats.midi import accompaniment
from tunewright.formats.midi.performance import performed, restated, speeds, written
from tunewright.formats.midi.reader import MOST_CHANGES, MOST_NOTES, MOST_TINY_BARS, parse_file, read_content, tiny_bars
from tunewright.music.piece import LONGEST
from tunewright.music.playing import played
from tunewright.music.tune import Bar, Key, KeyChange, Meter, MeterChange, Note, Rest, Tune
from tunewright.support.errors import RenderError
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from symusic import core

    from tunewright.formats.midi.performance import Played

TICKS_PER_QUARTER = 480
TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER
FLUTE = 73  # General MIDI's, from 0
MOST_BEATS = 64  # to a bar, in a metre event: readers take no more, ours included


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
    chords: bool = False,
    lead: Tune | None = None,
) -> bytes:
    """The bytes of a Standard MIDI File of a tune, as `write_midi` writes it; with its `chords` as a second track.

    `lead` is the melody that it is played beside, whose lilt it has.
    """
    score = to_score(
        tune, tempo=tempo, straight=straight, program=program, performance=performance, chords=chords, lead=lead
    )
    return bytes(score.dumps_midi())


def to_score(
    tune: Tune,
    *,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
    performance: bool = True,
    chords: bool = False,
    lead: Tune | None = None,
) -> core.ScoreTick:
    """The same as a symusic score in ticks, for the synthesizer."""
    from symusic import core  # noqa: PLC0415 - heavy

    notes = performed(tune, straight=straight, lead=lead) if performance else written(tune)
    signatures = list(_signatures(tune))
    _refuse_what_midi_cannot_hold(tune, notes, signatures)
    score = core.ScoreTick(TICKS_PER_QUARTER)
    for onset, quarters in speeds(tune, tempo):
        score.tempos.append(core.TempoTick(_ticks(onset), float(quarters)))
    for onset, change in signatures:
        if isinstance(change, Meter):
            score.time_signatures.append(core.TimeSignatureTick(_ticks(onset), change.numerator, change.denominator))
        else:
            sharps = max(-7, min(7, change.sharps))
            score.key_signatures.append(core.KeySignatureTick(_ticks(onset), sharps, int(change.mode == "minor")))
    score.tracks.append(_track(core.TrackTick(tune.title or "Untitled", program, False), notes))
    if chords and (struck := accompaniment.accompaniment(tune)):
        score.tracks.append(_track(core.TrackTick(accompaniment.NAME, accompaniment.GUITAR, False), struck))
    return score


def _refuse_what_midi_cannot_hold(
    tune: Tune, notes: Sequence[Played], signatures: Sequence[tuple[Fraction, Meter | Key]]
) -> None:
    """Raise `RenderError` where there is nothing to write, or more than readers take, ours included."""
    found = ""
    if not notes:
        found = "no notes; expected at least one"
    elif len(notes) > MOST_NOTES:
        found = f"{len(notes):,} notes as played; expected at most {MOST_NOTES:,}"
    elif (whole := max(note.onset + note.length for note in notes)) > LONGEST:
        found = f"lasts {float(whole):,.0f} whole notes; expected at most {LONGEST:,}"
    elif len(signatures) > MOST_CHANGES:
        found = f"{len(signatures):,} changes of metre or key; expected at most {MOST_CHANGES:,}"
    elif (tiny := tiny_bars(_events(signatures), _ticks(whole), TICKS_PER_QUARTER)) > MOST_TINY_BARS:
        found = f"{tiny:,} bars shorter than a quarter note; expected at most {MOST_TINY_BARS:,}"
    if found:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: {found}")


def _events(signatures: Sequence[tuple[Fraction, Meter | Key]]) -> Iterator[tuple[int, int, int]]:
    """The metres of signatures as events of a file."""
    return ((_ticks(onset), one.numerator, one.denominator) for onset, one in signatures if isinstance(one, Meter))


def _track(track: core.TrackTick, notes: Sequence[Played]) -> core.TrackTick:
    """The track with these notes added."""
    from symusic import core  # noqa: PLC0415 - heavy

    for note in notes:
        start, stop = _ticks(note.onset), _ticks(note.onset + note.length)
        track.notes.append(core.NoteTick(start, max(1, stop - start), note.number, note.velocity))
    return track


def _ticks(onset: Fraction) -> int:
    """Rounded from the beginning of the tune, so that odd lengths never add up to a drift."""
    return round(onset * TICKS_PER_WHOLE)


def _signatures(tune: Tune) -> Iterator[tuple[Fraction, Meter | Key]]:
    """Metre and key events as played: at the beginning, at each change, and wherever else bars have to be counted anew.

    Free metre and odd denominators have no event: there each bar is stated as a metre of its own.
    """
    key, time = tune.key, Fraction(0)
    yield time, key
    for element in played(restated(tune)):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, KeyChange) and element.key != key:
            key = element.key
            yield time, key
    yield from _meter_events(_bars(tune))


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar as played, from its beginning to that of the next, and the metre it stands in."""

    start: Fraction
    stop: Fraction
    meter: Meter


def _bars(tune: Tune) -> list[_Bar]:
    """The bars as played; the end of a section and the upbeat of the next are one if that is as long as the metre."""
    bars: list[_Bar] = []
    time, start, meter = Fraction(0), Fraction(0), tune.meter
    ends = True  # whether a section ended with the last bar
    for element in (*played(restated(tune)), Bar("|]")):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, MeterChange):
            meter = element.meter
        elif isinstance(element, Bar) and time > start:
            before = bars[-1].start if bars else start
            if ends and bars and bars[-1].meter == meter and time - before == meter.length:
                bars[-1] = _Bar(before, time, meter)
            else:
                bars.append(_Bar(start, time, meter))
            start, ends = time, element.ends_section
        elif isinstance(element, Bar):
            ends = ends or element.ends_section
    return bars


def _meter_events(bars: Sequence[_Bar]) -> Iterator[tuple[Fraction, Meter]]:
    """The metre events from which a reader that counts bars from each of them gets these.

    The first bar line has one, pickup or none, so that nobody has to guess. A bar that is too short needs none, since
    one stands at its end; for one that is too long a metre of its length is stated, and the right one at its end.
    """
    stated, since = None, Fraction(0)
    for place, bar in enumerate(bars):
        length = bar.stop - bar.start
        whole = bar.meter.length if _has_event(bar.meter) else None
        wanted = bar.meter if whole and length <= whole else _lasting(length, bar.meter)
        if wanted is None:
            continue
        counted = stated == wanted and (bar.start - since) % (wanted.length or 1) == 0
        if not counted or place == 1:
            yield bar.start, wanted
            stated, since = wanted, bar.start


def _lasting(length: Fraction, meter: Meter) -> Meter | None:
    """A metre as long as a bar, in the unit of its metre or else in quarters or less; None where there is none."""
    denominator = max(meter.denominator if _has_event(meter) else 4, length.denominator)
    while length * denominator > MOST_BEATS and denominator > length.denominator:
        denominator //= 2
    lasting = Meter(int(length * denominator), denominator)
    return lasting if lasting.length == length and _has_event(lasting) else None


def _has_event(meter: Meter) -> bool:
    power_of_two = meter.denominator & (meter.denominator - 1) == 0
    return not meter.free and power_of_two and meter.numerator <= MOST_BEATS


# ------------------------------------------------------------------------------------------------ reading


def read_midi(path: Path, *, melody: str = "") -> Tune:
    """The melody of a MIDI file as a tune: the line that is most a melody, in bars, spelled in its key.

    `melody` asks for a track by number or name, or for the "skyline" of all. What had to be assumed is in
    `Tune.repairs`, how sure that is in `Tune.inferred`. Raises `ParseError`, with the file's name, for a file that is
    not MIDI, is broken, has no melody, too much of it, or one that fits no beat.
    """
    return parse_midi(read_content(path), path.name, melody=melody)


def parse_midi(content: bytes, name: str, *, melody: str = "") -> Tune:
    """The same from the bytes of a file; `name` stands in errors and in `Tune.source`."""
    from tunewright.formats.abc.tempos import format_tempo  # noqa: PLC0415
    from tunewright.formats.midi.bar_events import at_bar_lines  # noqa: PLC0415
    from tunewright.formats.midi.listening.performances import Performance  # noqa: PLC0415
    from tunewright.formats.midi.listening.quantizing import WHOLE, TimedNote  # noqa: PLC0415
    from tunewright.formats.midi.listening.transcription import transcribe  # noqa: PLC0415
    from tunewright.formats.midi.melody_choice import choose  # noqa: PLC0415 - numpy, for reading only

    file = parse_file(content, name)
    notes, chosen = choose(file, melody, name)
    onsets = sorted({note[0] for track in file.tracks for note in track.notes})
    events = at_bar_lines(file.meters, file.keys, onsets, file.ticks)
    whole = 4 * file.ticks

    def grains(ticks: int) -> int:
        return (ticks * WHOLE + whole // 2) // whole

    timed = [TimedNote(grains(onset), max(1, grains(end) - grains(onset)), number) for onset, end, number, _ in notes]
    tune = transcribe(
        Performance(
            tuple(timed),
            tuple((grains(time), Meter(numerator, denominator)) for time, numerator, denominator in events.meters),
            tuple((grains(time), (sharps, minor)) for time, sharps, minor in events.keys),
            tuple((grains(time), tempo) for time, tempo in file.tempos),
            title=file.title or name.rpartition("/")[2].rpartition(".")[0],
            source=f"{name}:1",
            repairs=(*file.repairs, *events.repairs, *chosen),
        )
    )
    return replace(tune, fields=tuple(("Q", format_tempo(tempo)) for _, tempo in tune.tempos[:1]))
