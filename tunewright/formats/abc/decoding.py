"""From a file's bytes to text, whatever encoding it is in.

In: bytes. Out: text with newlines at line ends. Source: the ABC standard 2.1, section 8.1 for `abc-charset`.
"""

from __future__ import annotations

import codecs
import re

from tunewright.support.errors import ParseError

_BYTE_ORDER_MARKS = (  # the longer ones first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(rb"^(?:%%|I:)[ \t]*abc-charset[ \t]+([\w.:\-]{1,40})", re.MULTILINE | re.IGNORECASE)
_CHARSETS = re.compile(
    r"utf_?8|us_?ascii|ascii|iso8859_?\d*|latin_?1|cp\d+|mac_?\w+|koi8_?\w|big5|gb\w+|euc_?\w+|shift_?jis"
)

# Windows-1252 differs from Latin-1 in these; five bytes it leaves open
_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


def decode_text(data: bytes, name: str = "") -> str:
    """Text from bytes: by their byte order mark, else as they say of themselves, else UTF-8, else Windows-1252.

    ParseError for what is not text: a zero byte in anything but UTF-16 and UTF-32.
    """
    return plain_lines(_decoded(data, name))


def plain_lines(text: str) -> str:
    """The text with a newline at the end of every line, whatever ended it, and no byte order mark in it."""
    text = text.replace("\ufeff", "")  # files that were put together have some in their middle
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decoded(data: bytes, name: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        return _without_mark(data, name)
    stated = _stated_charset(data)
    for encoding in (stated, "utf-8"):
        if encoding:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return data.decode("latin-1").translate(_WINDOWS)


def _without_mark(data: bytes, name: str) -> str:
    """UTF-16 without its byte order mark: text in letters, a zero beside each."""
    for first, encoding in ((0, "utf-16-le"), (1, "utf-16-be")):
        if not any(data[1 - first : 8 : 2]) and all(data[first:8:2]):
            return data.decode(encoding, errors="replace")
    raise ParseError("not text: it holds zero bytes, expected ABC", name)


def _stated_charset(data: bytes) -> str:
    """The encoding that `%%abc-charset` or `I:abc-charset` names; "" where there is none, or one that is not known."""
    found = _CHARSET.search(data)
    if not found:
        return ""
    try:
        known = codecs.lookup(found[1].decode())
    except (LookupError, ValueError):
        return ""
    return known.name if _CHARSETS.fullmatch(known.name.replace("-", "_")) else ""
