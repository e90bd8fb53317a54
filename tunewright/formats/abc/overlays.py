"""Voice overlays: bars of a voice that sound together with those before an `&`.

In: the `State` of a voice that meets an `&`, then the signs after it; at the end the voice as a tune. Out: `Overlay`s,
and layers of them: tunes with the bars, repeats and changes of the voice, silent where nothing is laid over it. Each
`&` goes back by one bar line: to the beginning of the bar, or of the one before where nothing of the bar has been read.
Source: the ABC standard 2.1, section 7.4.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from tunewright.formats.abc.body_fields import CHANGED_SOUND
from tunewright.formats.abc.joining import bars_joined, resolve_ties
from tunewright.formats.abc.numbers import FINEST_NOTE, LONGEST_NOTE, is_length
from tunewright.formats.abc.slurs import finish_slurs
from tunewright.formats.abc.state import Overlay, State
from tunewright.formats.abc.tuplets import finish_tuplet
from tunewright.music.tune import (
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Repair,
    Rest,
    Tune,
    Tuplet,
)
from tunewright.support.errors import ParseError

MOST_LAYERS = 8  # over one voice: what is laid over these is left out
MOST_OVERLAYS = 10_000
OWN_FIELDS = "KLM"  # they hold for the overlay and end with it, as in abc2midi
BEYOND = "bar of a voice overlay where the voice has none"
TOO_MANY = f"voice overlay over {MOST_LAYERS} others"

Laid = tuple[tuple[Element, ...], Sequence[tuple[str, ...]]]  # the music of one measure, and the verses of its notes


def begin_overlay(state: State, text: str) -> None:
    """Go back to where the signs lead, and read on beside the voice."""
    within = state.overlay.within if state.overlay else state.sounds()
    end_overlay(state)
    if len(state.overlays) == MOST_OVERLAYS:
        raise ParseError(f"more than {MOST_OVERLAYS:,} voice overlays")
    back = len(text) - within
    inner = State(replace(state.header))
    inner.line = state.line
    inner.meter, inner.unit = state.meter, state.unit
    inner.key, inner.signature = state.key, state.signature
    inner.bars_of_rest = state.bars_of_rest
    state.overlay = Overlay(max(0, state.measures_read - back), len(state.music), len(text), inner, within)


def is_of_overlay(kind: str, text: str) -> bool:
    """Whether a sign within an overlay is its own: all but fields, and of these what says how its notes are read."""
    return kind != "field" or text[1] in OWN_FIELDS


def end_overlay(state: State) -> None:
    """Go on with the voice itself; what was repaired and left out within is said of it."""
    if state.overlay is None:
        return
    inner = state.overlay.state
    finish_tuplet(inner)
    finish_slurs(inner)
    state.bars_of_rest = inner.bars_of_rest
    state.repairs += [(what, state.overlay.place, detail) for what, _, detail in inner.repairs]
    state.left_out += inner.left_out
    state.left_out["annotation in a voice overlay"] += len(inner.annotations)
    state.left_out["decoration without a note"] += len(inner.decorations)
    state.left_out[CHANGED_SOUND] += inner.header.sounding != state.header.sounding
    if not _sounds(inner.music):
        chords = sum(isinstance(element, ChordSymbol) for element in inner.music)
        state.left_out["chord symbol over an empty overlay"] += chords
    state.overlays.append(state.overlay)
    state.overlay = None


def leave_overlay_at_bar_line(state: State) -> None:
    """End an overlay whose last bar ends: the bar line is the voice's, while those within are the overlay's own."""
    if state.overlay is not None:
        state.overlay.bars_left -= 1
        if state.overlay.bars_left <= 0:
            end_overlay(state)


# ------------------------------------------------------------------------------------------------ layers


def layers(
    voice: Tune, overlays: Iterable[Overlay], words: Sequence[Sequence[tuple[str, ...]]]
) -> tuple[list[Tune], Counter[str]]:
    """The overlays of a voice as tunes, as few as hold them, and what of them no tune has.

    `words` are the verses of each overlay.
    """
    layered: list[dict[int, Laid]] = []
    left_out: Counter[str] = Counter()
    for overlay, verses in zip(overlays, words, strict=True):
        bars = _bars(overlay, verses)
        left_out[BEYOND] += sum(number >= len(voice.measures) and _sounds(music) for number, (music, _) in bars.items())
        free = next((layer for layer in layered if not layer.keys() & bars.keys()), None)
        if free is None and len(layered) < MOST_LAYERS:
            layered.append(free := {})
        if free is not None:
            free.update(bars)
        else:
            left_out[TOO_MANY] += 1
    made = [_layer(voice, layer) for layer in layered]
    return [tune for tune in made if tune.notes], left_out


def _sounds(music: Iterable[Element]) -> bool:
    return any(isinstance(element, Note) for element in music)


def _bars(overlay: Overlay, verses: Sequence[tuple[str, ...]]) -> dict[int, Laid]:
    """The music of an overlay by measure, with the verses of its notes."""
    bars: dict[int, Laid] = {}
    number, sung, bar = overlay.first, 0, list[Element]()
    over: Tuplet | None = None
    for element in (*overlay.state.music, Bar("|")):
        if isinstance(element, Ending | Part | KeyChange | MeterChange):
            continue  # how a voice is played is its own to say, and the page has its key and metre
        if not isinstance(element, Bar):
            bar.append(element)
            continue
        bar, over = _with_own_tuplets(bar, over)
        if bar:
            notes = sum(isinstance(one, Note) for one in bar)
            bars[number] = tuple(bar), [verse[sung : sung + notes] for verse in verses]
            number, sung = number + 1, sung + notes
        bar = []
    return bars


def _with_own_tuplets(bar: Sequence[Element], over: Tuplet | None) -> tuple[list[Element], Tuplet | None]:
    """A bar whose tuplets end with it, and what is left of its last one; `over` is what the bar before left.

    So each bar can stand without those beside it, and with silence at its end.
    """
    music = [over, *bar] if over else list(bar)
    tuplet, place, left = over, 0, 0
    for here, element in enumerate(music):
        if isinstance(element, Tuplet):
            tuplet, place, left = element, here, element.r
        elif left and isinstance(element, Note | Rest):
            left -= 1
    if not left or tuplet is None:
        return music, None
    music[place : place + 1] = [replace(tuplet, r=tuplet.r - left)] if left < tuplet.r else []
    return music, replace(tuplet, r=left)


def _layer(voice: Tune, bars: dict[int, Laid]) -> Tune:
    """The voice with these bars in place of its own, and silence in place of the others."""
    music: list[Element] = []
    begin = 0
    for number, measure in enumerate(voice.measures):
        own = voice.music[begin : measure.stop]
        begin = measure.stop
        if number not in bars:
            music += _silent(own)
            continue
        music += [element for element in own if not isinstance(element, Note | Rest | Tuplet | ChordSymbol)]
        laid = bars[number][0]
        length = sum((element.length for element in laid if isinstance(element, Note | Rest)), Fraction(0))
        music += [*laid, *_rest(measure.length - length)]
    music += voice.music[begin:]
    key, meter, music = _begun(voice, music)
    ties = resolve_ties(music)
    _balance_slurs(music)
    there = [bars[number] for number in sorted(bars) if number < len(voice.measures)]
    count = max((len(verses) for _, verses in there), default=0)
    lyrics = tuple(verse for number in range(count) if any(verse := _verse(there, number)))
    alone = replace(voice, tempos=(), annotations=(), lines=(), repairs=(), left_out=(), text="")
    layer = replace(alone, music=tuple(music), key=key, meter=meter, lyrics=lyrics)
    return replace(layer, repairs=tuple(_tie_repairs(voice, layer, ties)))


def _tie_repairs(voice: Tune, layer: Tune, ties: Iterable[tuple[str, int]]) -> Iterator[Repair]:
    """What became of ties that lead nowhere, by the lines of the voice."""
    stops = [measure.stop for measure in layer.measures]
    for what, place in ties:
        number = bisect_left(stops, place)
        yield Repair(what, voice.lines[number], voice.measures[number].number)


def _begun(voice: Tune, music: Sequence[Element]) -> tuple[Key, Meter, list[Element]]:
    """Key and metre that hold from the start, as what changes before the first note does, and the music without it."""
    key, meter = voice.key, voice.meter
    begins = next((place for place, one in enumerate(music) if isinstance(one, Note | Rest)), len(music))
    for element in music[:begins]:
        key = element.key if isinstance(element, KeyChange) else key
        meter = element.meter if isinstance(element, MeterChange) else meter
    before = [element for element in music[:begins] if not isinstance(element, KeyChange | MeterChange)]
    return key, meter, bars_joined([*before, *music[begins:]])


def _silent(music: Iterable[Element]) -> Iterator[Element]:
    """The same signs in the same places, and silence for as long as the music lasts."""
    length = Fraction(0)
    for element in music:
        if isinstance(element, Note | Rest):
            if length and not is_length(length + element.length):
                yield from _rest(length)
                length = Fraction(0)
            length += element.length
        elif not isinstance(element, Tuplet | ChordSymbol):
            yield from _rest(length)
            yield element
            length = Fraction(0)
    yield from _rest(length)


def _rest(length: Fraction) -> Iterator[Rest]:
    """Silence for so long, in lengths that a rest may have: to the finest of them where the last is none."""
    while length > 0:
        part = min(length, Fraction(LONGEST_NOTE))
        part = part if is_length(part) else Fraction(math.floor(part * FINEST_NOTE), FINEST_NOTE)
        if not part:
            return
        yield Rest(part, visible=False)
        length -= part


def _balance_slurs(music: list[Element]) -> None:
    """Take away what begins or ends a slur whose other end is in a bar that the voice has not."""
    opened: list[int] = []
    for place, element in enumerate(music):
        if isinstance(element, Note) and (element.slurs_opened or element.slurs_closed):
            closed = min(element.slurs_closed, len(opened))
            del opened[len(opened) - closed :]
            opened += [place] * element.slurs_opened
            music[place] = replace(element, slurs_closed=closed)
    for place in opened:
        note = music[place]
        assert isinstance(note, Note)
        music[place] = replace(note, slurs_opened=note.slurs_opened - 1)


def _verse(bars: Iterable[Laid], number: int) -> tuple[str, ...]:
    """The syllables of one verse for all notes of a layer."""
    verse: list[str] = []
    for music, verses in bars:
        notes = sum(isinstance(element, Note) for element in music)
        verse += verses[number] if number < len(verses) else [""] * notes
    return tuple(verse)
