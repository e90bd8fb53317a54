"""ABC to exact music: `parse_tune` puts together what `header`, `music` and `joining` read.

In: text, a file, or the lines of one tune. Out: `Tune`s, with every repair recorded and everything that is not
melody named. Files are cut into tunes in `splitting`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

from tunewright.formats.abc.clefs import sounding_shift
from tunewright.formats.abc.decoding import decode_text, plain_lines
from tunewright.formats.abc.header import Header, read_header
from tunewright.formats.abc.joining import resolve_ties
from tunewright.formats.abc.lyrics import Sung, align
from tunewright.formats.abc.music import NO_NOTES, read_music
from tunewright.formats.abc.overlays import layers
from tunewright.formats.abc.splitting import Source, split_tunes
from tunewright.formats.abc.state import State
from tunewright.formats.abc.voices import VoiceLines, in_octave, split_voices
from tunewright.music.playing import MOST_PLAYED, passed_over, plays_on
from tunewright.music.tune import Bar, Inference, Note, Repair, Tune
from tunewright.support.errors import ParseError, mistake

LONGEST_TUNE = 2**20  # characters of a tune in a file that may hold anything
Verses = tuple[tuple[str, ...], ...]  # each a syllable for each note
T = TypeVar("T")
_SURROGATE = re.compile("[\ud800-\udfff]")
PASSED_OVER = "repeat sign that closes the last ending passed over"
UNFOLDED = "played no further than the longest that is unfolded"
NO_TUNE = "no tune found, expected ABC that begins with an X: field"


def parse_abc(text: str | Path) -> list[Tune]:
    """The tunes of a text or file, in order.

    ParseError, with file and line, at the first tune that cannot be read, or where there is none;
    `read_corpus` goes on past bad tunes and says which they were.
    """
    return parse_each(text, parse_tune)


def parse_each(text: str | Path, parse: Callable[[Source], T]) -> list[T]:
    """The same, with what makes something of each tune's lines."""
    name = ""
    if isinstance(text, Path):
        name = text.name
        text = decode_text(text.read_bytes(), name)
    made = [parse(source) for source in split_tunes(plain_lines(text), name)]
    if not made:
        raise ParseError(NO_TUNE, name)
    return made


def decode_abc(content: bytes, name: str) -> Iterator[tuple[Tune | ParseError, int]]:
    """Every tune of a file's bytes, in order, or why it cannot be read; each with the characters it takes."""
    return decode_each(content, name, parse_tune)


def decode_each(content: bytes, name: str, parse: Callable[[Source], T]) -> Iterator[tuple[T | ParseError, int]]:
    """The same, with what makes something of each tune's lines."""
    try:
        sources = list(split_tunes(decode_text(content, name), name))
    except ParseError as error:
        yield ParseError(error.reason, f"{name}:1"), len(content)
        return
    if not sources:
        yield ParseError(NO_TUNE, f"{name}:1"), len(content)
    for source in sources:
        size = sum(map(len, source.lines)) + len(source.lines)
        if size > LONGEST_TUNE:
            found = f"a tune of {size} characters, the longest read has {LONGEST_TUNE}"
            yield ParseError(found, source.place), size
            continue
        try:
            yield parse(source), size
        except ParseError as error:
            yield error, size
        except Exception as error:  # a mistake in one tune must not end the work on those after it
            yield ParseError(mistake(error), source.place), size


def parse_tune(source: Source) -> Tune:
    """The tune that stands in these lines; ParseError where its header or music cannot be made sense of.

    Of several voices it is the first that has notes, which `Tune.inferred` names; the others, and what is laid over it,
    are left out, and counted (`scores` has all of them).
    """
    header, voices = read_lines(source)
    melody = read_melody(source, header, voices)
    others = {"line of another voice": sum(voice.music_lines for voice in voices if voice is not melody.voice)}
    left_out = Counter(dict(melody.tune.left_out) | others | {"voice overlay": melody.overlays})
    chosen = (Inference("voice", melody.voice.name, 1.0),) if len(voices) > 1 else ()
    return replace(melody.tune, left_out=tuple(sorted((+left_out).items())), inferred=chosen)


def read_lines(source: Source) -> tuple[Header, list[VoiceLines]]:
    """The header of a tune, and its voices. ParseError where the header makes no sense, or the text is none."""
    _refuse_surrogates(source)
    header = read_header(source)
    return header, split_voices(header.voices, header.music)


@dataclass(frozen=True)
class ReadVoice:
    """A voice as read: its music, how many overlays it has, and those as tunes."""

    voice: VoiceLines
    tune: Tune
    overlays: int
    layers: tuple[Tune, ...]


def read_melody(source: Source, header: Header, voices: Sequence[VoiceLines]) -> ReadVoice:
    """The first voice, by where its music begins, that has notes. ParseError where that cannot be read or none has."""
    in_order = sorted(voices, key=lambda voice: voice.begins)
    for voice in in_order[:-1]:
        try:
            return read_voice(source, header, voice)
        except ParseError as error:
            if error.reason != NO_NOTES:
                raise
    return read_voice(source, header, in_order[-1])


