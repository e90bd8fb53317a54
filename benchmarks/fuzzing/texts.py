"""Mutations of ABC: bytes, lines, tokens, fields, numbers, nesting, splices, encodings.

In: a text and a random generator. Out: a mutated one, as bytes. Most keep what is ABC about it, since noise is refused
at the door.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

TOKEN = re.compile(r'"[^"]*"?|!\S*?!|\[[A-Za-z]:[^\]]*\]|\{[^}]*\}|\[\d|[|:\[\]]+|\(\d(?::\d?){0,2}|[_^=]*[A-Ga-gzxyZX]'
                   r"[,']*\d*/*\d*|\s+|.", re.DOTALL)  # fmt: skip
NUMBER = re.compile(r"\d+")
FIELD = re.compile(r"^([A-Za-z+]):(.*)$", re.MULTILINE)
WORDS = r"""
( ) - > < >> << >>> <<< . ~ & && $ ! \ ` y z x Z X Z4 [ ] { } | || |] [| :| |: :: : [|] :|] |::: ' , ^ _ = / // % +
(3 (2 (5 (9 (3:2 (3:2:2 (3::4 (15:32:64 (2:1:1 (3:2:64 (1 (0 [1 [2 [1,3 [1-4 |1 |2 :|2 [99 [0
A a' C,, ^f __b ^^c =d A> B< C/ D// E/4 F3/2 G16 A0 B1/3 c5/7 d/65536 e64
[CEG] [C2E2G2]4 [A-c] [D-^F-] {g} {/ab}
"Am" "D7/F#" "^over" "Bb(add9)" "G7sus4" "N.C." "C#m7b5" "" "<(" "H7"
!trill! !f! !D.C.! !+! !<(! !>)! +roll+ T H
[K:G] [K:Dmix] [K:none] [M:3/4] [M:C|] [M:none] [L:1/16] [P:B] [Q:1/4=90] [V:2] [U:T=!f!] [r:x] [K:clef=bass]
&amp; &#169; &eacute; &#55296; &#x110000; &#99999999999; \'e \"o $1 %% ''' ♯ ♭ é 中 ² ٣
"""
SIGNS = (*WORDS.split(), *"\x00 \x1b[31m \x7f \u202e \u2028 \x85 \xa0 \ufeff \U0001f3b5".split(" "))  # noqa: SIM905
VALUES_OF_ONE_WORD = """
0 1 1/4 1/8 1/65536 4/4 6/8 C C| none 2+3/8 (2+2+3)/8 64/64 65/4 0/4 4/0 1/0 -1/4 3/8=100 100 1/4=0 1/4=1e9 L:8
A Dmix Em F#min Bb C#lyd HP Hp exp D_exp G^f =c EM clef=bass treble-8 octave=9 octave=-9 transpose=-99
ABAB (AB)9 A9B9C9 ((A)9)9 A( reel jig 1 2 99999999999 T=!trill! ~=!!! n=!x y! ~G3=G{A}G
"""
VALUES = (
    *VALUES_OF_ONE_WORD.split(),
    *("D exp _b ^f", "none ^f _b", "C major ^^c", "treble middle=d", 'V1 clef=alto name="x"', 'Am score="A"'),
    *("A & B", "100% <b>", "%%x", "\\", "\\%", "a \\% b", "&lt;", "=1+1", "Q\x1b[0m", "x" * 400),
    *(":", "|", "  ", '1/4 1/4=120 "fast"'),
)
LETTERS = "XTMLKQRPVUwWsmNICBDFGHOSZr+"
NUMBERS = """
0 1 2 3 7 15 16 17 31 64 65 99 100 101 128 255 1000 4300 65535 65536 65537 2147483648 4294967297 18446744073709551616
-1 00 1e9 0.5
"""
ODD_NUMBERS = NUMBERS.split()
HUGE = (200, 4300, 4301, 20_000)
REPEATS = (2, 3, 8, 50, 400, 3000)
ENDS = ("\n", "\r\n", "\r", "\n\n", "\n \n", "\x0b", "\x0c", "\u2028")
CODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "utf-16-be", "utf-7")

Change = Callable[[str, random.Random, Sequence[str]], str]


def mutated(text: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """The text after one change or a few; `others` are what is spliced in."""
    now = text.decode("utf-8", errors="surrogateescape")
    rest = [other.decode("utf-8", errors="surrogateescape") for other in rng.sample(list(others), 2)]
    for _ in range(min(12, 1 + int(rng.expovariate(0.5)))):
        now = rng.choices(list(CHANGES), list(CHANGES.values()))[0](now, rng, rest)
    if rng.random() < 0.04:
        return now.encode(rng.choice(CODINGS), errors="replace")
    content = now.encode("utf-8", errors="surrogateescape" if rng.random() < 0.9 else "replace")
    return _bytes(content, rng) if rng.random() < 0.1 else content


def _bytes(content: bytes, rng: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(found) + 1)
        match rng.randrange(4):
            case 0:
                found.insert(place, rng.randrange(256))
            case 1:
                del found[place : place + rng.randint(1, 20)]
            case 2 if found:
                found[place % len(found)] = rng.randrange(256)
            case _:
                found[place:place] = found[place : place + rng.randint(1, 40)]
    return bytes(found)


def _lines(text: str, rng: random.Random, others: Sequence[str]) -> str:
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[place]
        case 1:
            lines.insert(rng.randrange(len(lines) + 1), lines[place])
        case 2:
            lines.insert(rng.randrange(len(lines)), lines.pop(place))
        case 3:
            lines.insert(place, rng.choice(rng.choice(others).split("\n")))
        case 4:
            lines[place : place + 2] = ["".join(lines[place : place + 2])]
        case _:
            lines.insert(place, rng.choice(("", " ", "%", "%%begintext", "%%endtext", "</html>", "\\")))
    return "\n".join(lines)


def _tokens(text: str, rng: random.Random, others: Sequence[str]) -> str:
    tokens = TOKEN.findall(text) or [""]
    place = rng.randrange(len(tokens))
    match rng.randrange(5):
        case 0:
            del tokens[place : place + rng.randint(1, 4)]
        case 1:
            tokens.insert(place, rng.choice(SIGNS))
        case 2:
            tokens[place] = rng.choice(SIGNS)
        case 3:
            other = rng.randrange(len(tokens))
            tokens[place], tokens[other] = tokens[other], tokens[place]
        case _:
            found = TOKEN.findall(rng.choice(others)) or [""]
            start = rng.randrange(len(found))
            tokens[place:place] = found[start : start + rng.randint(1, 12)]
    return "".join(tokens)


def _signs(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    """A few signs one after another, which no tune has."""
    place = rng.randrange(len(text) + 1)
    return text[:place] + "".join(rng.choices(SIGNS, k=rng.randint(2, 10))) + text[place:]


def _fields(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    found = list(FIELD.finditer(text))
    if found and rng.random() < 0.5:
        one = rng.choice(found)
        if rng.random() < 0.5:
            return text[: one.start(2)] + rng.choice(VALUES) + text[one.end(2) :]
        return text[: one.start(1)] + rng.choice(LETTERS) + text[one.end(1) :]
    lines = text.split("\n")
    letter, value = rng.choice(LETTERS), rng.choice(VALUES)
    if rng.random() < 0.3:
        place = rng.randrange(len(text) + 1)
        return f"{text[:place]}[{letter}:{value}]{text[place:]}"
    lines.insert(rng.randrange(len(lines) + 1), f"{letter}:{value}")
    return "\n".join(lines)


def _numbers(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text + rng.choice(ODD_NUMBERS)
    one = rng.choice(found)
    number = rng.choice(ODD_NUMBERS) if rng.random() < 0.85 else rng.choice("0123456789") * rng.choice(HUGE)
    return text[: one.start()] + number + text[one.end() :]


def _nested(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    first, second = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
    before, after = rng.choice(
        (("(", ")"), ("[", "]"), ("{", "}"), ("|:", ":|"), ('"', '"'), ("!", "!"), ("(3", ""), ("[1", ":|"))
    )
    times = rng.choice((1, 1, 1, 2, 3, 20, 500))
    return text[:first] + before * times + text[first:second] + after * times + text[second:]


def _repeated(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    place = rng.randrange(len(text) + 1)
    stop = place + rng.choice((1, 2, 4, 8, 30))
    again = text[place:stop] if rng.random() < 0.6 else rng.choice(SIGNS)
    return text[:place] + again * rng.choice(REPEATS) + text[place:]


def _spliced(text: str, rng: random.Random, others: Sequence[str]) -> str:
    other = rng.choice(others)
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]


def _characters(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    place = rng.randrange(len(text) + 1)
    match rng.randrange(3):
        case 0:
            return text[:place] + text[place + rng.randint(1, 10) :]
        case 1:
            return text[:place] + chr(rng.choice((rng.randrange(128), rng.randrange(0x3000)))) + text[place:]
        case _:
            return text[:place] + text[rng.randrange(len(text) + 1) :][: rng.randint(1, 10)] + text[place:]


def _line_ends(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    return text.replace("\n", rng.choice(ENDS))


def _cut(text: str, rng: random.Random, _others: Sequence[str]) -> str:
    return text[: rng.randrange(len(text) + 1)] if rng.random() < 0.7 else text[rng.randrange(len(text) + 1) :]


CHANGES: dict[Change, float] = {
    _tokens: 6,
    _signs: 3,
    _fields: 4,
    _lines: 2,
    _numbers: 2,
    _nested: 1.5,
    _characters: 1.5,
    _repeated: 1,
    _spliced: 0.7,
    _cut: 0.3,
    _line_ends: 0.2,
}
