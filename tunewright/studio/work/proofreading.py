"""ABC that somebody writes, read as far as it goes, with what is wrong with it and where.

In: text. Out: a `Proof`: its first tune, with all its voices, and `Problem`s by line and, where that is known, column.
A sign or line that cannot be read is passed over, and the rest is read. This file corrects nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunewright.formats.abc.decoding import plain_lines
from tunewright.formats.abc.music import NO_NOTES
from tunewright.formats.abc.reading import NO_TUNE
from tunewright.formats.abc.scores import parse_score
from tunewright.formats.abc.signs import SIGNS
from tunewright.formats.abc.splitting import FIELD_LINE, Source, split_tunes, strip_comment
from tunewright.music.score import Score
from tunewright.music.tune import Bar, Tune
from tunewright.support.errors import ParseError

MOST_PASSED_OVER = 20  # signs and lines, before a text is given up
MOST_PROBLEMS = 100  # that are told
PASSED_OVER = "%"  # what is read in the place of a line that cannot be
ERROR, REPAIR, BAR, LEFT_OUT, MORE = "error", "repair", "bar", "left out", "more"
_NO_KEY = "no K: field"
_QUOTED = re.compile(r"'([^']+)'")
_SOUNDS = ("note", "rest", "chord", "grace", "tuplet")
_FORM_BAR = re.compile(r"bar (\d+):")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: its line and column in the text, from 1, in the words of who found it.

    `kind` is "error" for what could not be read, "repair" for what was read otherwise than it is written, "bar" for
    bars and repeats that do not add up, "left out" for what has no meaning here, "more" for what was not read.
    """

    line: int
    column: int | None
    message: str
    kind: str = ERROR


@dataclass(frozen=True, slots=True)
class Proof:
    """What could be read, None where there are no notes, and everything that is wrong."""

    music: Tune | Score | None
    problems: tuple[Problem, ...]

    @property
    def error(self) -> str:
        """Why nothing could be read, in one line; "" where something was."""
        return "" if self.music else next((problem.message for problem in self.problems[::-1]), NO_TUNE)


def proofread(text: str) -> Proof:
    """The first tune of a text, as far as it can be read."""
    draft = _Draft(text)
    errors: list[Problem] = []
    for _ in range(MOST_PASSED_OVER):
        try:
            sources = draft.sources()
            if not sources:
                errors.append(Problem(1, None, NO_TUNE))
                break
            music = parse_score(sources[0])
        except ParseError as error:
            found = draft.problem(error)
            errors += [] if found in errors else [found]
            if not draft.mend(error):
                break
        else:
            problems = [*errors, *_of_music(music, draft), *_more(sources, draft)]
            return Proof(music, tuple(problems[:MOST_PROBLEMS]))
    return Proof(None, tuple(errors))


class _Draft:
    """The lines of a text as they are read, which may be other ones than were written, and more."""

    def __init__(self, text: str) -> None:
        self.written = plain_lines(text).split("\n")
        self.lines = list(self.written)
        self._columns: dict[int, list[int]] = {}
        self.numbers = list(range(1, len(self.lines) + 1))  # in the text, of each line that is read
        if not any(line.startswith("X:") for line in self.lines):
            self._insert(next((place for place, line in enumerate(self.lines) if line.strip()), 0), "X:1")

    def sources(self) -> list[Source]:
        """The tunes of the text."""
        return list(split_tunes("\n".join(self.lines)))

    def number(self, read: int) -> int:
        """The line in the text of a line as it is read, both from 1."""
        return self.numbers[min(max(read, 1), len(self.numbers)) - 1]

    def text(self, number: int) -> str:
        """A line of the text, without its comment."""
        return strip_comment(self.written[number - 1])

    def columns(self, number: int) -> list[int]:
        """Where each bar that has notes or rests begins in a line of the text, from 1."""
        if number not in self._columns:
            self._columns[number] = list(_begins_of_bars(self.text(number)))
        return self._columns[number]

    def problem(self, error: ParseError) -> Problem:
        """An error where it is in the text."""
        number = self.number(_line_of(error))
        quoted = _QUOTED.search(error.reason)
        return Problem(number, _column(self.text(number), quoted[1] if quoted else ""), error.reason)

    def mend(self, error: ParseError) -> bool:
        """Pass over what an error quotes, or the line that it names; False where that helps nothing."""
        place = min(max(_line_of(error), 1), len(self.lines)) - 1
        if error.reason.startswith(_NO_KEY):
            after = (number for number, line in enumerate(self.lines) if number > place and not FIELD_LINE.match(line))
            self._insert(next(after, len(self.lines)), "K:C")
            return True
        if error.reason == NO_NOTES or self.lines[place] == PASSED_OVER or self.lines[place].startswith("X:"):
            return False
        quoted = None if FIELD_LINE.match(self.lines[place]) else _QUOTED.search(error.reason)
        without = self.lines[place].replace(quoted[1], " " * len(quoted[1]), 1) if quoted else PASSED_OVER
        self.lines[place] = PASSED_OVER if without == self.lines[place] else without
        return True

    def _insert(self, place: int, line: str) -> None:
        self.lines.insert(place, line)
        self.numbers.insert(place, min(place + 1, len(self.written)))


