"""Collections read by a process of their own: what is in them, what is not and why.

In: the folder of a collection, or the name of a built-in one. Out: what `corpus` says of it, as plain data with the
names that files had where they came from; small scores of its first tunes; and, for those who train and judge, the
`Corpus` itself. The process may take so much memory and no more; how much time, its caller says. This file stores
nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.describe import figures, reasons
from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import BUILT_IN, Dropped, find_files
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.engraving import to_svg
from tunewright.music.tune import Tune
from tunewright.studio.work.uploads import TooMuch, music_folder, opened, unpack
from tunewright.support.errors import CorpusError, TunewrightError

if sys.platform == "linux":
    import resource

MOST_MEMORY = 4 * 2**30  # bytes
MOST_LISTED = 300  # tunes that were dropped, or merged, each with its line
MOST_KINDS = 24  # rhythms, metres, keys
LONGEST_REASON = 300  # signs
FIRST = 3  # tunes that are drawn
SHORT = 900  # signs of ABC of a tune that is drawn small
_OWN = r"\d{5}\.\w+"


def warm() -> None:
    """Take no more memory than it may."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def read(folder: str, name: str) -> dict[str, Any]:
    """What there is to say of a collection that was brought: {"about": …} or {"error": {code, error, values}}."""
    path = Path(folder)
    try:
        brought = opened(path)
        unpack(brought)
    except TooMuch as error:
        return {"error": {"code": error.code, "error": f"too much in this: {error.code}", "values": error.values}}
    left_out = {"files": brought.left_out, "counted": dict(brought.counted), "seen": brought.seen}
    found: dict[str, Any] = {"files": len(brought.names), "bytes": brought.size}
    if not brought.names:
        told = {"code": "no_files", "error": "no file of music; expected .abc, .mid, .midi or .kar", "values": {}}
        return found | {"error": told, "about": {"left_out": left_out}}
    try:
        return found | {"about": _about(read_collection(folder, name)) | {"left_out": left_out}}
    except CorpusError:
        dropped = list(islice(_dropped_in(path, brought.names), MOST_LISTED))
        told = {"code": "no_music", "error": "no tune could be read", "values": {}}
        about = {"left_out": left_out, "dropped": dropped, "dropped_count": len(dropped)}
        return found | {"error": told, "about": about}


def read_builtin(name: str) -> dict[str, Any]:
    """The same of a built-in collection."""
    assert name in BUILT_IN
    corpus = read_corpus(name)
    return {"files": len(find_files(name)), "about": _about(corpus)}


def read_collection(folder: str, name: str) -> Corpus[Tune]:
    """The tunes of a collection that was brought, under the names that their files had; or those of a built-in one.

    CorpusError where not one can be read.
    """
    if folder in BUILT_IN:
        return read_corpus(folder)
    path = Path(folder)
    corpus = read_corpus(music_folder(path))
    renamed = _renaming(path, opened(path).names)
    return replace(
        corpus,
        name=name,
        music=tuple(replace(tune, source=renamed(tune.source)) for tune in corpus.music),
        dropped=tuple(Dropped(renamed(one.source), renamed(one.reason)) for one in corpus.dropped),
        duplicates=tuple((renamed(left_out), renamed(kept)) for left_out, kept in corpus.duplicates),
    )


def _renaming(folder: Path, names: Mapping[str, str]) -> Callable[[str], str]:
    """What puts the names that files had in the place of ours, wherever they stand in a text."""
    ours = re.compile(re.escape(str(music_folder(folder)) + "/") + f"({_OWN})")
    return lambda text: ours.sub(lambda match: names.get(match[1], match[1]), text)


def _about(corpus: Corpus[Tune]) -> dict[str, Any]:
    """What the page shows of a corpus, each list no longer than anybody reads."""
    told = figures(corpus)
    kept = ("tunes", "irregular", "duplicates", "families", "split", "fingerprint", "notes", "bars")
    return {
        **{name: told[name] for name in kept},
        "dropped_count": len(corpus.dropped),
        "dropped": [_dropped(item) for item in corpus.dropped[:MOST_LISTED]],
        "dropped_because": [{"reason": why[:LONGEST_REASON], "count": len(of)} for why, of in _most(corpus)],
        "merged": [{"left_out": left_out, "kept": kept} for left_out, kept in corpus.duplicates[:MOST_LISTED]],
        **{name: _first(told[name]) for name in ("meters", "keys", "repairs")},
        "rhythms": _rhythms(told["rhythms"]),
        "first": [{"title": tune.title, "abc": format_abc(tune)} for tune in _short(corpus)],
    }


def _dropped(item: Dropped) -> dict[str, str]:
    """Where something was dropped, and why; the line apart where it is said."""
    file, _, line = item.source.rpartition(":")
    where = {"file": file, "line": line} if line.isdecimal() else {"file": item.source, "line": ""}
    return where | {"reason": item.reason[:LONGEST_REASON]}


def _most(corpus: Corpus[Tune]) -> list[tuple[str, list[str]]]:
    return reasons(corpus.dropped)[:MOST_KINDS]


def _first(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"name": name[:LONGEST_REASON], "count": count} for name, count in list(counts.items())[:MOST_KINDS]]


def _rhythms(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rhythms stated and found together, the most frequent first; "" for those of which neither is known."""
    counts = dict(found["stated"])
    for name, guess in found["inferred"].items():
        counts[name] = counts.get(name, 0) + guess["tunes"]
    told = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [*_first(dict(told)), *([{"name": "", "count": found["unknown"]}] if found["unknown"] else [])]


def _short(corpus: Corpus[Tune]) -> Iterator[Tune]:
    """The first tunes that fit on a small score."""
    return islice((tune for tune in corpus.music if len(format_abc(tune)) <= SHORT), FIRST)


def _dropped_in(folder: Path, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Everything that was dropped where nothing could be read."""
    renamed = _renaming(folder, names)
    for own in names:
        for item in read_file(music_folder(folder) / own, TUNE):
            if isinstance(item, Dropped):
                yield _dropped(Dropped(renamed(item.source), renamed(item.reason)))


def scores(abcs: list[str]) -> list[str]:
    """Small scores of tunes, as SVG; "" for one that cannot be drawn."""
    return [_score(abc) for abc in abcs]


def _score(abc: str) -> str:
    try:
        return to_svg(parse_abc(abc)[0])
    except (TunewrightError, IndexError):
        return ""


TASKS: Mapping[str, Callable[..., Any]] = {"read": read, "read_builtin": read_builtin, "scores": scores}
