"""From sources to a `Corpus`: what was read, what was dropped and why, families, and the split.

In: files, folders, and the names of built-in collections. Out: a `Corpus`, the same on every machine. Tunes that
cannot be read are in `dropped`, exact duplicates in `duplicates`; a family lives in one part of the split.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tunewright.abcnotation import decode_text, parse_tune, split_tunes
from tunewright.cache import code_fingerprint, load_cache, save_cache
from tunewright.errors import CorpusError, ParseError
from tunewright.families import find_families, split_of
from tunewright.files import replace_file
from tunewright.inference import infer_mode, infer_rhythm
from tunewright.midi import parse_midi
from tunewright.playing import fingerprint
from tunewright.rhythms import known_rhythm
from tunewright.tune import Tune

BUILT_IN = {  # folders of the music21 package's corpus
    "oneill": "oneills1850",
    "ryan": "ryansMammoth",
    "aird": "airdsAirs",
    "essen": "essenFolksong",
}
SUFFIXES = (".abc", ".mid", ".midi")
LARGEST_FILE = 64 * 2**20  # bytes
LARGEST_TUNE = 2**20
_READING = (  # the code that decides what a corpus holds
    "abcnotation",
    "cache.py",
    "corpus.py",
    "families.py",
    "inference.py",
    "listening",
    "listening/learned/keys.npz",
    "listening/learned/meters.npz",
    "midi.py",
    "midi_files.py",
    "playing.py",
    "rhythms.py",
    "tune.py",
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A tune, or a whole file, that could not be read: "file:line", and why."""

    source: str
    reason: str


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
            digest.update(f"{tune_id(tune)} {part}\n".encode())
        return digest.hexdigest()[:16]


def tune_id(tune: Tune) -> str:
    """Twelve hex digits by which a tune is known: a hash of its verbatim text, or of its melody where it has none."""
    return hashlib.sha256((tune.text or fingerprint(tune)).encode()).hexdigest()[:12]


def read_corpus(
    *sources: str | Path, cache: bool = True, on_progress: Progress | None = None, melody: str = ""
) -> Corpus:
    """Read files (.abc, .mid, .midi), folders of them, and built-in collections (oneill, ryan, aird, essen).

    `melody` says which notes of a MIDI file to read (`melody_choice`). CorpusError where a source is missing, holds no
    such file, or not one tune can be read. `on_progress(done, total)` counts bytes. One file is in memory at a time.
    """
    files = [(name, path) for source in sources for name, path in find_files(source)]
    name = " ".join(Path(source).name or str(source) for source in sources)
    key = _cache_key(files, melody)
    kept = load_cache(key) if cache else None
    if kept is not None:
        return _from_cache(name, kept)
    corpus = _build(name, *_read_all(files, on_progress, melody))
    unchanged = cache and _cache_key(files, melody) == key  # files may be written while we read
    remark = save_cache(key, _to_cache(corpus), corpus.tunes) if unchanged else ""
    return replace(corpus, remarks=(remark,)) if remark else corpus


def write_split(corpus: Corpus, path: Path) -> None:
    """Write a table with tabs: id, part of the split, family, source and title of every tune."""
    rows = ["id\tsplit\tfamily\tsource\ttitle"]
    for tune, part, family in zip(corpus.tunes, corpus.split, corpus.families, strict=True):
        family_id = tune_id(corpus.tunes[family])
        rows.append("\t".join((tune_id(tune), part, family_id, tune.source, tune.title.replace("\t", " "))))
    replace_file(path, ("\n".join(rows) + "\n").encode())


# ---------------------------------------------------------------------------------------------------- finding