def read_voice(source: Source, header: Header, voice: VoiceLines) -> ReadVoice:
    """The music of one voice. ParseError where it has no notes or makes no sense."""
    shift = sounding_shift(voice.about)
    own = replace(header, music=voice.lines, symbols=dict(header.symbols), macros=list(header.macros))
    state = State(own if shift is None else replace(own, sounding=shift))
    try:
        read_music(state)
    except ParseError as error:
        raise ParseError(error.reason, f"{source.name}:{state.line or source.line}") from None
    state.repairs += [(what, place, "") for what, place in resolve_ties(state.music)]
    state.repairs += [(PASSED_OVER, place, "") for place in passed_over(state.music)]
    verses, *words = _take_words(state)
    tune = _assemble(source, state, verses)
    laid, not_laid = layers(tune, state.overlays, words)
    tune = replace(tune, left_out=tuple(sorted((Counter(dict(tune.left_out)) + not_laid).items())))
    moved = [in_octave(one, voice.octaves) for one in (tune, *laid)]
    return ReadVoice(voice, moved[0], len(state.overlays), tuple(moved[1:]))


def _refuse_surrogates(source: Source) -> None:
    """Half a character can be neither written nor printed."""
    for number, line in enumerate(source.lines, source.line):
        if not line.isascii() and (found := _SURROGATE.search(line)):
            raise ParseError(f"a lone surrogate U+{ord(found[0]):X}, expected text", f"{source.name}:{number}")


def _take_words(state: State) -> list[Verses]:
    """The verses of the voice and of each of its overlays; what had to be repaired is recorded."""
    if not state.words:
        return [()] * (1 + len(state.overlays))
    notes = list(_sung(state))
    verses, repairs = align(state.words, notes)
    places = [place for place, element in enumerate(state.music) if isinstance(element, Note)]
    before = list(accumulate((note.owner == 0 for note in notes), initial=0))
    for what, number in repairs:
        state.repair(what, place=places[min(before[number], len(places) - 1)])
    own: list[list[list[str]]] = [[[] for _ in verses] for _ in range(1 + len(state.overlays))]
    for number, note in enumerate(notes):
        for verse, syllables in zip(verses, own[note.owner], strict=True):
            syllables.append(verse[number])
    return [tuple(tuple(verse) for verse in sung if any(verse)) for sung in own]


def _sung(state: State) -> Iterator[Sung]:
    """The notes of the voice and of what is laid over it, in the order of the code, in which words come to them."""
    bar, overlays = 0, list(enumerate(state.overlays, start=1))[::-1]
    for place in range(len(state.music) + 1):
        while overlays and overlays[-1][1].place <= place:
            owner, overlay = overlays.pop()
            for element, line in zip(overlay.state.music, overlay.state.lines, strict=True):
                bar += isinstance(element, Bar)
                if isinstance(element, Note):
                    yield Sung(line, bar, owner)
            bar += 1  # an overlay ends with a bar line
        if place < len(state.music):
            bar += isinstance(state.music[place], Bar)
            if isinstance(state.music[place], Note):
                yield Sung(state.lines[place], bar)


def _assemble(source: Source, state: State, lyrics: Verses) -> Tune:
    header = state.header
    tune = Tune(
        tuple(state.music),
        header.key,
        header.meter,
        header.rhythm,
        header.parts,
        tempos=tuple((place, tempo) for place, tempo in state.tempos if place < len(state.music)),
        lyrics=lyrics,
        annotations=tuple((min(place, len(state.music)), text) for place, text in state.annotations),
        sounding=header.sounding,
        unit=header.unit,
        title=header.title,
        number=header.number,
        fields=tuple(header.fields),
        text="\n".join(source.lines),
        source=source.place,
        left_out=tuple(sorted((header.left_out + state.left_out).items())),
    )
    stops = [measure.stop for measure in tune.measures]
    lines = tuple(_line_at(state, stop) for stop in stops)
    repairs = [_placed(tune, state, stops, repair) for repair in state.repairs]
    if plays_on(tune):
        repairs.append(Repair(UNFOLDED, detail=f"{MOST_PLAYED:,} notes, bar lines and other signs"))
    return replace(tune, lines=lines, repairs=(*header.repairs, *repairs))


def _line_at(state: State, place: int) -> int:
    return state.lines[min(place, len(state.lines) - 1)]


def _placed(tune: Tune, state: State, stops: list[int], repair: tuple[str, int, str]) -> Repair:
    what, place, detail = repair
    measure = tune.measures[min(bisect_left(stops, place), len(stops) - 1)]
    return Repair(what, _line_at(state, place), measure.number, detail)


def with_number(text: str) -> str:
    """The text with an X: field before it where it lacks one, which canonical text does."""
    return text if text.lstrip().startswith("X:") else f"X:1\n{text}"
