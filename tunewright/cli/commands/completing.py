"""What a shell offers at the Tab key: collections, presets, codecs, formats, runs.

In: the beginning of a word. Out: what it may become; where that is nothing, the shell offers the names of files.
Nothing heavy is loaded: Tab is pressed often. This file checks nothing: a command does, with what was typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

BASE = "base"  # `training.base`, which loads PyTorch
RUN_FILE = "summary.json"  # that every run folder has
DEPTH = ("*", "*/*")  # how far below the folder that was typed a run is looked for


def collections(incomplete: str) -> list[str]:
    """The built-in collections."""
    from tunewright.corpus.sources import BUILT_IN

    return _beginning(incomplete, BUILT_IN)


def presets(incomplete: str) -> list[str]:
    """The presets."""
    from tunewright.training.presets import preset_names

    return _beginning(incomplete, preset_names())


def codecs(incomplete: str) -> list[str]:
    """The names that --tokens takes."""
    from tunewright.tokens.registry import codec_names

    return _beginning(incomplete, codec_names())


def trackers(incomplete: str) -> list[str]:
    """The names that --track takes."""
    from tunewright.training.trackers import TRACKERS

    return _beginning(incomplete, TRACKERS)


def rhythms(incomplete: str) -> list[str]:
    """The dances that have a tempo of their own, those of two words left out: a shell completes one."""
    from tunewright.music.rhythms import RHYTHMS

    return _beginning(incomplete, [name for name in RHYTHMS if " " not in name])


def languages(incomplete: str) -> list[str]:
    """The languages of reports."""
    from tunewright.reports.wording import languages

    return _beginning(incomplete, languages())


def formats(incomplete: str) -> list[str]:
    """The list so far, with each format that is not in it yet."""
    from tunewright.formats.formats import TUNE, written_as

    before, comma, _ = incomplete.rpartition(",")
    named = before.split(",")
    return _beginning(incomplete, [f"{before}{comma}{name}" for name in written_as(TUNE) if name not in named])


def runs(incomplete: str) -> list[str]:
    """The folders of runs below the folder that was typed so far."""
    folder = Path(incomplete if incomplete.endswith("/") else Path(incomplete).parent)
    found = (file.parent for depth in DEPTH for file in folder.glob(f"{depth}/{RUN_FILE}"))
    return _beginning(incomplete, sorted(map(str, found)))


def runs_and_base(incomplete: str) -> list[str]:
    """The same, and the word for the model in the box."""
    return [*runs(incomplete), *_beginning(incomplete, [BASE])]


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
