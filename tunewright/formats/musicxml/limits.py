"""How much music is put on a page.

In: a tune, or those of all voices. Out: nothing, or `RenderError` where it is more than can be engraved in a few
seconds. What is counted is what an engraver has to place, not what sounds.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from tunewright.formats.musicxml.notation import own_ratio, written_values
from tunewright.music.tune import Bar, Element, Ending, Note, Rest, Tune
from tunewright.support.errors import RenderError

MOST_SIGNS = 6000  # of a tune, of which the longest that are danced to have 2,000: a second and a half of verovio
MOST_SPANS = 1000  # slurs, ties and endings: its time grows with their square, to half a second for so many
MOST_REPEATS = 100  # that begin with no sign: its time grows with their fourth power, and is half a second for so many
MOST_BETWEEN = 100  # signs at one place, since its time grows with the square of those too


def refuse_what_is_too_long(*tunes: Tune) -> None:
    """Raise `RenderError` for more notes, rests, bar lines, syllables and other signs than are drawn on one page."""
    signs = spans = 0
    for tune in tunes:
        texts = Counter(place for place, _ in tune.annotations)
        signs += sum(bool(syllable) for verse in tune.lyrics for syllable in verse)
        between = 0
        for place, element in enumerate(tune.music):
            values, more = _values(element), _more(element) + texts[place]
            signs += values + more
            spans += values - 1 + _spans(element)
            between = more if isinstance(element, Note | Rest | Bar) else between + 1 + texts[place]
            if between > MOST_BETWEEN:
                raise _too_long(tune, f"more than {MOST_BETWEEN} signs at one place")
    if signs > MOST_SIGNS:
        raise _too_long(tunes[0], f"{signs:,} notes, bar lines and other signs; expected at most {MOST_SIGNS:,}")
    if spans > MOST_SPANS:
        raise _too_long(tunes[0], f"{spans:,} slurs, ties and endings; expected at most {MOST_SPANS:,}")
    if (repeats := max(map(_repeats, tunes))) > MOST_REPEATS:
        raise _too_long(tunes[0], f"{repeats:,} repeats that begin with no sign; expected at most {MOST_REPEATS:,}")


def _repeats(tune: Tune) -> int:
    """How many repeats begin with no sign."""
    repeats, begun = 0, False  # whether a repeat is open that began with a sign
    for element in tune.music:
        if isinstance(element, Bar) and (element.starts_repeat or element.ends_repeat):
            repeats += element.ends_repeat and not begun
            begun = element.starts_repeat
    return repeats


def _values(element: Element) -> int:
    """How many signs an element is written with: a long note with several that are tied."""
    if not isinstance(element, Note | Rest):
        return 1
    return len(written_values(element.length, Fraction(*own_ratio(element.length))))


def _more(element: Element) -> int:
    """What stands at a note beside it."""
    return len(element.pitches) - 1 + len(element.grace) + len(element.decorations) if isinstance(element, Note) else 0


def _spans(element: Element) -> int:
    """How many lines to another place begin at an element."""
    if isinstance(element, Note):
        return element.slurs_opened + len(element.tied_pitches)
    return int(isinstance(element, Ending))


def _too_long(tune: Tune, found: str) -> RenderError:
    return RenderError(f"{tune.source or tune.title or 'tune'}: too much to draw: {found}")
