"""What is mutated: texts and MIDI files that are read as they stand.

In: nothing. Out: lists of bytes, the same every time on a machine with the same collections. ABC: texts made by hand in
which every sign stands, tunes of the built-in collections, and the project's shared tunes and small cases where they
are there. MIDI: files of such tunes, as written and as played, and files of several tracks put together from them.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc
from tunewright.formats.midi.tunes import to_midi
from tunewright.music.tune import Tune
from tunewright.support.errors import TunewrightError

SHARED = Path(__file__).resolve().parents[3] / "shared"
COLLECTIONS = ("oneill", "ryan", "aird", "essen")
OF_EACH = 40  # tunes of a collection
OF_SHARED = 40
LONGEST = 3000  # characters of a text: longer ones make each execution slow, and hold nothing else

SIGNS = """\
X:1
T:Every sign
R:reel
C:Trad.
Q:1/4=120
M:4/4
L:1/8
U:T=!trill!
K:D
|:"D"A>B (3cde "A7"[CEG]2 {ab}c2|~A3 B- B2 (AB)|1 .c2 z2 x2 y Z:|2 !fermata!c4 ^f=g__a''b,,|]
P:B
[M:6/8][K:Edor]c/d/e/ f//g// (2ab (4cdef|A<B A<<B A>>B|1,3 ABc:|[2 def::ABc [|[L:1/16]A4|]
"""
VOICES = """\
X:2
T:Voices
M:3/4
L:1/4
V:1 clef=treble
V:2 clef=bass transpose=-12
K:G
V:1
GAB|c2 d & E2 F|G3|]
w:one two three four_ -five|six
V:2
G,3|C,2D,|G,3|]
"""
PARTS = """\
X:3
T:Parts
P:A(BC)2.A
M:2+3/8
L:1/16
K:C#m ^g
P:A
c2e2 g4 c2|
P:B
"C#m"c'2e'2 g'4 c'2||
P:C
c,2e,2 g,4 c,2|]
"""
ODD = """\
%abc-2.1
%%titlefont Times 12
T:Head of a file
M:C|
I:linebreak $

X:4
T:Odd signs % a comment
T:And a second title
M:none
L:1/4
Q:"Allegro" 3/8=100
K:HP
+trill+A !D.S.! B $ c-|c2 (d(e)f) [DA-]2 | [dA]4 \\
e>f !mp! g ["no"a] | "^text"A "Am/G"B "Bb(add9)"c &
[|]A[|B|] .|C.D ~E HF uG vA
s: * !p! *
+:more of it
m:~G3 = G{A}G{F}G
N:a note
W:words
%%begintext
not music ABC
%%endtext
"""
BARE = "M:6/8\nK:Cmaj\nG 2 c c d e | d 2 B G 3 |\n\nM:4/4\nK:Cdor\nc 3 d c 2 B G | G 4 F 4 |\n"
SCORE = """\
X:5
T:Score
%%score (S A) [B | C]
M:C
L:1/8
V:S name="Soprano" snm="S." clef=treble
V:A
V:B name="Bass" clef=bass middle=d
V:C clef=treble-8
K:F
[V:S] |:"F"c2d2 e2"C7"f2|1 g4 e4:|2 f8|]
w: Sing a-long with * me_ now
w: *sing_ on
[V:A] |:A2B2 c2A2 & "^lay"F4 E4|1 B4 G4:|2 A8|]
[V:B] |:f4 c4|1 e4 c4:|2 [f-c]4 f4|]
[V:C] |:z4 [Q:1/4=90]C4|1 E4 C4:|2 F8|]
W:Sing along
"""
BY_HAND = (SIGNS, VOICES, PARTS, ODD, BARE, SCORE)


@cache
def _tunes() -> tuple[Tune, ...]:
    rng = random.Random(1)
    chosen: list[Tune] = []
    for name in COLLECTIONS:
        short = [tune for tune in read_corpus(name).tunes if 0 < len(tune.text) <= LONGEST]
        chosen += rng.sample(short, OF_EACH)
    return tuple(chosen)


@cache
def abc_seeds() -> tuple[bytes, ...]:
    """Texts of ABC, one tune or a few each."""
    texts = [text.encode() for text in BY_HAND]
    texts += [format_abc(tune).encode() if number % 4 else tune.text.encode() for number, tune in enumerate(_tunes())]
    if (SHARED / "cases").is_dir():
        texts += [path.read_bytes() for path in sorted((SHARED / "cases").glob("*.abc"))]
    if (SHARED / "data" / "irish.abc").is_file():
        tunes = (SHARED / "data" / "irish.abc").read_bytes().split(b"\n\n")
        texts += random.Random(2).sample([tune for tune in tunes if b"K:" in tune], OF_SHARED)
    return tuple(texts)


@cache
def midi_seeds() -> tuple[bytes, ...]:
    """MIDI files: single lines, as written and as played, and two to four of them as tracks of one file."""
    files = []
    for number, tune in enumerate(_tunes()[::2]):
        try:
            files.append(to_midi(tune, performance=bool(number % 2)))
        except TunewrightError:
            continue
    rng = random.Random(3)
    for count in (2, 2, 3, 3, 4, 4):
        files.append(_together(rng.sample(files[:40], count)))
    return tuple(files)


def _together(files: list[bytes]) -> bytes:
    """One file of format 1 with the tracks of several, each on a channel of its own."""
    tracks = [file[14:] for file in files]
    count = sum(track.count(b"MTrk") for track in tracks)
    return b"MThd\0\0\0\6\0\1" + count.to_bytes(2) + files[0][12:14] + b"".join(tracks)
