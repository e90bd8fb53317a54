"""ABC to exact music: `parse_tune` puts together what `header`, `music` and `joining` read.

In: text, a file, or the lines of one tune. Out: `Tune`s, with every repair recorded and everything that is not
melody named. Files are cut into tunes in `splitting`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tunewright.formats.abc.decoding import decode_text, plain_lines
from tunewright.formats.abc.header import Header, read_header
from tunewright.formats.abc.joining import resolve_ties
from tunewright.formats.abc.music import read_music
from tunewright.formats.abc.splitting import Source, split_tunes
from tunewright.formats.abc.state import State
from tunewright.music.playing import MOST_PLAYED, passed_over, plays_on
from tunewright.music.tune import Repair, Tune
from tunewright.support.errors import ParseError, mistake

LONGEST_TUNE = 2**20  # characters of a tune in a file that may hold anything
_SURROGATE = re.compile("[\ud800-\udfff]")
PASSED_OVER = "repeat sign that closes the last ending passed over"
UNFOLDED = "played no further than the longest that is unfolded"
NO_TUNE = "no tune found, expected ABC that begins with an X: field"


def parse_abc(text: str | Path) -> list[Tune]:
    """The tunes of a text or file, in order.

    ParseError, with file and line, at the first tune that cannot be read, or where there is none;
    `read_corpus` goes on past bad tunes and says which they were.
    """
    name = ""
    if isinstance(text, Path):
        name = text.name
        text = decode_text(text.read_bytes(), name)
    tunes = [parse_tune(source) for source in split_tunes(plain_lines(text), name)]
    if not tunes:
        raise ParseError(NO_TUNE, name)
    return tunes


def decode_abc(content: bytes, name: str) -> Iterator[tuple[Tune | ParseError, int]]:
    """Every tune of a file's bytes, in order, or why it cannot be read; each with the characters it takes."""
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
            yield parse_tune(source), size
        except ParseError as error:
            yield error, size
        except Exception as error:  # a mistake in one tune must not end the work on those after it
            yield ParseError(mistake(error), source.place), size


def parse_tune(source: Source) -> Tune:
    """The tune that stands in these lines; ParseError where its header or music cannot be made sense of."""
    _refuse_surrogates(source)
    header = read_header(source)
    state = State(header)
    try:
        read_music(state)
    except ParseError as error:
        raise ParseError(error.reason, f"{source.name}:{state.line or source.line}") from None
    state.repairs += [(what, place, "") for what, place in resolve_ties(state.music)]
    state.repairs += [(PASSED_OVER, place, "") for place in passed_over(state.music)]
    return _assemble(source, header, state)


def _refuse_surrogates(source: Source) -> None:
    """Half a character can be neither written nor printed."""
    for number, line in enumerate(source.lines, source.line):
        if not line.isascii() and (found := _SURROGATE.search(line)):
            raise ParseError(f"a lone surrogate U+{ord(found[0]):X}, expected text", f"{source.name}:{number}")


def _assemble(source: Source, header: Header, state: State) -> Tune:
    tune = Tune(
        tuple(state.music),
        header.key,
        header.meter,
        header.rhythm,
        header.parts,
        tempos=tuple((place, tempo) for place, tempo in state.tempos if place < len(state.music)),
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