def find_files(source: str | Path) -> list[tuple[str, Path]]:
    """The files of a source, in order, each with the name that it is known by."""
    if str(source) in BUILT_IN:
        folder = _built_in_folder(BUILT_IN[str(source)])
        return [(f"{folder.name}/{path.name}", path) for path in sorted(folder.glob("*.abc"))]
    path = Path(source)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not found:
            raise CorpusError(f"{path}: no .abc, .mid or .midi file in this folder")
        return [(str(file), file) for file in found]
    if not path.exists():
        built_in = ", ".join(BUILT_IN)
        raise CorpusError(f"{path}: no such file or folder, and not a built-in collection ({built_in})")
    if path.suffix.lower() not in SUFFIXES:
        raise CorpusError(f"{path}: expected a file that ends in .abc, .mid or .midi, or a folder of them")
    return [(str(path), path)]


def lasting_source(source: str) -> str:
    """A source that names the same tunes from every working folder: a built-in collection, or a whole path."""
    return source if source in BUILT_IN else str(Path(source).resolve())


def _built_in_folder(folder: str) -> Path:
    spec = importlib.util.find_spec("music21")  # its files are read, it is not imported
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError("the built-in collections are files of the package music21, which is not installed")
    path = Path(spec.submodule_search_locations[0]) / "corpus" / folder
    if not path.is_dir():
        raise CorpusError(f"the installed music21 has no collection {folder}; expected version 10 with its corpus")
    return path


def read_tunes(path: Path, melody: str = "") -> Iterator[Tune | Dropped]:
    """Every tune of one file, in order, or why it could not be read; what does not end in .mid or .midi is ABC."""
    data = read_bytes(path)
    if isinstance(data, Dropped):
        yield Dropped(f"{path}:1", data.reason)
    else:
        yield from (item for item, _ in _read_file(str(path), path, data, melody))


