"""From sources to a `Corpus`: what was read, what was dropped and why, duplicates, families, and the split.

In: files, folders, and the names of built-in collections, and whether they are to be read as tunes or as pieces of
several parts. Out: a `Corpus`, the same on every machine. What cannot be read is in `dropped`, exact duplicates in
`duplicates`; a family lives in one part of the split. How files are found is `sources`', how they are read `files`',
what there is to say of a corpus `describe`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

from tunewright.corpus.cache import load_cache, save_cache
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.families import find_families
from tunewright.corpus.files import Progress, Read, read_bytes, read_files, stamps
from tunewright.corpus.kinds import KINDS
from tunewright.corpus.sources import Dropped, Files, collection_name, find_files, lasting_source
from tunewright.corpus.split import divide
from tunewright.formats.formats import reading_modules
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.code import code_fingerprint
from tunewright.support.errors import CorpusError


@overload
def read_corpus(
    *sources: str | Path,
    kind: Literal["tune"] = "tune",
    cache: bool = True,
    on_progress: Progress | None = None,
    melody: str = "",
) -> Corpus[Tune]: ...
@overload
def read_corpus(
    *sources: str | Path,
    kind: Literal["piece"],
    cache: bool = True,
    on_progress: Progress | None = None,
    melody: str = "",
) -> Corpus[Piece]: ...
def read_corpus(
    *sources: str | Path,
    kind: str = "tune",
    cache: bool = True,
    on_progress: Progress | None = None,
    melody: str = "",
) -> Corpus[Any]:
    """Read ABC and MIDI files, folders of them, and built-in collections (oneill, ryan, aird, essen).

    As tunes, or as pieces of several parts, in which MIDI files are read whole and tunes are pieces of one part.
    `melody` says which notes of a MIDI file are a tune (`melody_choice`). CorpusError where a source is missing, holds
    no such file, or not one tune or piece can be read. `on_progress(done, total)` counts bytes. Many files are read by
    a process for each core; the result is the same.
    """
    files = Files([])
    for source in sources:
        files.add(find_files(source))
    name, how = collection_name(sources), KINDS[kind]
    found: dict[str, Any] = {
        "others": tuple(files.others.most_common()),
        "sources": tuple(map(lasting_source, map(str, sources))),
    }
    before = _state(files) if cache else ""
    key = _cache_key(files, kind, melody) if cache else ""
    kept = load_cache(key, how.unpacker({})) if cache else None
    if kept is not None:
        return replace(_from_cache(name, *kept), **found)
    corpus = _build(name, kind, read_files(files, how, melody, on_progress))
    unchanged = cache and _state(files) == before  # files may be written while we read
    remark = save_cache(key, _to_cache(corpus), corpus.music, how.packer()) if unchanged else ""
    return replace(corpus, remarks=(remark,) if remark else (), **found)


def read_pieces(*sources: str | Path, cache: bool = True, on_progress: Progress | None = None) -> Corpus[Piece]:
    """The same sources as pieces of several parts."""
    return read_corpus(*sources, kind="piece", cache=cache, on_progress=on_progress)


# ---------------------------------------------------------------------------------------------------- putting together


def _build(name: str, kind: str, found: Iterable[Read[M] | Dropped]) -> Corpus[M]:
    read: list[Read[M]] = []
    dropped: list[Dropped] = []
    for item in found:
        if isinstance(item, Read):
            read.append(item)
        else:
            dropped.append(item)
    if not read:
        first = f", the first: {dropped[0].source}: {dropped[0].reason}" if dropped else ""
        raise CorpusError(f"{name}: no {kind} could be read, {len(dropped)} dropped{first}")
    distinct, duplicates = _merge_duplicates(read)
    music, melodies = tuple(item.music for item in distinct), [item.melody for item in distinct]
    families = find_families(music, melodies)
    return Corpus(name, music, divide(families, melodies), families, tuple(dropped), tuple(duplicates))


def _merge_duplicates(read: Sequence[Read[M]]) -> tuple[list[Read[M]], list[tuple[str, str]]]:
    """Equal tunes or pieces once, the first of them; and (source left out, source kept) for the others."""
    distinct: list[Read[M]] = []
    duplicates: list[tuple[str, str]] = []
    by_fingerprints: dict[tuple[str, ...], list[M]] = {}
    for item in read:
        alike = by_fingerprints.setdefault(item.melody.fingerprints, [])
        kept = next((other for other in alike if other == item.music), None)
        if kept is None:
            alike.append(item.music)
            distinct.append(item)
        else:
            duplicates.append((item.music.source, kept.source))
    return distinct, duplicates


# ---------------------------------------------------------------------------------------------------- keeping


def _cache_key(files: Files, kind: str, melody: str) -> str:
    digest = hashlib.sha256(code_fingerprint(__name__, *reading_modules()).encode())
    digest.update(f"{kind} {melody}".encode())
    for name, path in files:
        data = read_bytes(path)
        content = data if isinstance(data, bytes) else data.reason.encode()
        digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    for missed in files.missed:
        digest.update(f"{missed.source}\0{missed.reason}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _state(files: Files) -> str:
    """What changes when a file is written: much quicker to tell than what it holds."""
    digest = hashlib.sha256()
    for size, changed in stamps(files):
        digest.update(f"{size} {changed}\n".encode())
    return digest.hexdigest()


def _to_cache(corpus: Corpus[Any]) -> dict[str, Any]:
    return {
        "split": corpus.split,
        "families": corpus.families,
        "dropped": [[item.source, item.reason] for item in corpus.dropped],
        "duplicates": corpus.duplicates,
    }


def _from_cache(name: str, data: dict[str, Any], music: tuple[M, ...]) -> Corpus[M]:
    return Corpus(
        name,
        music,
        tuple(data["split"]),
        tuple(data["families"]),
        tuple(Dropped(source, reason) for source, reason in data["dropped"]),
        tuple((left, kept) for left, kept in data["duplicates"]),
    )