def _line_of(error: ParseError) -> int:
    line = error.source.rpartition(":")[2]
    return int(line) if line.isdigit() else 1


def _column(line: str, text: str, start: int = 0) -> int | None:
    """Where a text stands in a line, from 1."""
    place = line.find(text, start) if text else -1
    return place + 1 if place >= 0 else None


def _begins_of_bars(line: str) -> Iterator[int]:
    sounding = False
    for sign in () if FIELD_LINE.match(line) else SIGNS.finditer(line):
        if sign.lastgroup in _SOUNDS and not sounding:
            yield sign.start() + 1
        sounding = sign.lastgroup in _SOUNDS or (sounding and sign.lastgroup != "bar")


# ------------------------------------------------------------------------------------------------ what was read


def _of_music(music: Tune | Score, draft: _Draft) -> Iterator[Problem]:
    """What is wrong with music that was read, in the order of its lines."""
    melody = music.melody if isinstance(music, Score) else music
    found = [*_repairs(music, melody, draft), *_bars(melody, draft), *_left_out(music, melody, draft)]
    yield from sorted(found, key=lambda problem: (problem.line, problem.column or 0))


def _repairs(music: Tune | Score, melody: Tune, draft: _Draft) -> Iterator[Problem]:
    for repair in music.repairs[:MOST_PROBLEMS]:
        number = draft.number(repair.line)
        start = _column_of_bar(melody, repair.bar, draft) if repair.bar else None
        column = _column(draft.text(number), repair.detail, (start or 1) - 1) or start
        said = f"{repair.what} ({repair.detail})" if repair.detail else repair.what
        yield Problem(number, column, said, REPAIR)


def _bars(melody: Tune, draft: _Draft) -> Iterator[Problem]:
    for error in melody.bar_errors[:MOST_PROBLEMS]:
        yield Problem(draft.number(error.line), _column_of_bar(melody, error.number, draft), str(error), BAR)
    lines = [place for place, element in enumerate(melody.music) if isinstance(element, Bar)]
    for said in melody.form_errors[:MOST_PROBLEMS]:
        found = _FORM_BAR.match(said)
        sign = int(found[1]) - 2 if found else -1  # the bar line before the bar, counted as the form is
        place = lines[min(sign, len(lines) - 1)] if sign >= 0 and lines else 0
        stops = [measure.stop for measure in melody.measures]
        measure = min(bisect_left(stops, place + 1), len(stops) - 1)
        column = _column_of_bar(melody, melody.measures[measure].number, draft)
        yield Problem(draft.number(melody.lines[measure]), column, said, BAR)


def _left_out(music: Tune | Score, melody: Tune, draft: _Draft) -> Iterator[Problem]:
    first = draft.number(melody.lines[0] if melody.lines else 1)
    for name, count in music.left_out:
        sign = _QUOTED.search(name)
        number, column = _find(sign[1], first, draft) if sign else (first, None)
        yield Problem(number, column, f"{name} left out" + (f" ({count} times)" if count > 1 else ""), LEFT_OUT)


def _find(sign: str, first: int, draft: _Draft) -> tuple[int, int | None]:
    """Line and column of the first of a sign, from a line on."""
    for number in range(first, len(draft.written) + 1):
        if column := _column(draft.text(number), sign):
            return number, column
    return first, None


def _column_of_bar(tune: Tune, number: int, draft: _Draft) -> int | None:
    """Where a bar begins in the line that it ends in; None where that cannot be told."""
    index = number - tune.measures[0].number
    if not 0 <= index < len(tune.lines):
        return None
    line = tune.lines[index]
    columns = draft.columns(draft.number(line))
    before = index - bisect_left(tune.lines, line, 0, index)
    return columns[before] if before < len(columns) else None


def _more(sources: Sequence[Source], draft: _Draft) -> Iterator[Problem]:
    """That there are further tunes."""
    if len(sources) > 1:
        yield Problem(draft.number(sources[1].line), None, f"{len(sources) - 1} more tunes were not read", MORE)
