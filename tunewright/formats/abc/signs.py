"""The signs of ABC music: what each looks like, and what bar lines mean.

In: text. Out: matches of `SIGNS`, bar lines. Note lengths are read in `numbers`. What signs carry from
one to the next is in `state`.
"""

from __future__ import annotations

import re

_LENGTH = r"\d*(?:/+\d*)*"
_NOTE = rf"(\^\^|\^|__|_|=)?(/?)([A-Ga-g])([,']*)({_LENGTH})"
SIGNS = re.compile(
    rf"""(?P<space>[\s`]+)
    |(?P<quoted>"[^"]*"?)
    |(?P<field>\[[A-Za-z]:[^\]]*\]?)
    |(?P<ending>\[\s*(?:\d+(?:[ ]*[,.\-][ ]*\d+|[ ]+\d+)*[,.\-]*|"[^"]*"))
    |(?P<bar>\.?(?:\[\|[|\]:]*|:*\|[|\]:]*|::+|:\]?))
    |(?P<chord>\[[^\[\]|]*\]{_LENGTH})
    |(?P<grace>\{{[^}}]*\}}?)
    |(?P<tuplet>\(\d+(?::\d*)?(?::\d*)?)
    |(?P<note>{_NOTE})
    |(?P<rest>[zxyZX]{_LENGTH})
    |(?P<decoration>![^!|"\[\]]+!|\+[^+!\s|"\[\]]+\+|\+[A-Ga-g,'^_=\d/][A-Ga-g,'^_=\d/\s]*\+)
    |(?P<slur>\.?\(|\))
    |(?P<tie>\.?-)
    |(?P<broken>>+|<+)
    |(?P<number>\d[\d,.\-]*(?:/+\d*)*|/+\d*(?:/+\d*)*)
    |(?P<symbol>[.~H-Wh-w])
    |(?P<overlay>&+)
    |(?P<linebreak>[!$\\])
    |(?P<unknown>.)""",
    re.VERBOSE,
)
NOTE_SIGN = re.compile(_NOTE)
NOTE_LETTERS = re.compile(r"[A-Ga-g,'^_=\d/\s]+")


def bar_line(text: str) -> str:
    """What a bar line means, however it is put together.

    >>> bar_line("[|]:|"), bar_line(":||:"), bar_line("[|]")  # the last one is an invisible bar line
    (':|', '::', '|')
    """
    ends, starts = re.search(r":[|\]\[]|^::", text) is not None, text.endswith(":")
    if ends or starts:
        return "::" if ends and starts else ":|" if ends else "|:"
    if text == "[|]":
        return "|"
    if "]" in text:
        return "|]"
    if "[" in text:
        return "[|"
    return "||" if "||" in text else "|"


def is_music(field: re.Match[str]) -> bool:
    """Whether what looks like a field is a note before a repeat sign, as in "A:|"."""
    return field[1] in "ABCDEFGabcdefgz" and field[2][:1] in (":", "|")
