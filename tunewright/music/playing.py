"""A tune as it is heard: repeats, endings and parts unfolded, ties joined, and its melody without key or unit.

In: a `Tune`. Out: its elements in playing order, its notes with onsets, its contour and a hash of that. Tempo and lilt
are `performance`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from tunewright.music.tune import Bar, Element, Ending, Note, Part, Pitch, Rest, Tune

MOST_PARTS = 1000  # played one after the other
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
    """Where each element of `played` stands in the tune's music."""
    for start, stop in _part_spans(tune):
        for place in _played_span(tune.music[start:stop]):
            yield start + place


def passed_over(music: Sequence[Element]) -> list[int]:
    """Where repeat signs stand that are never followed, as one that closes the last ending."""
    if not any(isinstance(element, Ending) for element in music):
        return []
    followed = set[int]()
    for _ in _played_span(music, followed):
        pass
    signs = (place for place, element in enumerate(music) if isinstance(element, Bar) and element.ends_repeat)
    return [place for place in signs if place not in followed]


def _played_span(music: Sequence[Element], followed: set[int] | None = None) -> Iterator[int]:
    """Places in playing order; those of the repeat signs that are followed go to `followed`."""
    index, section, explicit, times, in_ending = 0, 0, False, 1, False
    while index < len(music):
        element = music[index]
        if isinstance(element, Ending) and times not in element.numbers:
            if not (in_ending and 1 in element.numbers):
                index = _after_ending(music, index)
                continue
            section, explicit, times = _past_last_ending(music, section, index) or index, False, 1
        yield index
        index += 1
        in_ending = in_ending or isinstance(element, Ending)
        if not isinstance(element, Bar):
            continue
        over = element.ends_section and (in_ending or not explicit)  # a double bar within a repeat ends nothing
        past = _past_last_ending(music, section, index) if in_ending and element.ends_repeat else None
        in_ending = in_ending and not element.ends_section
        back = element.ends_repeat and times < _times_through(music, section, index)
        if followed is not None and (back or past is not None):
            followed.add(index - 1)
        if back:
            index, times = section, times + 1
        elif past is not None:
            index, section, explicit, times = past, past, False, 2
        elif element.starts_repeat or element.ends_repeat or over:
            section, explicit, times = index, element.starts_repeat, 1


def _after_ending(music: Sequence[Element], index: int) -> int:
    """Where play goes on when the ending that starts at `index` is skipped."""
    for position in range(index + 1, len(music)):
        element = music[position]
        if isinstance(element, Ending):
            return position
        if isinstance(element, Bar) and element.ends_section:
            return position + 1
    return len(music)


def _past_last_ending(music: Sequence[Element], section: int, end: int) -> int | None:
    """Where a section begins that no bar line marks: after the last ending, which is as long as the first.

    None where there are no two endings in `music[section:end]`, or the last is not over when it comes to the end.
    """
    endings = [place for place in range(section, end) if isinstance(music[place], Ending)]
    if len(endings) < 2:
        return None
    bars = sum(isinstance(element, Bar) for element in music[endings[0] : endings[1]])
    for place in range(endings[-1], end - 1):
        bars -= isinstance(music[place], Bar)
        if not bars:
            return place + 1
    return None


def _times_through(music: Sequence[Element], section: int, end: int) -> int:
    """How often the section `music[section:end]` is played: twice, or as its endings say.

    Endings that follow the repeat sign directly belong to it.
    """
    endings = [element for element in music[section:end] if isinstance(element, Ending)]
    position = end
    while position < len(music) and isinstance(ending := music[position], Ending):
        endings.append(ending)
        position = _after_ending(music, position)
    numbers = [number for ending in endings for number in ending.numbers]
    return max((number for number in numbers if 2 < number <= MOST_TIMES), default=2)


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
    for sign in parts:
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
    for element in played(tune) if unfold else tune.music:
        if isinstance(element, Note):
            struck = _hold(heard, ringing, element) if ringing else element.pitches
            if struck:
                heard.append(Sounding(onset, element.length, struck, element.grace, element.decorations))
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