def read_bytes(path: Path) -> bytes | Dropped:
    """The bytes of a file, or why there are none."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return Dropped("", f"{size / 2**20:.0f} MB, the largest file read is {LARGEST_FILE // 2**20} MB: split it")
        return path.read_bytes()
    except OSError as error:
        return Dropped("", f"cannot be read ({error.strerror})")


# ---------------------------------------------------------------------------------------------------- reading


def _read_all(
    files: Sequence[tuple[str, Path]], on_progress: Progress | None, melody: str
) -> tuple[list[Tune], list[Dropped]]:
    tunes: list[Tune] = []
    dropped: list[Dropped] = []
    total = sum(_size(path) for _, path in files)
    done = 0
    for name, path in files:
        data = read_bytes(path)
        if isinstance(data, Dropped):
            dropped.append(Dropped(f"{name}:1", data.reason))
            continue
        for item, size in _read_file(name, path, data, melody):
            done += size
            if isinstance(item, Tune):
                tunes.append(item)
            else:
                dropped.append(item)
            if on_progress:
                on_progress(min(done, total), total)
    return tunes, dropped


def _size(path: Path) -> int:
    """How many bytes of a file will be read."""
    try:
        size = path.stat().st_size
    except OSError:
        return 0
    return size if size <= LARGEST_FILE else 0


def _read_file(name: str, path: Path, data: bytes, melody: str) -> Iterator[tuple[Tune | Dropped, int]]:
    """Every tune of a file, or why it was dropped, and how many bytes it took."""
    if path.suffix.lower() in (".mid", ".midi"):
        try:
            yield replace(parse_midi(data, path.name, melody=melody), source=f"{name}:1"), len(data)
        except ParseError as error:
            yield Dropped(f"{name}:1", error.reason), len(data)
        return
    try:
        sources = list(split_tunes(decode_text(data, name), name))
    except ParseError as error:
        yield Dropped(f"{name}:1", error.reason), len(data)
        return
    if not sources:
        yield Dropped(f"{name}:1", "no tune found, expected ABC that begins with an X: field"), len(data)
    for source in sources:
        size = sum(map(len, source.lines)) + len(source.lines)
        if size > LARGEST_TUNE:
            yield Dropped(source.place, f"a tune of {size} characters, the longest read has {LARGEST_TUNE}"), size
            continue
        try:
            yield parse_tune(source), size
        except ParseError as error:
            yield Dropped(error.source, error.reason), size


# ---------------------------------------------------------------------------------------------------- putting together


def _build(name: str, tunes: Sequence[Tune], dropped: Sequence[Dropped]) -> Corpus:
    if not tunes:
        first = f", the first: {dropped[0].source}: {dropped[0].reason}" if dropped else ""
        raise CorpusError(f"{name}: no tune could be read, {len(dropped)} dropped{first}")
    distinct, duplicates = _merge_duplicates(tunes)
    families = find_families(distinct)
    split_by_family = {family: split_of(distinct[family]) for family in set(families)}
    return Corpus(
        name,
        tuple(_with_inferences(tune) for tune in distinct),
        tuple(split_by_family[family] for family in families),
        families,
        tuple(dropped),
        tuple(duplicates),
    )


def _merge_duplicates(tunes: Sequence[Tune]) -> tuple[list[Tune], list[tuple[str, str]]]:
    """Equal tunes once, the first of them; and (source left out, source kept) for the others."""
    distinct: list[Tune] = []
    duplicates: list[tuple[str, str]] = []
    by_fingerprint: dict[str, list[Tune]] = {}
    for tune in tunes:
        alike = by_fingerprint.setdefault(fingerprint(tune), [])
        kept = next((other for other in alike if other == tune), None)
        if kept is None:
            alike.append(tune)
            distinct.append(tune)
        else:
            duplicates.append((tune.source, kept.source))
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


def _cache_key(files: Sequence[tuple[str, Path]], melody: str) -> str:
    package = Path(__file__).parent
    digest = hashlib.sha256(code_fingerprint(*(package / name for name in _READING)).encode())
    digest.update(melody.encode())
    for name, path in files:
        data = read_bytes(path)
        content = data if isinstance(data, bytes) else data.reason.encode()
        digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    return digest.hexdigest()[:32]


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


# ---------------------------------------------------------------------------------------------------- telling


def describe(corpus: Corpus) -> dict[str, Any]:
    """What there is to say of a corpus, as plain data: the object that `tunewright corpus --json` prints."""
    parts = Counter(corpus.split)
    return {
        "name": corpus.name,
        "tunes": corpus.read,
        "irregular": corpus.irregular,
        "duplicates": len(corpus.duplicates),
        "families": len(set(corpus.families)),
        "dropped": [{"source": item.source, "reason": item.reason} for item in corpus.dropped],
        "split": {part: parts[part] for part in ("train", "valid", "test")},
        "fingerprint": corpus.fingerprint,
        "notes": sum(len(tune.notes) for tune in corpus.tunes),
        "bars": sum(len(tune.measures) for tune in corpus.tunes),
        "repairs": dict(corpus.repairs),
        "left_out": dict(corpus.left_out),
        "rhythms": _stated_and_inferred(corpus, "rhythm"),
        "modes": _stated_and_inferred(corpus, "mode"),
        "meters": dict(Counter(str(tune.meter) for tune in corpus.tunes).most_common()),
        "keys": dict(Counter(str(tune.key) for tune in corpus.tunes).most_common()),
    }


def _stated_and_inferred(corpus: Corpus, what: str) -> dict[str, Any]:
    """How often each rhythm or mode is stated, or inferred with what mean confidence, and how often neither."""
    stated: Counter[str] = Counter()
    confidences: dict[str, list[float]] = {}
    unknown = 0
    for tune in corpus.tunes:
        inference = next((item for item in tune.inferred if item.what == what), None)
        if inference is not None:
            confidences.setdefault(inference.value, []).append(inference.confidence)
        elif said := _stated(tune, what):
            stated[said] += 1
        else:
            unknown += 1
    inferred = {
        value: {"tunes": len(found), "confidence": round(sum(found) / len(found), 3)}
        for value, found in sorted(confidences.items(), key=lambda item: -len(item[1]))
    }
    return {"stated": dict(stated.most_common()), "inferred": inferred, "unknown": unknown}


def _stated(tune: Tune, what: str) -> str:
    if what == "mode":
        return tune.key.mode if states_mode(tune) else ""
    known = known_rhythm(tune.rhythm)
    return known.name if known else tune.rhythm
