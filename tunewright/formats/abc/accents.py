"""Letters of text fields that ABC writes in signs: accents, HTML entities, code points; and text that is to stay text.

In: the text of a field, or what is to be one. Out: text. Source: the ABC standard 2.1, section 8.2.
"""

from __future__ import annotations

import html
import re
import unicodedata

TEXT_FIELDS = "ABCDFGHNORSTZr"  # what is words, not music
_LIGATURES = {"AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "ss": "ß", "DH": "Ð", "dh": "ð"}
_LIGATURES |= {"TH": "Þ", "th": "þ", "/O": "Ø", "/o": "ø", "/D": "Đ", "/d": "đ", "/L": "Ł", "/l": "ł"}
_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "H": "\u030b",
    "v": "\u030c",
    ",": "\u0327",
    "c": "\u0327",
    ";": "\u0328",
}
_WRITTEN = re.compile(
    r"""\\(?P<itself>[\\%&])
    |\\u(?P<point>[0-9A-Fa-f]{4})
    |\\(?P<ligature>AA|aa|AE|ae|OE|oe|ss|DH|dh|TH|th|/[OoDdLl])
    |\\(?P<accent>[`'^~=u."Hv,c;])(?P<letter>[A-Za-z])
    |(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,30});)""",
    re.VERBOSE,
)
_ENTITY = re.compile(r"&(?=#|[A-Za-z])")


def decode_accents(text: str) -> str:
    r"""The text with every letter that was written in signs, on one line; what cannot be printed is a space.

    >>> decode_accents(r"B&eacute;al \'E \"Osterlund 100\%")
    'Béal É Österlund 100%'
    """
    return _printable(_WRITTEN.sub(_letter, text) if "\\" in text or "&" in text else text).strip()


def encode_text(text: str) -> str:
    r"""The text as a field holds it, on one line: `decode_accents` gives it back.

    >>> encode_text("100% R&B; C:\\a")
    '100\\% R\\&B; C:\\\\a'
    """
    return _ENTITY.sub(r"\\&", _printable(text).replace("\\", r"\\").replace("%", r"\%"))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _letter(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "itself":
        return found["itself"]
    if kind == "ligature":
        return _LIGATURES[found["ligature"]]
    if kind == "letter":
        made = unicodedata.normalize("NFC", found["letter"] + _COMBINING[found["accent"]])
        return made if len(made) == 1 else found[0]
    made = chr(int(found["point"], 16)) if kind == "point" else html.unescape(found[0])
    return " " if made == "\N{NO-BREAK SPACE}" else made if made.isprintable() and made else found[0]
