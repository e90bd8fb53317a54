"""What the ids of a tokenizer are, for the grammar.

In: a `DegreeTokenizer`. Out: its ids by kind, and lengths in ticks. This file allows and forbids nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from tunewright.formats.abc.shorthand import SHORTHAND
from tunewright.music.beats import WHOLE, ticks
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Mask

GRID = WHOLE // 32  # ticks: the shortest note, and what bars are filled in steps of


class Tables:
    """What the ids of a tokenizer are, for the grammar."""

    def __init__(self, tokenizer: DegreeTokenizer) -> None:
        self.tokenizer = tokenizer
        self.lengths = {number: ticks(length) for number, length in tokenizer.lengths.items()}
        self.usable = {n: length for n, length in self.lengths.items() if length >= GRID and length % GRID == 0}
        self.sounds = tokenizer.timed
        self.one_token = {spelled: number for number, spelled in tokenizer.timed.items()}
        self.pitches, self.rests = frozenset(tokenizer.pitches), frozenset(tokenizer.rests)
        self.plain = self.pitches | self.rests
        self.tuplets = tokenizer.tuplets
        self.tie = tokenizer.ids["-"]
        self.line_ids = {line: number for number, line in tokenizer.bar_lines.items()}
        self.ending_ids = {ending: number for number, ending in tokenizer.endings.items()}
        self.borders = frozenset((*tokenizer.bar_lines, *tokenizer.endings))
        self.returns = frozenset(tokenizer.returns)
        self.untied = {tokenizer.ids["!trill!"]: 1, tokenizer.ids["!staccato!"]: 1, tokenizer.ids["!roll!"]: 2}
        self.written = tuple(sorted(set(self.usable.values())))
        self._spelled: dict[tuple[tuple[int, ...], frozenset[int]], Mask] = {}

    @cached_property
    def heard(self) -> dict[int, int]:
        """The pitch that each id of a note is of; 0 for a rest."""
        plain = {number: number if number in self.pitches else 0 for number in self.plain}
        return plain | {number: plain[sound] for number, (_, sound) in self.sounds.items()}

    @cached_property
    def closing(self) -> Mask:
        """Bar lines, endings and the end."""
        return self.mask_of((*self.borders, DegreeTokenizer.END))

    @cached_property
    def planning(self) -> Mask:
        """What measures may be to be."""
        return self.mask_of(self.returns)

    def spelled(self, lengths: tuple[int, ...], sounds: frozenset[int]) -> Mask:
        """The first ids of these pitches and rests with these lengths: the only one, or the length."""
        key = (lengths, sounds)
        if key not in self._spelled:
            one = self.one_token
            self._spelled[key] = self.mask_of(one.get((length, s), length) for length in lengths for s in sounds)
        return self._spelled[key]

    def mask_of(self, ids: Iterable[int]) -> Mask:
        """The mask that lets these ids through."""
        mask = np.zeros(len(self.tokenizer.vocab), bool)
        mask[list(ids)] = True
        return mask

    def unlike(self, pitches: frozenset[int], tie: int) -> frozenset[int]:
        """Those pitches that are of other degrees than the one tied: a tie carries its accidental to the next note."""
        if not tie:
            return pitches
        steps = self.tokenizer.pitches
        return frozenset(pitch for pitch in pitches if (steps[pitch][0] - steps[tie][0]) % 7) or pitches

    @cached_property
    def sign_ids(self) -> dict[str, int]:
        """The ids of ties, slurs and braces."""
        return {sign: self.tokenizer.ids[sign] for sign in ("-", "(", ")", "{", "}") if sign in self.tokenizer.ids}

    @cached_property
    def chords(self) -> Mask:
        """Roots of chord symbols."""
        return self._named("chord:")

    @cached_property
    def qualities(self) -> Mask:
        """Kinds of chords."""
        return self._named("quality:")

    @cached_property
    def basses(self) -> Mask:
        """Basses of chords."""
        return self._named("bass:")

    @cached_property
    def decorations(self) -> Mask:
        """All decorations."""
        return self.mask_of(self.tokenizer.decorations)

    @cached_property
    def after_letters(self) -> Mask:
        """Decorations that may follow one that is written as a letter: abc2midi reads no "!" and no "J" there."""
        return self.mask_of(number for number in self._letters if number != self.tokenizer.ids["!slide!"])

    @cached_property
    def signs(self) -> Mapping[int, str]:
        """What kind of sign an id is that is neither note nor border: "!" a decoration, "~" one of one letter."""
        kinds = {"chord": self.chords, "quality": self.qualities, "bass": self.basses}
        found = {int(number): kind for kind, mask in kinds.items() for number in np.flatnonzero(mask)}
        found |= {number: "~" if number in self._letters else "!" for number in self.tokenizer.decorations}
        return found | {number: sign for sign, number in self.sign_ids.items()}

    @cached_property
    def _letters(self) -> frozenset[int]:
        names = set(SHORTHAND.values())
        return frozenset(n for n, name in self.tokenizer.decorations.items() if name in names)

    def _named(self, prefix: str) -> Mask:
        return self.mask_of(number for token, number in self.tokenizer.ids.items() if token.startswith(prefix))
