"""From sources to a `Corpus`: what was read, what was dropped and why, families, and the split.

In: files, folders, and the names of built-in collections. Out: a `Corpus`, the same on every machine. Tunes that
cannot be read are in `dropped`, exact duplicates in `duplicates`; a family lives in one part of the split. How files
are found and read is `sources`', what there is to say of a corpus `inventory`'s.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tunewright.corpus.cache import load_cache, save_cache
from tunewright.corpus.families import find_families, split_of
from tunewright.corpus.inference import infer_mode, infer_rhythm
from tunewright.corpus.sources import (
    BUILT_IN,
    SUFFIXES,
    Dropped,
    Files,
    Progress,
    Read,
    find_files,
    lasting_source,
    read_bytes,
    read_files,
    read_tunes,
    stamps,
)
from tunewright.music.kinds import music_id
from tunewright.music.playing import fingerprint
from tunewright.music.tune import Tune
from tunewright.support.code import code_fingerprint
from tunewright.support.errors import CorpusError
from tunewright.support.files import replace_file

__all__ = [
    "BUILT_IN",
    "SUFFIXES",
    "Corpus",
    "Dropped",
    "Progress",
    "find_files",
    "lasting_source",
    "read_bytes",
    "read_corpus",
    "read_tunes",
    "states_mode",
    "write_split",
]


@dataclass(frozen=True)
class Corpus:
    """Tunes in the order read, duplicates merged; `split` and `families` have one entry for each.

    A family's number is the place of its first tune. `duplicates` are (source left out, source kept).
    """

    name: str
    tunes: tuple[Tune, ...]
    split: tuple[str, ...]
    families: tuple[int, ...]
    dropped: tuple[Dropped, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()  # on how it was read: nothing that changes it
    others: tuple[tuple[str, int], ...] = ()  # files of other kinds beside them, which are not read: ending, count

    @property
    def read(self) -> int:
        """Tunes read, duplicates counted."""
        return len(self.tunes) + len(self.duplicates)

    @cached_property
    def train(self) -> tuple[Tune, ...]:
        """The tunes to learn from."""
        return self._part("train")

    @cached_property
    def valid(self) -> tuple[Tune, ...]:
        """The tunes that decide when to stop and what is best."""
        return self._part("valid")

    @cached_property
    def test(self) -> tuple[Tune, ...]:
        """The tunes for published figures."""
        return self._part("test")

    def _part(self, name: str) -> tuple[Tune, ...]:
        return tuple(tune for tune, part in zip(self.tunes, self.split, strict=True) if part == name)

    @cached_property
    def irregular(self) -> int:
        """Tunes with a bar that does not add up."""
        return sum(tune.irregular for tune in self.tunes)

    @cached_property
    def repairs(self) -> tuple[tuple[str, int], ...]:
        """How often each kind of repair was made, the most frequent first."""
        return tuple(Counter(repair.what for tune in self.tunes for repair in tune.repairs).most_common())

    @cached_property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """How often each thing that is no melody was left out, the most frequent first."""
        counts: Counter[str] = Counter()
        for tune in self.tunes:
            counts.update(dict(tune.left_out))
        return tuple(counts.most_common())

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that any change of a tune or of the split changes."""
        digest = hashlib.sha256()
        for tune, part in zip(self.tunes, self.split, strict=True):
            digest.update(f"{music_id(tune)} {part}\n".encode())
        return digest.hexdigest()[:16]


def read_corpus(
    *sources: str | Path, cache: bool = True, on_progress: Progress | None = None, melody: str = ""
) -> Corpus:
    """Read files (.abc, .mid, .midi), folders of them, and built-in collections (oneill, ryan, aird, essen).

    `melody` says which notes of a MIDI file to read (`melody_choice`). CorpusError where a source is missing, holds no
    such file, or not one tune can be read. `on_progress(done, total)` counts bytes. Many files are read by a process
    for each core; the result is the same.
    """
    files = Files([])
    for source in sources:
        files.add(find_files(source))
    name = " ".join(Path(source).name or str(source) for source in sources)
    others = tuple(files.others.most_common())
    before = _state(files) if cache else ""
    key = _cache_key(files, melody) if cache else ""
    kept = load_cache(key) if cache else None
    if kept is not None:
        return replace(_from_cache(name, kept), others=others)
    corpus = _build(name, read_files(files, melody, _with_inferences, on_progress))
    unchanged = cache and _state(files) == before  # files may be written while we read
    remark = save_cache(key, _to_cache(corpus), corpus.tunes) if unchanged else ""
    return replace(corpus, others=others, remarks=(remark,) if remark else ())


