"""Signs that stand for others: one-letter decorations (`U:`) and macros (`m:`), defined and expanded.

In: the text of a field, and lines of music. Out: definitions, and lines as they are meant. Source: the ABC standard
2.1, sections 4.16 and 9.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from tunewright.support.errors import ParseError

SHORTHAND = {
    ".": "staccato",
    "~": "roll",
    "H": "fermata",
    "L": "accent",
    "M": "lowermordent",
    "O": "coda",
    "P": "uppermordent",
    "S": "segno",
    "T": "trill",
    "u": "upbow",
    "v": "downbow",
    "J": "slide",
    "R": "roll",
}
LONGEST_LINE = 2**16  # characters of a line with its macros written out
LONGEST_EXPANSION = 2**18  # characters of all lines of a tune that macros wrote out
MOST_MACROS = 100  # of a tune: each is looked for in each of its lines
_LETTERS = "CDEFGABcdefgab"
_ANY_NOTE = r"([A-Ga-g][,']{0,5})"
_PLACES = re.compile(r"![^!]*!|\"[^\"]*\"|[h-z]")
_OR_TEXT = r"""|(?P<text>"[^"]*"?)"""
_NO_SIGN = ("nil", "none")
_FINGERING = re.compile(r"[0-5f]{1,4}")
_LONE_MUSIC = re.compile(r"(?=\s|.*\s$|.*[\d/,'^_=])(?=.*[A-Ga-g])[A-Ga-gxz,'^_=\d/\s]+")
_NO_DECORATION = re.compile(r'[|"\[\]{}!]')


def is_decoration(name: str) -> bool:
    """Whether what stands between two exclamation marks is a decoration, known or not, and no music.

    Old files end lines with the mark, so that some music may stand between two of them: notes with lengths or signs
    among them, or with blanks around them.

    >>> is_decoration("D.C. al Fine"), is_decoration("fade"), is_decoration("B2 c2"), is_decoration(" cd ")
    (True, True, False, False)
    """
    if _NO_DECORATION.search(name) or not name.strip():
        return False
    return bool(_FINGERING.fullmatch(name)) or not _LONE_MUSIC.fullmatch(name)


def define_symbol(symbols: dict[str, str], value: str) -> None:
    """Take a `U:` field, as in "T = !trill!", into the table of one-letter signs; "!nil!" takes one out.

    What a letter stands for is the name of a decoration, or words in quotation marks.
    """
    found = re.match(r"""([H-Wh-w~])\s*=\s*(?:!([^!]+)!|\+([^+]+)\+|("[^"]*")|([^!+\s"]+))""", value)
    if not found:
        return
    name = next(filter(None, found.groups()[1:]), "").strip()
    if name in _NO_SIGN:
        symbols.pop(found[1], None)
    elif found[4] or is_decoration(name):
        symbols[found[1]] = name


def define_macro(macros: list[tuple[str, str]], value: str) -> None:
    """Take an `m:` field, as in "~G3 = G{A}G{F}G", after those before it, or in the place of its like.

    ParseError for more than `MOST_MACROS`.
    """
    target, equals, meaning = (part.strip() for part in value.partition("="))
    if equals and target:
        macros[:] = [macro for macro in macros if macro[0] != target] + [(target, meaning)]
    if len(macros) > MOST_MACROS:
        raise ParseError(f"more than {MOST_MACROS} macros, expected fewer")


def expand_macros(text: str, macros: Sequence[tuple[str, str]]) -> str:
    """A line of music with every macro in it written out, in the order of their definitions.

    In one whose target has an "n" that is any note, and the letters h to z of its meaning are the notes from six steps
    below it to twelve above. ParseError where the line grows too long.

    >>> expand_macros("~G3 ~A3", [("~n3", "n{o}n{m}n")])
    'G{A}G{F}G A{B}A{G}A'
    """
    for target, meaning in macros:
        pattern = re.compile(re.escape(target).replace("n", _ANY_NOTE, 1) + _OR_TEXT)
        uses = sum(found["text"] is None for found in pattern.finditer(text))
        size = len(text) + uses * len(meaning)
        if size > LONGEST_LINE:
            raise ParseError(
                f"macro {target[:20]!r} makes a line of {size:,} characters, expected {LONGEST_LINE:,} at most"
            )
        text = pattern.sub(partial(_meant, meaning), text)
    return text


def _meant(meaning: str, found: re.Match[str]) -> str:
    """What is written in the place of what was found: texts over the music stay as they are."""
    if found["text"] is not None:
        return found[0]
    return _transposed(meaning, found[1]) if found.re.groups > 1 else meaning


def _transposed(meaning: str, note: str) -> str:
    """A meaning at the note that was found: "n" is that note, "m" one step below, "o" one above."""
    here = _LETTERS.index(note[0]) + 7 * (note.count("'") - note.count(","))

    def at(sign: re.Match[str]) -> str:
        return sign[0] if len(sign[0]) > 1 else _note_at(here + ord(sign[0]) - ord("n"))

    return _PLACES.sub(at, meaning)


def _note_at(place: int) -> str:
    """The note so many steps above C, with the signs of its octave."""
    octave, step = divmod(place, 7)
    letter = "CDEFGAB"[step]
    return letter + "," * -octave if octave < 1 else letter.lower() + "'" * (octave - 1)
