"""A tune as it is heard: repeats, endings and parts unfolded, ties joined, and its melody without key or unit.

In: a `Tune`. Out: its elements in playing order, its notes with onsets, its contour and a hash of that. Tempo and lilt
are `performance`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from tunewright.music.tune import Bar, Element, Ending, Note, Part, Pitch, Rest, Tune

MOST_PARTS = 1000  # played one after the other
MOST_PLAYED = 2**17  # elements of a tune, repeats unfolded: hours of music, where `"C|2:|"` 400 times is a mistake
MOST_TIMES = 100  # through a repeat, whatever number a slip of the pen gives an ending


@dataclass(frozen=True, slots=True)
class Sounding:
    """One note or chord as struck: onset and length in whole notes from the beginning of the tune."""

    onset: Fraction
    length: Fraction
    pitches: tuple[Pitch, ...]
    grace: tuple[Pitch, ...] = ()
    decorations: tuple[str, ...] = ()
    longer: tuple[tuple[Pitch, Fraction], ...] = ()  # of a chord: pitches that a tie holds on, and how long they sound
    place: int = field(default=0, compare=False, repr=False)  # in the music of the tune: that of the note struck

    def length_of(self, pitch: Pitch) -> Fraction:
        """How long one of its pitches sounds."""
        return next((length for held, length in self.longer if held == pitch), self.length)

    @property
    def pitch(self) -> Pitch:
        """The top pitch."""
        return self.pitches[-1]


def played(tune: Tune) -> Iterator[Element]:
    """Its elements in the order in which they are played: repeats, endings and the order of parts unfolded.

    A repeat sign without a beginning leads back to the last double bar or repeat sign, or to the start: in print a
    double bar divides the strains of a tune, also within a lettered part. After endings it leads back to where the last
    is as long as the first. One that closes the last ending leads nowhere: `passed_over`.
    """
    return (tune.music[place] for place in played_places(tune))


def played_places(tune: Tune) -> Iterator[int]:
    """Where each element of `played` stands in the tune's music; it ends after `MOST_PLAYED` of them."""
    left, unfolded = _Steps(), {}
    for start, stop in _part_spans(tune):
        if start not in unfolded:
            unfolded[start] = _Span(tune.music[start:stop])
        for place in unfolded[start].played(left):
            yield start + place


def plays_on(tune: Tune) -> bool:
    """Whether a tune, its repeats unfolded, goes on after what `played` gives of it."""
    if not tune.parts and _at_most(tune.music) <= MOST_PLAYED:
        return False  # as of nearly all
    order = list(_part_spans(tune))
    spans = {span: _Span(tune.music[slice(*span)]) for span in order}
    if sum(spans[span].longest for span in order) <= MOST_PLAYED:
        return False
    left = _Steps()
    for span in order:
        for _ in spans[span].played(left):
            pass
    return left.over


def _at_most(music: Sequence[Element]) -> int:
    """No more elements than this are played: all of them once, and again for each repeat sign."""
    repeats, times = 0, 2
    for element in music:
        if isinstance(element, Bar):
            repeats += element.ends_repeat
        elif isinstance(element, Ending):
            times = max(times, *element.numbers)
    return len(music) * (1 + repeats * min(times, MOST_TIMES))


@dataclass(slots=True)
class _Steps:
    """How far play may still go: elements, and endings that are passed over between them."""

    elements: int = MOST_PLAYED
    skips: int = MOST_PLAYED

    @property
    def over(self) -> bool:
        """Whether play has gone on for too long."""
        return self.elements <= 0 or self.skips <= 0


def passed_over(music: Sequence[Element]) -> list[int]:
    """Where repeat signs stand that are never followed, as one that closes the last ending."""
    if not _closes_later_ending(music):
        return []
    followed = set[int]()
    for _ in _Span(music).played(_Steps(), followed):
        pass
    signs = (place for place, element in enumerate(music) if isinstance(element, Bar) and element.ends_repeat)
    return [place for place in signs if place not in followed]


def _closes_later_ending(music: Sequence[Element]) -> bool:
    """Whether a repeat sign stands at the end of an ending that is not the first: any other one is followed."""
    met = later = False
    for element in music:
        if isinstance(element, Ending):
            met, later = True, met
        elif isinstance(element, Bar) and element.ends_section:
            if later and element.ends_repeat:
                return True
            met, later = met and not element.starts_repeat, False
    return False


