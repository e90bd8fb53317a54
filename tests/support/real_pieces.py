"""Pieces of several parts: chorales of Bach from music21, and songs with drums made by chance."""

from __future__ import annotations

import random
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tunewright.formats.midi.pieces import read_piece
from tunewright.music.piece import MeterAt, Part, Piece, PieceNote, TempoAt

CHORALES = ("bwv269", "bwv347", "bwv153.1", "bwv86.6", "bwv267", "bwv281", "bwv17.7", "bwv40.8", "bwv248.12-2")
SCALE = (0, 2, 4, 5, 7, 9, 11)
METERS = ((4, 4), (3, 4), (6, 8))


@cache
def chorales() -> tuple[Piece, ...]:
    """Chorales in four parts, written to MIDI by music21."""
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        from music21 import corpus

        paths = []
        for name in CHORALES:
            paths.append(Path(folder) / f"{name}.mid")
            corpus.parse(f"bach/{name}").write("midi", fp=str(paths[-1]))
        return tuple(map(read_piece, paths))


@cache
def songs(count: int = 12) -> tuple[Piece, ...]:
    """Songs for flute, piano, bass and drums, of several metres, tempi and strengths."""
    return tuple(_song(random.Random(seed), f"Song {seed}") for seed in range(count))


def _song(rng: random.Random, title: str) -> Piece:
    top, bottom = METERS[rng.randrange(len(METERS))]
    bar, bars = 1920 * top // bottom, rng.randint(5, 9)
    flute, piano, bass, drums = [], [], [], []
    for begin in range(0, bar * bars, bar):
        root = rng.choice((48, 50, 53, 55, 57))
        piano += [PieceNote(begin, begin + bar, root + 12 + third, 70) for third in (0, 4, 7)]
        bass += [
            PieceNote(begin, begin + bar // 2, root - 12, 90),
            PieceNote(begin + bar // 2, begin + bar, root - 5, 80),
        ]
        drums += [PieceNote(onset, onset + 120, 42, 60) for onset in range(begin, begin + bar, 240)]
        drums.append(PieceNote(begin, begin + 120, 36, 100))
        now = begin
        while now < begin + bar:
            length = min(rng.choice((120, 240, 480)), begin + bar - now)
            flute.append(PieceNote(now, now + length, root + 24 + rng.choice(SCALE), rng.choice((70, 90, 110))))
            now += length
    parts = (
        Part(tuple(flute), 73, False, "Flute"),
        Part(tuple(piano)),
        Part(tuple(bass), 33),
        Part(tuple(sorted(drums)), 0, True),
    )
    tempos = (TempoAt(0, rng.choice((500_000, 600_000))), TempoAt(bar * (bars // 2), 400_000))
    return Piece(parts, (MeterAt(0, top, bottom),), (), tempos, title, f"{title}.mid:1")
