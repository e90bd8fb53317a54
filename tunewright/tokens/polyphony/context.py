"""Context features of pieces: what a model is told of each place, beside the token that it has read.

In: the ids of a `PieceTokenizer`, one after the other. Out: for each a row of small integers about the place after it.
0 always stands for nothing. A row tells where in the bar that is, which bar of eight, how many notes have begun there,
which part is spoken of and the last note of it, which note it began at the same place one, two and four bars before
(as the Lookback RNN is told; Waite 2016); which of the twelve diatonic scales holds most of the last notes; and what
sounds there already: the three lowest notes and the highest, drums aside.

Nothing here is new to who has read all ids before: it saves the model the counting. This file forbids nothing
(`grammar`) and knows no model.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property

from tunewright.tokens.polyphony.vocabulary import BEGINS_A_NOTE, DRUM_PROGRAM, MOST_PARTS, PieceVocabulary

POSITIONS = 97  # steps of a bar that are told apart, after 0
BARS = 8
MOST_BEGUN = 15  # notes at one place
BARS_BACK = (1, 2, 4)
NUMBERS = 129  # of notes, after 0
NO_PART = -2  # before any was named
UNKNOWN_LENGTH = 1 << 20  # steps, of a note whose length has not been told yet
QUARTERS = 4  # of a bar, where no metre is told
BEAT_STEPS = 4  # of a beat in the vocabulary that tells beats
LOWEST = 3  # of the notes that sound, beside the highest
SCALES = 12
SCALE_OF = tuple(tuple((number - step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)) for number in range(12))
REMEMBERED = 48  # notes that a scale is judged by

Row = tuple[int, ...]


class PieceFeatures:
    """The context features of a vocabulary: how many values each has, and tables that a reader needs."""

    sizes = (
        *(POSITIONS, BARS, MOST_BEGUN + 1, MOST_PARTS + 3, NUMBERS),
        *(NUMBERS for _ in BARS_BACK),
        SCALES + 1,
        *(NUMBERS for _ in range(LOWEST + 1)),
    )

    def __init__(self, vocabulary: PieceVocabulary) -> None:
        self.vocabulary = vocabulary

    @cached_property
    def grid(self) -> int:
        """Steps of a beat."""
        return int(max(self.vocabulary.miditok.config.beat_res.values()))

    @cached_property
    def acts(self) -> tuple[tuple[tuple[Act, int], ...], ...]:
        """For every id what each of its tokens does to a reader, and with which number."""
        return tuple(
            tuple((ACTS[kind], value) for token in tokens for kind, value in [self._act(token)] if kind in ACTS)
            for tokens in self.vocabulary.tokens_of
        )

    @cached_property
    def ends_notes(self) -> bool:
        """Whether the vocabulary tells where notes end, not how long they are."""
        return any(token.startswith("NoteOff") for tokens in self.vocabulary.tokens_of for token in tokens)

    def _act(self, token: str) -> tuple[str, int]:
        kind, _, value = token.partition("_")
        if kind in BEGINS_A_NOTE:
            return "Note", min(127, abs(int(value)))
        if kind in ("NoteOff", "DrumOff"):
            return "Off", int(value)
        if kind in ("Position", "Program"):
            return kind, int(value)
        if kind == "TimeSig":
            top = re.match(r"(\d+)/", value)
            return kind, int(top[1]) * self.grid if top else 0
        if kind in ("TimeShift", "Rest", "Duration") and (told := re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", value)):
            beats, part, steps = map(int, told.groups())
            return ("Duration" if kind == "Duration" else "TimeShift"), (beats * steps + part) * self.grid // steps
        return token if token in ACTS else kind, 0


class PieceReader:
    """Reads the ids of one piece, from its beginning, and tells the row of each."""

    def __init__(self, features: PieceFeatures) -> None:
        self.features = features
        self._acts = features.acts
        self._bar, self._bar_start, self._time, self._steps = -1, 0, 0, QUARTERS * features.grid
        self._beats = 0
        self._part = NO_PART
        self._begun: dict[tuple[int, int], int] = {}  # part and time -> number + 1
        self._last: dict[int, int] = {}  # part -> number + 1 of its last note
        self._here = 0  # how many notes began at this time
        self._sounding: list[
            tuple[int, int]
        ] = []  # number and end of those that do, drums aside; ended by their length
        self._remembered: deque[int] = deque()  # classes of the last notes
        self._scales = [0] * SCALES  # how many of them each scale holds
        self._scale = 0  # the one that holds most, from 1
        self._heard: tuple[int, ...] = (0,) * (LOWEST + 1)

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
            self._last.get(part, 0),
            *(begun.get((part, time - back * steps), 0) for back in BARS_BACK),
            self._scale,
            *self._heard,
        )

    def _open_bar(self, _: int) -> None:
        self._bar_start += self._steps if self._bar >= 0 else 0
        self._bar, self._beats = self._bar + 1, 0
        self._move(self._bar_start)

    def _open_track(self, _: int) -> None:
        self._bar, self._bar_start = -1, 0
        self._sounding = []
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
        self._begun[self._part, self._time] = self._last[self._part] = number + 1
        self._here += 1
        if self._part != DRUM_PROGRAM:
            self._sounding.append((number + 1, self._time + UNKNOWN_LENGTH))
            self._hear()
            self._remember(number % 12)

    def _set_length(self, steps: int) -> None:
        if self._sounding and self._sounding[-1][1] == self._time + UNKNOWN_LENGTH:
            self._sounding[-1] = (self._sounding[-1][0], self._time + steps)

    def _lasts(self, end: int) -> bool:
        """Whether a note that ends then sounds on: one of unknown length only where an end of its own is to come."""
        return self.features.ends_notes or end < UNKNOWN_LENGTH

    def _end_note(self, number: int) -> None:
        self._sounding = [note for note in self._sounding if note[0] != number + 1]
        self._hear()

    def _hear(self) -> None:
        numbers = sorted({number for number, _ in self._sounding})
        lowest = numbers[:LOWEST]
        self._heard = (*lowest, *(0 for _ in range(LOWEST - len(lowest))), numbers[-1] if len(numbers) > LOWEST else 0)

    def _remember(self, pitch_class: int) -> None:
        scales = self._scales
        for scale in SCALE_OF[pitch_class]:
            scales[scale] += 1
        self._remembered.append(pitch_class)
        if len(self._remembered) > REMEMBERED:
            for scale in SCALE_OF[self._remembered.popleft()]:
                scales[scale] -= 1
        best = max(scales)
        if not self._scale or scales[self._scale - 1] < best:
            self._scale = scales.index(best) + 1

    def _move(self, time: int) -> None:
        if time != self._time:
            self._time, self._here = time, 0
            if self._sounding:
                self._sounding = [note for note in self._sounding if note[1] > time and self._lasts(note[1])]
                self._hear()


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
    "Duration": PieceReader._set_length,
    "Off": PieceReader._end_note,
}
