"""What a model is told of each place in a piece, beside the token that it has read.

In: the ids of a `PieceTokenizer`, one after the other. Out: for each a row of small integers about the place after it.
0 always stands for nothing. A row tells where in the bar that is, which bar of eight, how many notes have begun there,
which part is spoken of and the last note of it, which note it began at the same place one, two and four bars before
(as the Lookback RNN is told; Waite 2016), the note that was told before, and, drums aside, the lowest of the last bar.

Nothing here is new to who has read all ids before: it saves the model the counting. This file forbids nothing
(`piece_rules`) and knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from tunewright.vocabularies import BEGINS_A_NOTE, MOST_PARTS, PieceTokenizer

POSITIONS = 97  # steps of a bar that are told apart, after 0
BARS = 8
MOST_BEGUN = 15  # notes at one place
BARS_BACK = (1, 2, 4)
NUMBERS = 129  # of notes, after 0
QUARTERS = 4  # of a bar, where no metre is told
BEAT_STEPS = 4  # of a beat in the vocabulary that tells beats

Row = tuple[int, ...]


class PiecePlaces:
    """The columns of a vocabulary's rows."""

    sizes = (POSITIONS, BARS, MOST_BEGUN + 1, MOST_PARTS + 3, NUMBERS, *(NUMBERS for _ in BARS_BACK), NUMBERS, NUMBERS)

    def __init__(self, tokenizer: PieceTokenizer) -> None:
        self.tokenizer = tokenizer

    @cached_property
    def grid(self) -> int:
        """Steps of a beat."""
        return int(max(self.tokenizer.miditok.config.beat_res.values()))

    @cached_property
    def acts(self) -> tuple[tuple[tuple[Act, int], ...], ...]:
        """For every id what each of its tokens does to a reader, and with which number."""
        return tuple(
            tuple((ACTS[kind], value) for token in tokens for kind, value in [self._act(token)] if kind in ACTS)
            for tokens in self.tokenizer.tokens_of
        )

    def _act(self, token: str) -> tuple[str, int]:
        kind, _, value = token.partition("_")
        if kind in BEGINS_A_NOTE:
            return "Note", min(127, abs(int(value)))
        if kind in ("Position", "Program"):
            return kind, int(value)
        if kind == "TimeSig":
            top = re.match(r"(\d+)/", value)
            return kind, int(top[1]) * self.grid if top else 0
        if kind in ("TimeShift", "Rest") and (told := re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", value)):
            beats, part, steps = map(int, told.groups())
            return "TimeShift", (beats * steps + part) * self.grid // steps
        return token if token in ACTS else kind, 0


class PieceReader:
    """Reads the ids of one piece, from its beginning, and tells the row of each."""

    def __init__(self, places: PiecePlaces) -> None:
        self.places = places
        self._acts = places.acts
        self._bar, self._bar_start, self._time, self._steps = -1, 0, 0, QUARTERS * places.grid
        self._beats = 0
        self._part = -2
        self._begun: dict[tuple[int, int], int] = {}  # part and time -> number + 1
        self._last: dict[int, tuple[int, int]] = {}  # part -> number + 1 and time of its last note
        self._here = self._before = 0  # how many notes began at this time, and the last of them

    def read(self, number: int) -> Row:
        """The row of this id."""
        for act, value in self._acts[number]:
            act(self, value)
        part, time, steps, begun = self._part, self._time, self._steps, self._begun
        return (
            number,
            min(time - self._bar_start + 1, POSITIONS - 1) if self._bar >= 0 else 0,
            self._bar % BARS,
            min(self._here, MOST_BEGUN),
            part + 2,
            self._last.get(part, (0, 0))[0],
            *(begun.get((part, time - back * steps), 0) for back in BARS_BACK),
            self._before,
            min((last for of, (last, when) in self._last.items() if of >= 0 and time - when <= steps), default=0),
        )

    def _open_bar(self, _: int) -> None:
        self._bar_start += self._steps if self._bar >= 0 else 0
        self._bar, self._beats = self._bar + 1, 0
        self._move(self._bar_start)

    def _open_track(self, _: int) -> None:
        self._bar, self._bar_start = -1, 0
        self._move(0)

    def _set_meter(self, steps: int) -> None:
        self._steps = steps or self._steps

    def _set_position(self, position: int) -> None:
        self._move(self._bar_start + position)

    def _shift(self, steps: int) -> None:
        self._bar = max(self._bar, 0)
        self._move(self._time + steps)
        while self._time - self._bar_start >= self._steps:
            self._bar_start += self._steps
            self._bar += 1

    def _open_beat(self, _: int) -> None:
        if self._beats:
            self._move(self._time + BEAT_STEPS)
        self._beats += 1

    def _name_part(self, part: int) -> None:
        self._part = part

    def _note(self, number: int) -> None:
        self._bar = max(self._bar, 0)
        self._begun[self._part, self._time] = self._before = number + 1
        self._last[self._part] = (number + 1, self._time)
        self._here += 1

    def _move(self, time: int) -> None:
        if time != self._time:
            self._time, self._here, self._before = time, 0, 0


Act = Callable[[PieceReader, int], None]
ACTS: Mapping[str, Act] = {  # what a reader does with each kind of token
    "Bar_None": PieceReader._open_bar,
    "Track_Start": PieceReader._open_track,
    "TimeSig": PieceReader._set_meter,
    "Position": PieceReader._set_position,
    "TimeShift": PieceReader._shift,
    "Beat_None": PieceReader._open_beat,
    "Program": PieceReader._name_part,
    "Note": PieceReader._note,
}


def read_piece_rows(places: PiecePlaces, ids: Iterable[int]) -> list[Row]:
    """The row of every id."""
    reader = PieceReader(places)
    return [reader.read(number) for number in ids]
