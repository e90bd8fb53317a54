"""Indexes of melodies kept on disk, so that a corpus is indexed once.

In: an `Index` of `originality`. Out: one file of it, a checksum and the safetensors format (no pickle), written
whole or not at all; and the same index back. Kept in the cache folder under what it was made of, the newest few.

A note takes 11 bytes: 2 as a symbol, 4 in their order, 1 for its pitch, 2 for its rhythm, 2 for where it is written.
The seeds of near-copies, 36 bytes a note, are not kept: they are made again when the first near-copy is asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tunewright.corpus.cache import cache_folder
from tunewright.measuring.matching.bands import build_lines
from tunewright.measuring.matching.melodies import Written
from tunewright.measuring.matching.substrings import Substrings
from tunewright.measuring.originality import Index, build_index
from tunewright.music.playing import fingerprint
from tunewright.music.tune import Tune
from tunewright.support.code import code_fingerprint
from tunewright.support.documents import parse_json
from tunewright.support.errors import CorpusError, InputError, OutputError
from tunewright.support.files import replace_file
from tunewright.support.inputs import read_input

FORMAT = 2
DIGEST = 32  # bytes of the SHA-256 of what follows: damage must not be searched as if it were melodies
LARGEST = 2**31  # bytes of a file; a note takes 11
SUFFIX = ".melodies"
MOST_FILES = 5  # in the cache folder; the oldest go first

_Arrays = dict[str, NDArray[Any]]


def save_index(index: Index, path: Path) -> None:
    """Write an index to a file. OutputError where that cannot be done."""
    names = json.dumps({"format": FORMAT, "titles": index.titles, "sources": index.sources}, ensure_ascii=False)
    alphabet = [[step, *ratio] for step, ratio in index.substrings.alphabet]
    arrays: _Arrays = {
        "names": np.frombuffer(names.encode(), dtype=np.uint8),
        "alphabet": np.array(alphabet, dtype=np.int64).reshape(-1, 3),
        "text": index.substrings.text,
        "starts": index.substrings.starts,
        "order": index.substrings.order,
        "pitches": index.lines.line.pitches,
        "rhythms": _smallest(index.lines.rhythms + 1),  # -1 for none
        "ratios": np.array(list(index.rhythms), dtype=np.int64).reshape(-1, 2),
        "notes": _smallest(index.written.notes),
        "notes_begin": np.packbits(_begins(index.written)),
        "tunes_begin": index.written.starts,
    }
    content = save(arrays)
    replace_file(path, hashlib.sha256(content).digest() + content)


def load_index(path: Path) -> Index:
    """The index that a file holds; CorpusError where it is missing, broken, or of another version."""
    try:
        content = read_input(path, LARGEST)
        if content[:DIGEST] != hashlib.sha256(content[DIGEST:]).digest():
            raise ValueError("damaged")
        return _unpack(load(content[DIGEST:]))
    except InputError as error:
        raise CorpusError(f"{error}; expected an index of melodies") from None
    except (SafetensorError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CorpusError(f"{path}: not a whole index of melodies of this version ({error}); delete it") from None


def _unpack(arrays: _Arrays) -> Index:
    names = parse_json(arrays["names"].tobytes())
    if names["format"] != FORMAT:
        raise ValueError(f"format {names['format']}, expected {FORMAT}")
    text, starts = arrays["text"], arrays["starts"]
    alphabet = {
        (step, (over, under)): number for number, (step, over, under) in enumerate(arrays["alphabet"].tolist(), 1)
    }
    _check(arrays, alphabet, names)
    substrings = Substrings(alphabet, text, starts, arrays["order"])
    notes = arrays["notes"].astype(np.uint32)
    begins = np.flatnonzero(np.unpackbits(arrays["notes_begin"], count=len(notes)))
    written = Written(notes, np.append(begins, len(notes)).astype(np.uint32), arrays["tunes_begin"])
    ratios = {(over, under): number for number, (over, under) in enumerate(arrays["ratios"].tolist())}
    tunes_begin = arrays["tunes_begin"].astype(np.int64)
    sizes = tunes_begin[1:] - tunes_begin[:-1]
    lines = build_lines(arrays["pitches"], arrays["rhythms"].astype(np.int32) - 1, sizes)
    return Index(substrings, lines, ratios, written, tuple(names["titles"]), tuple(names["sources"]))


def _check(arrays: _Arrays, alphabet: dict[Any, int], names: dict[str, Any]) -> None:
    """Raise ValueError where parts do not fit one another, so that no search runs out of an array later."""
    text, starts = arrays["text"], arrays["starts"]
    symbols, heard = len(text) - len(starts), int(arrays["tunes_begin"][-1])
    fitting = (
        len(names["titles"]) == len(names["sources"]) == len(starts) == len(arrays["tunes_begin"]) - 1,
        len(arrays["order"]) == symbols == np.count_nonzero(text),
        all(int(arrays[name].max(initial=0)) < max(1, len(text)) for name in ("order", "starts")),
        len(arrays["pitches"]) == len(arrays["rhythms"]) == heard,
        int(text.max(initial=0)) <= len(alphabet) == len(arrays["alphabet"]),
        int(arrays["rhythms"].max(initial=0)) <= len(arrays["ratios"]),
        np.count_nonzero(np.unpackbits(arrays["notes_begin"], count=len(arrays["notes"]))) == heard,
    )
    if not all(fitting):
        raise ValueError("its parts do not fit one another")


def _begins(written: Written) -> NDArray[np.bool_]:
    begins = np.zeros(len(written.notes), dtype=bool)
    begins[written.begins[:-1]] = True
    return begins


def _smallest(numbers: NDArray[np.integer[Any]]) -> NDArray[Any]:
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


# ------------------------------------------------------------------------------------------------ kept


def kept_index(tunes: Sequence[Tune]) -> Index:
    """The index of tunes as they were read from files: out of the cache, or built and kept there.

    A cache that cannot be read or written costs time, never a result.
    """
    path = cache_folder() / f"{_key(tunes)}{SUFFIX}"
    with contextlib.suppress(CorpusError):
        index = load_index(path)
        path.touch()  # used last
        return index
    index = build_index(tunes)
    with contextlib.suppress(OutputError, OSError):
        save_index(index, path)
        _drop_oldest(path.parent)
    return index


def _key(tunes: Sequence[Tune]) -> str:
    digest = hashlib.sha256(code_fingerprint(__name__).encode())
    for tune in tunes:
        first = str(tune.notes[0]) if tune.text and tune.notes else fingerprint(tune)
        digest.update(json.dumps([tune.text, tune.source, tune.title, len(tune.music), first]).encode())
    return digest.hexdigest()[:32]


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in files[:-MOST_FILES]:
        path.unlink(missing_ok=True)
