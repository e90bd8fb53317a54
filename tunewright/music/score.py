"""A tune with all its voices: each a tune of its own, with what they share.

In: nothing; values only. Out: `Voice` and `Score`, both frozen. The first voice is the melody, which stands alone where
a tune is asked for; as music of several parts a score is a `Piece`. This file reads and writes no format.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar

from tunewright.music import showing
from tunewright.music.tune import Inference, Note, Repair, Rest, Tempo, Tune

OTHER_TEMPO = "tempo in a voice other than the melody"


@dataclass(frozen=True)
class Voice:
    """One voice: its music, what is printed before its first line and before the others, and its clef."""

    tune: Tune
    name: str = ""
    short_name: str = ""
    clef: str = ""  # "treble", "alto", "tenor", "bass" and so on; "" where that follows from how high it lies


@dataclass(frozen=True)
class Score:
    """Voices that sound together, with the melody first. Title, key, metre and form are those of the melody.

    `staves` are places in `voices`, from the top down: those in one group stand on one staff.
    """

    kind: ClassVar[str] = "score"
    voices: tuple[Voice, ...]
    staves: tuple[tuple[int, ...], ...]

    @property
    def melody(self) -> Tune:
        """The first voice."""
        return self.voices[0].tune

    @property
    def tunes(self) -> tuple[Tune, ...]:
        """The music of each voice."""
        return tuple(voice.tune for voice in self.voices)

    @property
    def title(self) -> str:
        """That of the melody."""
        return self.melody.title

    @property
    def source(self) -> str:
        """Where it stands: "file:line"."""
        return self.melody.source

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Those of all voices."""
        return tuple(repair for voice in self.voices for repair in voice.tune.repairs)

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """What no voice has, and how much of it."""
        counts: dict[str, int] = {}
        for voice in self.voices:
            for name, count in voice.tune.left_out:
                counts[name] = counts.get(name, 0) + count
        if missing := len(set().union(*map(tempo_changes, self.tunes)) - tempo_changes(self.melody)):
            counts[OTHER_TEMPO] = counts.get(OTHER_TEMPO, 0) + missing
        return tuple(sorted(counts.items()))

    @property
    def inferred(self) -> tuple[Inference, ...]:
        """What the notes of the melody tell."""
        return self.melody.inferred

    def _repr_svg_(self) -> str:
        """Sheet music of all voices, for a notebook."""
        return showing.to_svg(self)

    def _repr_html_(self) -> str:
        """The same over a player."""
        return showing.to_html(self)

    def __str__(self) -> str:
        return f"{self.title or 'Untitled'} ({len(self.voices)} voices)"


def tempo_changes(tune: Tune) -> set[tuple[Fraction, Tempo]]:
    """The tempi of a voice with when, in whole notes as written, they begin."""
    lengths = (element.length if isinstance(element, Note | Rest) else Fraction(0) for element in tune.music)
    times = list(accumulate(lengths, initial=Fraction(0)))
    return {(times[place], tempo) for place, tempo in tune.tempos}
