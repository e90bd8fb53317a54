"""The command that writes new tunes: what is asked for in words, and what is said of what came out.

In: a run, options. Out: ABC on stdout or files, and on stderr how many tunes were well formed and what the grammar had
to take away for that. What the command needs is imported inside it. This file refuses nothing that can only be judged
with a model or a tune (`requests`, `plans`): it knows the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import EVERY_FORMAT, AsJson, Formats, SoundFont, Straight, Tempo, read_sources
from tunewright.cli.commands.polyphony import draws_pieces, write_pieces

if TYPE_CHECKING:
    from tunewright.generation.generated import Generated
    from tunewright.measuring.originals import OriginalityLine
    from tunewright.music.tune import Tune
    from tunewright.tokens.requests import Infill, Variation

FILE = "An ABC or MIDI file, its first tune; FILE#12 is the one with X:12."
USUAL_AMOUNT = 0.5


def generate(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a trained run.", autocompletion=completing.runs)
    ],
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many tunes.")] = 1,
    key: Annotated[str, typer.Option(metavar="KEY", help='Tonic and mode: G, "Bb minor", "E dorian".')] = "",
    meter: Annotated[str, typer.Option(metavar="METRE", help="As in 6/8, 4/4 or C|.")] = "",
    rhythm: Annotated[
        str, typer.Option(metavar="DANCE", help="As in reel, jig, hornpipe.", autocompletion=completing.rhythms)
    ] = "",
    bars: Annotated[
        str, typer.Option(metavar="N", help="Bars of each part (8, or 8,16 one by one); without --parts of the tune.")
    ] = "",
    parts: Annotated[str, typer.Option(metavar="LETTERS", help="Parts as played: AABB is two, each twice.")] = "",
    pitch_range: Annotated[
        str, typer.Option("--range", metavar="LOW-HIGH", help="As in D4-B5, C4 being middle C.")
    ] = "",
    start: Annotated[str, typer.Option(metavar="ABC", help="How each tune is to begin; of pieces, a MIDI file.")] = "",
    like: Annotated[
        str, typer.Option(metavar="FILE", help=f"Ask for what this tune has, where nothing else is asked. {FILE}")
    ] = "",
    infill: Annotated[
        str, typer.Option(metavar="FILE", help="Write the bars of --at anew, keep the rest; FILE as in --like.")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="BARS", help="Which bars, as in 5-8; they count on over repeat signs, a pickup is 0.")
    ] = "",
    vary: Annotated[str, typer.Option(metavar="FILE", help="Write variations of a tune; FILE as in --like.")] = "",
    amount: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="SHARE", help=f"0 the same tune, 1 a free one; else {USUAL_AMOUNT}."),
    ] = None,
    temperature: Annotated[
        str,
        typer.Option(
            metavar="T", help="Below 1 safer, above 1 wilder; 1.0,9:1.4 is 1.4 from bar 9 on; else the run's own, or 1."
        ),
    ] = "",
    top_k: Annotated[
        int, typer.Option(min=0, metavar="K", help="Only the K most probable signs or tokens; 0 is all.")
    ] = 0,
    top_p: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Only the most probable that make up P.")
    ] = 1.0,
    min_p: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Only those at least P as probable as the best.")
    ] = 0.0,
    repeats: Annotated[
        int, typer.Option(min=0, metavar="N", help="The same bar at most N times in a row; 0 is no limit.")
    ] = 0,
    best_of: Annotated[
        int, typer.Option(min=1, metavar="N", help="Draw N of each, keep the one the model finds likeliest.")
    ] = 1,
    original: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="Draw anew what shares more with a training tune than PERCENT of real tunes do; 95 is usual.",
        ),
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Let the model break its metre: no grammar holds it.")] = False,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Tune number i, from 0, has seed S + i.")] = 0,
    jobs: Annotated[int, typer.Option(min=0, metavar="N", help="Processes that draw; 0: what fits.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write files there, not ABC to stdout.")] = None,
    formats: Formats = EVERY_FORMAT,
    stream: Annotated[bool, typer.Option("--stream", help="Print each bar as it is written; one tune only.")] = False,
    tempo: Tempo = None,
    straight: Straight = False,
    soundfont: SoundFont = None,
    as_json: AsJson = False,
) -> None:
    """Write new tunes with a trained run.

    ABC to stdout; with --out files of every format asked for, and all of them in one tunebook.

    What is asked for comes out, or is refused with the reason before anything is drawn.
    """
    from tunewright.cli.console import drawn_note, drawn_result, note, original_note, print_json
    from tunewright.formats.formats import parse_formats
    from tunewright.generation.keywords import generate as draw
    from tunewright.generation.tunebook import write_drawn, write_tunebook
    from tunewright.training.run import default_temperature

    _refuse_nonsense(infill, at, vary, amount)
    options: dict[str, Any] = {
        "temperature": _parse_temperature(temperature) if temperature else default_temperature(run),
        **{"top_k": top_k, "top_p": top_p, "min_p": min_p, "repeats": repeats, "best_of": best_of},
        **{"seed": seed, "start": start, "free": free, "jobs": jobs},
    }
    if draws_pieces(run):
        refused = {
            **{"--key": key, "--meter": meter, "--rhythm": rhythm, "--parts": parts, "--range": pitch_range},
            **{"--like": like, "--infill": infill, "--vary": vary, "--repeats": repeats, "--best-of": best_of > 1},
            **{"--original": original is not None, "--stream": stream, "--straight": straight, "--tempo": tempo},
        }
        write_pieces(run, n, options, refused, bars, out, formats, soundfont, as_json)
        return
    kinds = parse_formats(formats)
    words = {"key": key, "meter": meter, "rhythm": rhythm, "bars": bars, "parts": parts, "pitch_range": pitch_range}
    options |= _asked(words, like, infill, at, vary, USUAL_AMOUNT if amount is None else amount)
    drawn: list[Generated[Tune]] = []
    files: list[dict[str, Path]] = []
    if stream:
        asked = {"-n": n > 1, "--best-of": best_of > 1, "--json": as_json, "--original": original is not None}
        _refuse_with_stream(asked)
    if original is not None:
        options["original"] = _originality_line(run, original)
    for one in [_print_bars(run, options)] if stream else draw(run, n, **options):
        drawn.append(one)
        if out:
            files.append(write_drawn(one, out, kinds, tempo=tempo, straight=straight, soundfont=soundfont))
        elif not as_json and not stream:
            print(one.text, flush=True)
    if out:
        note(f"Wrote {write_tunebook(drawn, out)} and {sum(map(len, files)):,} files beside it.")
    if as_json:
        print_json(drawn_result(drawn, files))
    note(drawn_note(drawn))
    if original is not None:
        note(original_note(drawn, n, options["original"]))


def _originality_line(run: Path, percent: float) -> OriginalityLine:
    """The line that tunes may not go beyond, by the corpus of the run."""
    from tunewright.judging.run_scorecard import sources_of
    from tunewright.measuring.originals import originality_line
    from tunewright.support.errors import RunError
    from tunewright.training.run import load_run

    sources = sources_of(load_run(run).path)
    if not sources:
        raise RunError(f"{run}: its tunes are gone, and without them nobody can tell what is original")
    return originality_line(read_sources(sources), percent)


def _print_bars(run: Path, options: Mapping[str, Any]) -> Generated[Tune]:
    """Print a tune as it is written."""
    from tunewright.generation.keywords import stream

    pieces = stream(run, **options)
    for piece in pieces:
        print(piece, end="", flush=True)
    assert pieces.drawn is not None
    return pieces.drawn


# ------------------------------------------------------------------------------------------------ words


def _refuse_nonsense(infill: str, at: str, vary: str, amount: float | None) -> None:
    """Usage errors for options that do nothing without one another, or cannot stand together."""
    if bool(infill) != bool(at):
        raise typer.BadParameter("--infill FILE and --at BARS go together: which tune, and which bars of it")
    if amount is not None and not vary:
        raise typer.BadParameter("--amount is how much --vary FILE changes; expected both")
    if infill and vary:
        raise typer.BadParameter("--infill and --vary both say what becomes of a tune; expected one of them")


def _refuse_with_stream(asked: Mapping[str, bool]) -> None:
    if clash := [name for name, present in asked.items() if present]:
        raise typer.BadParameter(f"--stream prints one tune while it is written; expected no {' and no '.join(clash)}")


def _parse_temperature(text: str) -> dict[int, float]:
    """The temperature from which bar on."""
    stages: dict[int, float] = {}
    for place, part in enumerate(text.split(",")):
        found = re.fullmatch(r"(?:(\d{1,4}):)?(\d+\.?\d*|\.\d+)", part.strip())
        if not found or (place > 0) != bool(found[1]):
            raise typer.BadParameter(
                f"--temperature is {text!r}; expected a number, or more with bars, as in 1.0,9:1.4"
            )
        bar = int(found[1] or 1)
        if bar <= max(stages, default=0):
            raise typer.BadParameter(f"--temperature is {text!r}; expected bars after the first, one after another")
        stages[bar] = float(found[2])
    return stages


def _parse_at(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text.replace(" ", ""))
    if not found:
        raise typer.BadParameter(f"--at is {text!r}; expected bars, as in 5-8")
    return int(found[1]), int(found[2] or found[1])


def _asked(words: Mapping[str, str], like: str, infill: str, at: str, vary: str, amount: float) -> dict[str, Any]:
    """What `generate` takes for these words: a request, and the tune to fill in or to vary."""
    from tunewright.corpus.files import read_tune
    from tunewright.tokens.requests import Infill, Request, Variation, as_in, build_request, in_key

    span = _parse_at(at) if at else (0, 0)
    request = build_request(**words)
    if like:
        request = as_in(read_tune(like), request)
    if not infill and not vary:
        return {"request": request}
    tune = read_tune(infill or vary)
    if request.key and request == Request(key=request.key):
        tune, request = in_key(tune, request.key), Request()
    given: Infill | Variation = Infill(tune, *span) if infill else Variation(tune, amount)
    return {"request": request, "given": given}