def write_split(corpus: Corpus, path: Path) -> None:
    """Write a table with tabs: id, part of the split, family, source and title of every tune."""
    rows = ["id\tsplit\tfamily\tsource\ttitle"]
    for tune, part, family in zip(corpus.tunes, corpus.split, corpus.families, strict=True):
        family_id = music_id(corpus.tunes[family])
        rows.append("\t".join((music_id(tune), part, family_id, tune.source, tune.title.replace("\t", " "))))
    replace_file(path, ("\n".join(rows) + "\n").encode())


# ---------------------------------------------------------------------------------------------------- putting together


def _build(name: str, found: Iterable[Read | Dropped]) -> Corpus:
    read: list[Read] = []
    dropped: list[Dropped] = []
    for item in found:
        if isinstance(item, Read):
            read.append(item)
        else:
            dropped.append(item)
    if not read:
        first = f", the first: {dropped[0].source}: {dropped[0].reason}" if dropped else ""
        raise CorpusError(f"{name}: no tune could be read, {len(dropped)} dropped{first}")
    distinct, duplicates = _merge_duplicates(read)
    tunes = tuple(item.tune for item in distinct)
    families = find_families(tunes, [item.line for item in distinct])
    split_by_family = {family: split_of(tunes[family]) for family in set(families)}
    split = tuple(split_by_family[family] for family in families)
    return Corpus(name, tunes, split, families, tuple(dropped), tuple(duplicates))


def _merge_duplicates(read: Sequence[Read]) -> tuple[list[Read], list[tuple[str, str]]]:
    """Equal tunes once, the first of them; and (source left out, source kept) for the others."""
    distinct: list[Read] = []
    duplicates: list[tuple[str, str]] = []
    by_fingerprint: dict[str, list[Tune]] = {}
    for item in read:
        alike = by_fingerprint.setdefault(fingerprint(item.tune), [])
        kept = next((other for other in alike if other == item.tune), None)
        if kept is None:
            alike.append(item.tune)
            distinct.append(item)
        else:
            duplicates.append((item.tune.source, kept.source))
    return distinct, duplicates


def _with_inferences(tune: Tune) -> Tune:
    rhythm = None if tune.rhythm else infer_rhythm(tune)
    mode = None if states_mode(tune) else infer_mode(tune)
    inferred = tuple(inference for inference in (rhythm, mode) if inference is not None)
    return replace(tune, inferred=(*tune.inferred, *inferred)) if inferred else tune


def states_mode(tune: Tune) -> bool:
    """Whether the key of the tune says more than a tonic. A bare tonic means major by the standard, and often only that
    nobody looked: a tenth of the German folk songs of Essen sound minor under it.
    """
    return tune.key.tonic is not None and (tune.key.mode != "major" or _writes_major(tune.text))


def _writes_major(text: str) -> bool:
    keys = (line[2:].split("%")[0].casefold() for line in text.split("\n") if line.startswith("K:"))
    return "maj" in next(keys, "") or not text


# ---------------------------------------------------------------------------------------------------- keeping


def _cache_key(files: Files, melody: str) -> str:
    digest = hashlib.sha256(code_fingerprint(__name__).encode())
    digest.update(melody.encode())
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


def _to_cache(corpus: Corpus) -> dict[str, Any]:
    return {
        "split": corpus.split,
        "families": corpus.families,
        "dropped": [[item.source, item.reason] for item in corpus.dropped],
        "duplicates": corpus.duplicates,
    }


def _from_cache(name: str, data: dict[str, Any]) -> Corpus:
    return Corpus(
        name,
        data["tunes"],
        tuple(data["split"]),
        tuple(data["families"]),
        tuple(Dropped(source, reason) for source, reason in data["dropped"]),
        tuple((left, kept) for left, kept in data["duplicates"]),
    )