class _Span:
    """A stretch of music that is played by itself, with what its endings mean looked up once."""

    def __init__(self, music: Sequence[Element]) -> None:
        self._music = music
        self._after: dict[int, int] = {}  # an ending: where play goes on when it is skipped
        self._times: dict[int, int] = {}  # an ending: how often its section is played, as far as it says
        self._chain: dict[int, int] = {}  # an ending: the same, with those that follow it directly
        following = len(music)
        for place in range(len(music) - 1, -1, -1):
            element = music[place]
            if isinstance(element, Ending):
                numbers = (number for number in element.numbers if 2 < number <= MOST_TIMES)
                self._after[place], self._times[place] = following, max(numbers, default=2)
                self._chain[place] = max(self._times[place], self._chain.get(following, 2))
                following = place
            elif isinstance(element, Bar) and element.ends_section:
                following = place + 1

    @property
    def longest(self) -> int:
        """No more elements than this are played."""
        repeats = sum(isinstance(element, Bar) and element.ends_repeat for element in self._music)
        return len(self._music) * (1 + repeats * max(self._times.values(), default=2))

    def played(self, left: _Steps, followed: set[int] | None = None) -> Iterator[int]:
        """The places in playing order, as long as there are steps left; the repeat signs that count go to `followed`.

        A section is played twice, or as often as its endings say; those that follow the repeat sign directly belong
        to it.
        """
        music = self._music
        index, section, explicit, times, in_ending, asked = 0, 0, False, 1, False, 2
        while index < len(music) and not left.over:
            element = music[index]
            if isinstance(element, Ending):
                asked = max(asked, self._times[index])
                if times not in element.numbers and in_ending and 1 in element.numbers:
                    section, explicit, times = self._past_endings(section, index) or index, False, 1
                    asked = self._times[index]
                if times not in element.numbers:
                    index = self._after[index]
                    left.skips -= 1
                    continue
            left.elements -= 1
            yield index
            index += 1
            in_ending = in_ending or isinstance(element, Ending)
            if not isinstance(element, Bar):
                continue
            over = element.ends_section and (in_ending or not explicit)  # a double bar within a repeat ends nothing
            back = element.ends_repeat and times < max(asked, self._chain.get(index, 2))
            past = self._past_endings(section, index) if in_ending and element.ends_repeat and not back else None
            in_ending = in_ending and not element.ends_section
            if followed is not None and (back or past is not None):
                followed.add(index - 1)
            if back:
                index, times, asked = section, times + 1, 2
            elif past is not None:
                index, section, explicit, times, asked = past, past, False, 2, 2
            elif element.starts_repeat or element.ends_repeat or over:
                section, explicit, times, asked = index, element.starts_repeat, 1, 2

    def _past_endings(self, section: int, end: int) -> int | None:
        """Where a section begins that no bar line marks: after the last ending, which is as long as the first.

        None where there are no two endings from `section` to `end`, or the last is not over when it comes to the end.
        """
        endings = [place for place in range(section, end) if isinstance(self._music[place], Ending)]
        if len(endings) < 2:
            return None
        bars = sum(isinstance(element, Bar) for element in self._music[endings[0] : endings[1]])
        for place in range(endings[-1], end - 1):
            bars -= isinstance(self._music[place], Bar)
            if not bars:
                return place + 1
        return None


def _part_spans(tune: Tune) -> Iterator[tuple[int, int]]:
    """The spans of the music in playing order of its parts."""
    marks = [
        (index, element.label)
        for index, element in enumerate(tune.music)
        if isinstance(element, Part) and len(element.label) == 1  # a word among them, as "segno", ends no part
    ]
    order = expand_parts(tune.parts)
    if not marks or not order or not set(order) <= {label for _, label in marks}:
        yield 0, len(tune.music)
        return
    ends = [index for index, _ in marks[1:]] + [len(tune.music)]
    spans = {label: (start, stop) for (start, label), stop in zip(marks, ends, strict=True)}
    if marks[0][0] > 0:
        yield 0, marks[0][0]
    for label in order:
        yield spans[label]


