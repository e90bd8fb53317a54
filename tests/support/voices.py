"""Tunes of several voices, with words and chords, and how they sound, for tests of what reads, writes, plays them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from symusic import Score as Played

from tunewright.formats.abc import parse_scores
from tunewright.music.piece import TICKS, Piece
from tunewright.music.score import Score
from tunewright.music.tune import Tune

BAND = """X:1
T:A Waltz for Four
C:Anon.
M:3/4
L:1/4
Q:1/4=112
%%score Vl Va {RH | LH}
V:Vl name="Violin" snm="Vl."
V:Va name="Viola" clef=alto
V:RH name="Piano" clef=treble
V:LH clef=bass
K:D
[V:Vl] A|:"D"d2f|"A7"e2c|"G"B2d|1"D"A2A:|2"D"d2|]
w: O~sing with me a song of joy__ sing
w: * And dance a lit-tle while you * can,
[V:Va] z|:A,2D|C2E|D2G|1F2z:|2F2|]
[V:RH] z|:[FA]2[FA]|[EG]2[EG]|[DG]2[DG]|1[DF]2z:|2[DF]2|]
[V:LH] z|:D,FA|A,,EG|G,,DG|1D,A,D:|2D,2|]
"""
CHOIR = """X:1
T:Choir
M:C
L:1/8
%%score (S A) (T B)
V:S clef=treble name="Soprano" snm="S."
V:A clef=treble name="Alto" snm="A."
V:T clef=bass name="Tenor"
V:B middle=d clef=bass name="Bass"
K:Gm
[V:S] (B2c2 d2g2) | f6e2 | (d2c2 d2)e2 | d8 ||
w: Hal-* le- lu- jah, a-* * men, sing
[V:A] (G2A2 B2e2) | d6c2 | (B2A2 B2)c2 | B8 ||
w: Hal-* le- lu- jah, a-* * men, sing
[V:T] z8 | z2F,2 G,2A,2 | B,6E,2 | F,8 ||
[V:B] z8 | z8 | z2B2 e2A2 | B8 ||
"""


def whole(text: str) -> Tune | Score:
    """The first tune of a text, with all its voices."""
    return parse_scores(text)[0]


def score_of(text: str) -> Score:
    """The same, which has several."""
    score = whole(text)
    assert isinstance(score, Score)
    return score


def onsets(piece: Piece) -> Counter[tuple[float, int]]:
    """When each number is struck, in quarters."""
    return Counter((round(note.onset / TICKS, 2), note.number) for part in piece.parts for note in part.notes)


def by_abc2midi(text: str, folder: Path) -> Counter[tuple[float, int]]:
    """The same as abc2midi has it: without chord symbols, grace notes and decorations, and each chord at once."""
    lines = text.split("\n")
    plain = [line if re.match(r"[A-Za-z]:|%", line) else re.sub(r'"[^"]*"|\{[^}]*\}', "", line) for line in lines]
    (folder / "x.abc").write_text("\n".join(plain), encoding="utf-8")
    subprocess.run(["abc2midi", "x.abc", "-o", "x.mid"], cwd=folder, capture_output=True, check=True, timeout=60)
    played = Played(folder / "x.mid")
    quarter = played.ticks_per_quarter
    return Counter(
        (round((note.time - note.time % 20) / quarter, 2), note.pitch)
        for track in played.tracks
        for note in track.notes
    )
