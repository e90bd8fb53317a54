"""Words under the notes, as MusicXML has them.

In: the element of a note, the verses of a tune, and which of its notes that is. Out: a `lyric` in the element for each
verse that has something there: a syllable, which begins, goes on with or ends a word or is one, or the line of one that
is held. How words come to their notes is `abc.lyrics`' to say.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tunewright.formats.musicxml.elements import add
from tunewright.music.lyrics import HELD, HYPHEN, JOINED


def write_lyrics(note: ET.Element, verses: Sequence[Sequence[str]], place: int, before: int = 0) -> None:
    """Add what is sung to a note, below so many verses of others; nothing where no verse has anything there."""
    for number, verse in enumerate(verses, start=before + 1):
        syllable = verse[place]
        if syllable == HELD:
            last = place + 1 == len(verse) or verse[place + 1] != HELD
            add(add(note, "lyric", number=str(number)), "extend", type="stop" if last else "continue")
        elif text := syllable.removesuffix(JOINED):
            lyric = add(note, "lyric", number=str(number))
            add(lyric, "syllabic", _syllabic(verse, place))
            add(lyric, "text", text.replace(HYPHEN, "-"))
            if verse[place + 1 : place + 2] == (HELD,):
                add(lyric, "extend", type="start")


def _syllabic(verse: Sequence[str], place: int) -> str:
    """Where in its word a syllable stands."""
    before = next((one for one in reversed(verse[:place]) if one and one != HELD), "")
    inside = before.endswith(JOINED)
    goes_on = verse[place].endswith(JOINED) or verse[place + 1 : place + 2] == (JOINED,)
    if inside:
        return "middle" if goes_on else "end"
    return "begin" if goes_on else "single"