def expand_parts(parts: str) -> str:
    """The order of parts written out; "" where brackets do not match or it is absurdly long.

    >>> expand_parts("(AB)2.C3")
    'ABABCCC'
    """
    stack: list[list[str]] = [[]]
    for sign in parts[: 4 * MOST_PARTS]:
        if sign == "(":
            stack.append([])
        elif sign == ")":
            if len(stack) == 1:
                return ""
            group = "".join(stack.pop())
            stack[-1].append(group)
        elif sign.isdigit() and stack[-1]:
            stack[-1][-1] *= int(sign)
            if len(stack[-1][-1]) > MOST_PARTS:
                return ""
        elif sign.isalpha():
            stack[-1].append(sign)
    return "".join(stack[0])[:MOST_PARTS] if len(stack) == 1 else ""


def soundings(tune: Tune, *, unfold: bool = True) -> tuple[Sounding, ...]:
    """Its notes as struck, in order of onset: repeats unfolded unless told not to, tied notes joined.

    A tie in a chord holds its own note alone: that is not struck again with the next chord.
    """
    heard: list[Sounding] = []
    onset = Fraction(0)
    ringing: dict[Pitch, int] = {}  # the pitches that are tied on, and where they were struck
    for place in played_places(tune) if unfold else range(len(tune.music)):
        element = tune.music[place]
        if isinstance(element, Note):
            struck = _hold(heard, ringing, element) if ringing else element.pitches
            if struck:
                heard.append(Sounding(onset, element.length, struck, element.grace, element.decorations, place=place))
            ringing = {pitch: len(heard) - 1 if pitch in struck else ringing[pitch] for pitch in element.tied_pitches}
            onset += element.length
        elif isinstance(element, Rest):
            onset += element.length
            ringing = {}
    return tuple(heard)


def _hold(heard: list[Sounding], ringing: dict[Pitch, int], note: Note) -> tuple[Pitch, ...]:
    """Let what rings sound on through a note that has it too; the pitches that have to be struck."""
    if len(ringing) == len(note.pitches) and heard[-1].pitches == note.pitches and not heard[-1].longer:
        heard[-1] = replace(heard[-1], length=heard[-1].length + note.length)
        return ()
    for pitch in note.pitches:
        if pitch in ringing:
            place = ringing[pitch]
            longer = dict(heard[place].longer) | {pitch: heard[place].length_of(pitch) + note.length}
            heard[place] = replace(heard[place], longer=tuple(longer.items()))
    return tuple(pitch for pitch in note.pitches if pitch not in ringing)


def written_melody(tune: Tune) -> tuple[Sounding, ...]:
    """Its notes as written, repeats not unfolded, chords tied to equal ones joined; no tie within a chord counts."""
    heard: list[Sounding] = []
    onset, tied = Fraction(0), False
    for element in tune.music:
        if isinstance(element, Note):
            if tied and heard[-1].pitches == element.pitches:
                heard[-1] = replace(heard[-1], length=heard[-1].length + element.length)
            else:
                heard.append(Sounding(onset, element.length, element.pitches))
            tied = element.tied
            onset += element.length
        elif isinstance(element, Rest):
            onset += element.length
            tied = False
    return tuple(heard)


def contour(tune: Tune) -> tuple[tuple[int, Fraction], ...]:
    """Its melody as (interval in semitones, ratio of onset gaps) from each note to the next: no key, no unit.

    Ties joined, graces dropped, the top note of a chord, rests added to the gap before them; repeats as written.
    """
    heard = written_melody(tune)
    if len(heard) < 2:
        return ()
    end = heard[-1].onset + heard[-1].length
    onsets = [*(note.onset for note in heard), end]
    gaps = [after - before for before, after in pairwise(onsets)]
    pairs = zip(heard, heard[1:], gaps, gaps[1:], strict=False)
    return tuple((b.pitch.midi - a.pitch.midi, later / now if now else Fraction(0)) for a, b, now, later in pairs)


def fingerprint(tune: Tune) -> str:
    """Sixteen hex digits that stay the same under transposition and change of unit: a hash of the contour."""
    kept: str | None = getattr(tune, _KEPT, None)
    if kept is None:
        kept = hashlib.sha256(repr(contour(tune)).encode()).hexdigest()[:16]
        remember_fingerprint(tune, kept)
    return kept


def remember_fingerprint(tune: Tune, value: str) -> None:
    """Keep the fingerprint of a tune on it, a frozen value: it takes a millisecond, and is asked for often."""
    object.__setattr__(tune, _KEPT, value)


_KEPT = "_fingerprint"
