"""Real tunes of three built-in corpora, for tests of what writes and draws them."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import tempfile
from functools import cache
from pathlib import Path

from filelock import FileLock

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_tune, split_tunes
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError

COLLECTIONS = ("oneill", "ryan", "aird", "essen")
FOLDERS = ("oneills1850", "ryansMammoth", "airdsAirs")


@cache
def real_tunes(count: int) -> tuple[Tune, ...]:
    """The same `count` tunes of each folder every time, irregular ones included."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None
    assert spec.origin is not None
    chosen: list[Tune] = []
    for folder in FOLDERS:
        files = sorted((Path(spec.origin).parent / "corpus" / folder).rglob("*.abc"))
        rng = random.Random(5)
        tunes: list[Tune] = []
        while len(tunes) < count:
            file = rng.choice(files)
            sources = list(split_tunes(file.read_text(encoding="utf-8", errors="replace"), file.name))
            with contextlib.suppress(ParseError):
                tunes.append(parse_tune(rng.choice(sources)))
        chosen += tunes
    return tuple(chosen)


@cache
def collection(name: str) -> tuple[Tune, ...]:
    """The tunes of a built-in collection; of several processes that ask at once, one reads and the others wait."""
    with FileLock(Path(tempfile.gettempdir()) / f"tunewright-tests-{name}.lock"):
        return read_corpus(name).tunes
