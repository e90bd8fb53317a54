"""What several commands have in common: options of one meaning, and how they read their sources.

In: nothing, or the names of sources. Out: annotated types for the command line, a `Corpus`. This file is no command.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunewright.cli.commands import completing
from tunewright.formats.formats import SUFFIXES, TUNE, usual_formats, written_as

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.music.tune import Tune
    from tunewright.training.config import Config

SOURCE = f"file or folder of {', '.join(SUFFIXES)}, or a built-in collection: oneill, ryan, aird, essen"
LONGEST_LINE = 1000  # signs of an error: what was wrong, where, what was expected
EVERY_FORMAT = ",".join(usual_formats(TUNE))
Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE", help=f"A {SOURCE}.", autocompletion=completing.collections)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="LIST",
        help=f"{', '.join(written_as(TUNE))}; several with commas.",
        autocompletion=completing.formats,
    ),
]
Tempo = Annotated[
    int | None, typer.Option(min=10, max=600, metavar="BPM", help="Beats per minute; else by the rhythm.")
]
Straight = Annotated[bool, typer.Option("--straight", help="Play even notes, without the lilt of the dance.")]
Language = Annotated[
    str, typer.Option("--lang", metavar="en|zh", help="Language of the report.", autocompletion=completing.languages)
]
MelodyOf = Annotated[
    str, typer.Option("--melody", metavar="NAME|N|skyline", help="Which track of a MIDI file to read, or its top line.")
]
TokensOf = Annotated[
    str,
    typer.Option(
        "--tokens",
        metavar="NAME",
        help="characters, degrees; or for music of several parts remi and the other vocabularies of MidiTok.",
        autocompletion=completing.codecs,
    ),
]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="Leave cells as they are: no apostrophe before what a spreadsheet would run (= + - @)."),
]
SoundFont = Annotated[Path | None, typer.Option(metavar="FILE", help="Another SoundFont (.sf2).")]


def one_line(message: str) -> str:
    """A message without line ends, as an error is printed."""
    return " ".join(message.split())


def shortened(line: str) -> str:
    """A line with its middle left out where nobody would read it to the end."""
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE // 2]} … {line[-LONGEST_LINE // 2 :]}"


def read_for(config: Config, sources: list[str]) -> Corpus[Any]:
    """What a model with these settings learns from: tunes, or pieces of several parts."""
    return read_of_kind(config.music, sources, config.data.melody)


def read_sources(sources: list[str], melody: str = "") -> Corpus[Tune]:
    """The tunes of these sources, with a bar while that takes long."""
    return read_of_kind(TUNE, sources, melody)


def read_of_kind(kind: str, sources: list[str], melody: str = "") -> Corpus[Any]:
    """The "tune"s or "piece"s of these sources, with a bar while that takes long; remarks on them go to stderr."""
    from tunewright.cli.console import show_reading
    from tunewright.cli.output import note
    from tunewright.corpus.reading import read_corpus

    with show_reading() as on_progress:
        corpus: Corpus[Any] = read_corpus(*sources, kind=kind, melody=melody, on_progress=on_progress)  # type: ignore[call-overload]
    for remark in corpus.remarks:
        note(f"Note: {remark}")
    return corpus
