"""Words and the notes that they are sung to: `w:` lines as syllables of a tune, and back.

In: the `w:` lines of a voice with where each stands, and its notes in the order of the code; or the verses of a tune.
Out: verses, a syllable for each note (`music.lyrics`), with what had to be repaired; or lines of words. Grace notes,
rests and spacers take no syllable; tied and slurred notes take one each. Source: the ABC standard 2.1, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from tunewright.formats.abc.accents import decode_accents, encode_text
from tunewright.music.lyrics import HELD, HYPHEN, JOINED

TOO_MANY = "more syllables than notes: the last ones left out"
MOST_VERSES = 100
NO_WORDS = "w: *"  # for notes that have none, though others have

# what stands in a line of words: a sign of its own, or a syllable up to the next one
_SIGNS = re.compile(r"(?P<sign>[|*_])|(?P<syllable>(?:\\.|[^\s|*_\\-]|\\$)+)(?P<joined>-?)|(?P<joint>-)|\s+", re.DOTALL)
_PAIR = re.compile(r"\\.|~", re.DOTALL)
_PLAIN = {"~": " ", r"\-": HYPHEN}
_SPECIAL = re.compile(r"[|*_~]")


class Sung(NamedTuple):
    """A note that may have a syllable: the line of the source it stands on, its bar in the code, and whose it is."""

    line: int
    bar: int
    owner: int = 0  # 0 the voice, else one of its overlays


class Words(NamedTuple):
    """A `w:` line: its number in the source, and its text after the colon."""

    line: int
    text: str


def align(words: Sequence[Words], notes: Sequence[Sung]) -> tuple[tuple[tuple[str, ...], ...], list[tuple[str, int]]]:
    """The verses, each a syllable for each note, and the repairs, as (what, place among the notes).

    Lines of words with no music between them are verses of the notes since the words before them, or since the
    beginning. Verses to which nothing is sung are none.
    """
    verses: list[list[str]] = []
    repairs: list[tuple[str, int]] = []
    for start, stop, group in _stretches(words, notes):
        for number, text in enumerate(group[:MOST_VERSES]):
            if number == len(verses):
                verses.append([""] * len(notes))
            syllables, lost = _syllables(text, notes[start:stop])
            verses[number][start:stop] = syllables
            repairs += [(TOO_MANY, max(stop - 1, 0))] * bool(lost)
    return tuple(tuple(verse) for verse in verses if any(verse)), repairs


def _stretches(words: Sequence[Words], notes: Sequence[Sung]) -> Iterator[tuple[int, int, list[str]]]:
    """From which note to which one the lines of words belong that stand together."""
    counted: list[tuple[int, str]] = []
    before = 0
    for line, text in words:
        while before < len(notes) and notes[before].line < line:
            before += 1
        counted.append((before, text))
    start = 0
    for stop, together in groupby(counted, key=lambda item: item[0]):
        yield start, stop, [text for _, text in together]
        start = stop


def _syllables(text: str, notes: Sequence[Sung]) -> tuple[list[str], bool]:
    """A syllable for each of the notes, and whether there were more of them."""
    sung = [""] * len(notes)
    place, bar, lost = 0, notes[0].bar if notes else 0, False
    for sign in _SIGNS.finditer(text):
        if sign["sign"] == "|":
            bar += 1
            while place < len(notes) and notes[place].bar < bar:
                place += 1
            continue
        syllable = _syllable(sign)
        if syllable is None:
            continue
        if place < len(notes):
            sung[place], bar = syllable, max(bar, notes[place].bar)
        else:
            lost = lost or syllable not in ("", HELD, JOINED)
        place += 1
    return sung, lost


def _syllable(sign: re.Match[str]) -> str | None:
    """What a sign puts to the next note; None for a space."""
    if sign["sign"] == "*":
        return ""
    if sign["sign"] == "_":
        return HELD
    if sign["joint"]:
        return JOINED
    if sign["syllable"]:
        spaced = _PAIR.sub(lambda found: _PLAIN.get(found[0], found[0]), sign["syllable"])
        return decode_accents(spaced).replace("-", HYPHEN) + sign["joined"]
    return None


# ------------------------------------------------------------------------------------------------ writing


def words_line(syllables: Sequence[str]) -> str:
    """The `w:` line of some notes, from which they get these syllables again; "" where there are none."""
    last = max((place for place, syllable in enumerate(syllables) if syllable), default=-1)
    return "w: " + "".join(map(_written, syllables[: last + 1])).strip() if last >= 0 else ""


def _written(syllable: str) -> str:
    if syllable in ("", HELD, JOINED):
        return {"": "* ", HELD: "_ ", JOINED: "- "}[syllable]
    text, joined = (syllable[:-1], JOINED) if syllable.endswith(JOINED) else (syllable, " ")
    text = _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", encode_text(text))
    return re.sub(f"[-{HYPHEN}]", r"\\-", text.replace(" ", "~")) + joined
