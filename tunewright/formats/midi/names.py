"""The names in a MIDI file as text: of its tracks and of the tune.

In: the bytes of a text event, which state no encoding. Out: one line of text, and the encoding where that had to be
guessed. What is no UTF-8 is told by what the bytes look like: kana, words of Cyrillic letters or of Chinese signs, and
Windows-1252 where nothing speaks for another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST = 200  # characters
LAST_RESORT = "cp1252"
_WORDS = re.compile(rb"[\x80-\xff]+")
_FREQUENT = frozenset("оеаинтрсвлк")  # more than half of the letters of any Russian text
_JAPANESE = re.compile("[\u3041-\u30fc\u4e00-\u9fff\u3005]")  # kana, Chinese signs and what repeats them
_TWO_JAPANESE = re.compile("[\u3041-\u30fc\u4e00-\u9fff\u3005]{2}")
_WITH_KANA = re.compile("[\u3041-\u30fc].?[\u3041-\u30fc]|[\u3041-\u30fc][\u4e00-\u9fff\u3005]")
_CYRILLIC = re.compile("[\u0400-\u045f]+")
_UPPER_INSIDE = re.compile("[\u0430-\u045f][\u0400-\u042f]")


def read_name(data: bytes) -> tuple[str, str]:
    """A name on one line, and the encoding that was guessed, "" for UTF-8.

    >>> read_name("Калинка".encode("cp1251"))
    ('Калинка', 'cp1251')
    """
    try:
        text, encoding = data.decode(), ""
    except UnicodeDecodeError:
        encoding = _guessed(data)
        text = data.decode(encoding, errors="replace")
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:LONGEST].rstrip(), encoding


def _guessed(data: bytes) -> str:
    likely = [(likeness(data), encoding) for encoding, likeness in _LIKENESS.items()]
    best, encoding = max(likely, key=lambda one: one[0])
    return encoding if best > 0 else LAST_RESORT


def _japanese(encoding: str, alone: float = 0.0) -> Callable[[bytes], float]:
    """How much bytes are Japanese in an encoding: surely with kana, by `alone` with Chinese signs only."""

    def likeness(data: bytes) -> float:
        text = _decoded(data, encoding)
        foreign = [sign for sign in text if ord(sign) > 0x7F]
        native = _JAPANESE.findall(text)
        if 4 * len(native) < 3 * len(foreign) or not _TWO_JAPANESE.search(text):
            return 0.0
        return 2.0 if _WITH_KANA.search(text) else alone

    return likeness


def _cyrillic(encoding: str) -> Callable[[bytes], float]:
    """How much bytes are Cyrillic in an encoding: from 0 to 1, the share of frequent letters in words that can be."""

    def likeness(data: bytes) -> float:
        words = _WORDS.findall(data)
        if max(map(len, words)) < 4 or re.search(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]", data):
            return 0.0
        text = [_decoded(word, encoding) for word in words]
        if not all(_CYRILLIC.fullmatch(word.strip("«»—–„“№…’")) or len(word) == 1 for word in text):
            return 0.0
        letters = "".join(text)
        frequent = sum(letter in _FREQUENT for letter in letters.lower()) / len(letters)
        return max(0.0, frequent - 0.3 * len(_UPPER_INSIDE.findall(letters)))

    return likeness


def _chinese(data: bytes) -> float:
    """Whether all is pairs of Chinese signs of GB 2312, half of them of the commoner level."""
    words = _WORDS.findall(data)
    pairs = [word[place : place + 2] for word in words for place in range(0, len(word), 2)]
    if len(pairs) < 2 or not all(len(pair) == 2 and 0xB0 <= pair[0] <= 0xF7 and pair[1] >= 0xA1 for pair in pairs):
        return 0.0
    return 0.3 if 2 * sum(pair[0] <= 0xD7 for pair in pairs) >= len(pairs) else 0.0


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""


_LIKENESS: dict[str, Callable[[bytes], float]] = {
    "cp932": _japanese("cp932", alone=0.35),
    "euc_jp": _japanese("euc_jp"),
    "cp1251": _cyrillic("cp1251"),
    "koi8_r": _cyrillic("koi8_r"),
    "cp866": _cyrillic("cp866"),
    "gb18030": _chinese,
}
