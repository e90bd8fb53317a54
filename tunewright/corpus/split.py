"""Which part of the data each family goes to: to learn from, to choose by, to test with.

In: the melodies of music, and their families; or a `Corpus` and a path. Out: "train", "valid" or "test" for each; or
the table that says so of a corpus.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.melodies import Melody
from tunewright.music.kinds import M, Music, music_id
from tunewright.support.files import replace_file
from tunewright.support.tables import harmless

SPLITS = ("train", "valid", "test")


def split_of(first: Melody) -> str:
    """The part that a family goes to: a hash of its first melody, so it depends on no other music."""
    digest = hashlib.sha256(f"family {first.fingerprints[0]}".encode()).digest()
    return SPLITS[max(0, int.from_bytes(digest[:8], "big") % 10 - 7)]


def divide(families: Sequence[int], melodies: Sequence[Melody]) -> tuple[str, ...]:
    """For each melody the part that its family, known by the place of its first one, goes to."""
    parts = {family: split_of(melodies[family]) for family in set(families)}
    return tuple(parts[family] for family in families)


def write_split(corpus: Corpus[Music], path: Path, *, raw: bool = False) -> None:
    """Write a table with tabs: id, part of the split, family, source and title of every tune or piece.

    Cells that a spreadsheet would run have an apostrophe before them, unless they are to be `raw`.
    """
    safe = str if raw else harmless
    ids = corpus.ids
    rows = ["id\tsplit\tfamily\tsource\ttitle"]
    for known_as, part, family, music in zip(ids, corpus.split, corpus.families, corpus.music, strict=True):
        rows.append("\t".join((known_as, part, ids[family], safe(music.source), safe(music.title.replace("\t", " ")))))
    replace_file(path, ("\n".join(rows) + "\n").encode())


def share_of(music: Sequence[M], share: float) -> list[M]:
    """At least one and about `share` of the music, in its order; a larger share has all of a smaller one."""
    by_hash = sorted(music, key=lambda one: hashlib.sha256(f"share {music_id(one)}".encode()).digest())
    chosen = set(map(id, by_hash[: math.ceil(share * len(by_hash))]))
    return [one for one in music if id(one) in chosen]
