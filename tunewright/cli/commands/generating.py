"""The command that writes new tunes: what is asked for in words, and what is said of what came out.

In: a run, options. Out: ABC on stdout or files, and on stderr how many tunes were well formed and what the grammar had
to take away for that. What the command needs is imported inside it. This file knows which words go together, and what
they mean is read by `tokens.requests` and `generation.decoding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import EVERY_FORMAT, AsJson, Formats, SoundFont, Straight, Tempo, read_for

if TYPE_CHECKING:
    from tunewright.generation.drawn import Streamed
    from tunewright.generation.generated import Generated
    from tunewright.judging.originals import OriginalityLine
    from tunewright.tokens.requests import Request
    from tunewright.training.run import Run

T = TypeVar("T")

FILE = "An ABC or MIDI file, its first tune; FILE#12 is the one with X:12."
USUAL_AMOUNT = 0.5


def generate(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="The folder of a trained run; else the model in the box.",
            autocompletion=completing.runs_and_base,
        ),
    ] = completing.BASE,
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
    plan: Annotated[
        str, typer.Option(metavar="PLAN", help='Which bars return, varied or not: "A B A\' C"; . is any bar.')
    ] = "",
    plan_like: Annotated[
        str, typer.Option(metavar="FILE", help="Bars return as they do in this tune; FILE as in --like.")
    ] = "",
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
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Draw N of each, keep what the run's critic likes best, without one the likeliest; else its own.",
        ),
    ] = None,
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
    """Write new tunes with a trained run, or with `base`, the model in the box.

    ABC to stdout; with --out files of every format asked for, and all of them in one tunebook.

    What is asked for comes out, or is refused with the reason before anything is drawn. A run of pieces of several
    parts writes pieces, with --out.
    """
    from tunewright.cli.drawn import Output, original_note
    from tunewright.cli.output import note
    from tunewright.formats.formats import parse_formats, usual_formats
    from tunewright.generation.decoding import Decoding, parse_temperature
    from tunewright.generation.generator import load_generator
    from tunewright.tokens.requests import parse_span
    from tunewright.training.base import run_folder
    from tunewright.training.run import default_best_of, default_temperature, load_run

    _refuse_nonsense(infill, at, vary, amount)
    if plan and plan_like:
        raise typer.BadParameter("--plan and --plan-like both say which bars return; expected one of them")
    if at:
        _option(parse_span, at)
    folder = run_folder(run)
    degrees = _option(parse_temperature, temperature) if temperature else default_temperature(folder)
    if stream:
        asked = {"-n": n > 1, "--best-of": (best_of or 1) > 1, "--json": as_json, "--original": original is not None}
        _refuse_with_stream(asked)
    trained = load_run(folder)
    kind = trained.config.music
    words = {
        "plan": plan,
        "key": key,
        "meter": meter,
        "rhythm": rhythm,
        "parts": parts,
        "pitch_range": pitch_range,
        "bars": bars,
    }
    given = {"plan_like": plan_like, "like": like, "infill": infill, "at": at, "vary": vary, "amount": amount}
    played = {"tempo": tempo, "straight": straight, "soundfont": soundfont}
    seen = bool(out or as_json or stream)
    request = _REQUESTS[kind](_Asked(run, start, free, words, given, played, seen))
    decoding = Decoding.of(degrees, top_k=top_k, top_p=top_p, min_p=min_p, repeats=repeats)
    usual = usual_formats(kind) if formats == EVERY_FORMAT else parse_formats(formats, kind)
    line = None if original is None else _originality_line(trained, original)
    generator = load_generator(trained)
    output = Output(kind, out, usual, as_json, stream, played)
    if stream:
        output.take(_print_bars(generator.stream(request, decoding, seed=seed)))
    else:
        best_of = default_best_of(folder) if best_of is None else best_of
        drawn = generator.generate(n, request, decoding, seed=seed, best_of=best_of, original=line, jobs=jobs)
        for one in drawn:
            output.take(one)
    output.end()
    if line is not None:
        note(original_note(output.drawn, n, line))


def _originality_line(run: Run, percent: float) -> OriginalityLine[Any]:
    """The line that music may not go beyond, by the corpus of the run."""
    from tunewright.judging.originals import originality_line
    from tunewright.judging.run_scorecard import sources_of
    from tunewright.support.errors import RunError

    sources = sources_of(run.path)
    if not sources:
        raise RunError(
            f"{run.path}: its {run.config.music}s are gone, and without them nobody can tell what is original"
        )
    return originality_line(read_for(run.config, sources), percent)


def _print_bars(chunks: Streamed[Any]) -> Generated[Any]:
    """Print a tune as it is written; all of it."""
    from tunewright.cli.output import say

    for chunk in chunks:
        say(chunk, end="", flush=True)
    assert chunks.drawn is not None
    if not chunks.drawn.text.endswith("\n"):
        say()
    return chunks.drawn


# ------------------------------------------------------------------------------------------------ what is asked for


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options that say what is wanted, as they were given."""

    run: str
    start: str
    free: bool
    words: Mapping[str, str]
    given: Mapping[str, Any]  # tunes to be like, to fill in, to vary
    played: Mapping[str, Any]
    seen: bool  # whether what is no text would be seen at all


def _of_tunes(asked: _Asked) -> Request:
    """What is asked of tunes."""
    from tunewright.corpus.files import read_tune
    from tunewright.tokens.requests import USUAL_AMOUNT, Request

    given = asked.given
    tunes: dict[str, Any] = {
        name: read_tune(given[name]) for name in ("like", "plan_like", "infill", "vary") if given[name]
    }
    amount = USUAL_AMOUNT if given["amount"] is None else given["amount"]
    words: dict[str, Any] = {**asked.words, **tunes}
    return Request.parse(start=asked.start, free=asked.free, at=given["at"], amount=amount, **words)


def _of_pieces(asked: _Asked) -> Request:
    """What is asked of pieces: bars, which may be fewer than those of a tune, and a file to begin with."""
    from tunewright.formats.midi.pieces import read_piece
    from tunewright.tokens.requests import Request

    named = {**asked.words, **asked.given, "tempo": asked.played["tempo"], "straight": asked.played["straight"]}
    options = {"pitch_range": "range", "plan_like": "plan-like"}
    what = f"{asked.run} draws pieces of several parts, which"
    if unknown := [f"--{options.get(name, name)}" for name, value in named.items() if value and name != "bars"]:
        raise typer.BadParameter(f"{what} know no {' and no '.join(unknown)}")
    if not asked.seen:
        raise typer.BadParameter(f"{what} are written to files; expected --out DIR")
    bars = _option(_bars_of_pieces, asked.words["bars"]) if asked.words["bars"] else None
    return Request(bars=bars, start=read_piece(Path(asked.start)) if asked.start else "", free=asked.free)


def _bars_of_pieces(words: str) -> int:
    from tunewright.support.errors import ConfigError

    if not words.isdecimal():
        raise ConfigError(f"bars is {words!r}; expected one number, as in 16")
    return int(words)


_REQUESTS = {"tune": _of_tunes, "piece": _of_pieces}  # by kind of music


# ------------------------------------------------------------------------------------------------ wrong usage


def _option(parse: Callable[[str], T], words: str) -> T:
    """What the words of an option mean; wrong usage where they mean nothing."""
    from tunewright.support.errors import ConfigError

    try:
        return parse(words)
    except ConfigError as error:
        raise typer.BadParameter(f"--{error}") from None


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
