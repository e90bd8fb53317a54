"""The command that judges: a run, or tunes from anywhere.

In: a run or files, options. Out: the scorecard on stdout or as a page, progress and notes on stderr. What the command
needs is imported inside it. This file judges nothing itself.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import SOURCE, AsJson, Language, read_of_kind


def evaluate(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|FILE",
            help=f"The folder of a trained run, or base; or tunes, each argument a {SOURCE}.",
            autocompletion=completing.runs_and_base,
        ),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="What to hold them against; may be repeated. A run: else its own tunes.",
            autocompletion=completing.collections,
        ),
    ] = None,
    n: Annotated[
        int,
        typer.Option(
            "-n",
            min=0,
            metavar="N",
            help="How many tunes to draw from a run; 0: the usual 300, and 100 at each of --temperatures.",
        ),
    ] = 0,
    temperatures: Annotated[
        str,
        typer.Option(metavar="LIST", help="Draw from a run at each, as in 0.6,0.8,1.0,1.2; find the knee."),
    ] = "",
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="The same over the weights that a run has kept.")
    ] = False,
    save_default: Annotated[
        bool, typer.Option("--save-default", help="Make the setting at the knee the run's default.")
    ] = False,
    best_of: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Draw N of each and judge the best, as generate does; 0: the run's own."),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Tune number i, from 0, has seed S + i.")] = 0,
    parts: Annotated[
        bool, typer.Option("--parts", help="Judge MIDI files with all their parts, as runs of pieces always are.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page, with scores, to this file.")] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Judge a run, or tunes from anywhere: are they well formed, like the style, or copies?

    Every number stands beside the same number of real tunes that were held out of the collection.
    """
    from tunewright.cli.console import show_counting
    from tunewright.cli.output import note, print_json, say
    from tunewright.judging.assessment import Order, judged_kind, save_knee
    from tunewright.judging.assessment import evaluate as judge
    from tunewright.judging.scorecard import describe_scorecard
    from tunewright.reports.scorecard.page import write_scorecard
    from tunewright.reports.scorecard.text import scorecard_text
    from tunewright.reports.wording import Wording
    from tunewright.training.base import found_by_name, refuse_to_change
    from tunewright.training.run import is_run

    what = [str(found_by_name(one)) for one in what]
    degrees = _parse_temperatures(temperatures)
    if save_default and not (degrees or checkpoints):
        raise typer.BadParameter("--save-default saves what --temperatures or --checkpoints finds; expected one too")
    if save_default:
        refuse_to_change(Path(what[0]))
    of_runs = {"-n": n, "--temperatures": degrees, "--checkpoints": checkpoints, "--best-of": best_of}
    if (given := [name for name, value in of_runs.items() if value]) and not any(is_run(Path(one)) for one in what):
        raise typer.BadParameter(f"{' and '.join(given)}: tunes are drawn from a run, and none of {what} is one")
    Wording(language)  # refused before anything is drawn
    kind = judged_kind(what, parts=parts)
    with show_counting("drawing") as on_progress:
        order = Order(n, degrees, checkpoints, seed, best_of, surprises=out is not None)
        read = partial(read_of_kind, kind)
        judged = judge(
            *what, against=against or (), order=order, parts=parts, read=read, tell=note, on_progress=on_progress
        )
    card = judged.scorecard
    if out:
        words = ["tunewright", *sys.argv[1:]]
        shown: dict[str, Any] = {"others": judged.searched, "surprises": judged.surprises, "looks": judged.looks}
        write_scorecard(out, card, language, **shown, commands=[words])
        note(f"Wrote {out}.")
    if as_json:
        print_json(describe_scorecard(card) | ({"report": out} if out else {}))
    else:
        say(scorecard_text(card))
    if save_default:
        point = save_knee(Path(what[0]), card)
        note(
            f"{what[0]}: temperature {point.temperature:g}, step {point.step:,} is the default now."
            if point
            else "Note: no setting has a knee to save; nothing was changed."
        )


def _parse_temperatures(text: str) -> tuple[float, ...]:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    for part in parts:
        if not re.fullmatch(r"\d+\.?\d*|\.\d+", part):
            raise typer.BadParameter(f"--temperatures is {text!r}; expected numbers with commas, as in 0.6,0.8,1.0")
    return tuple(dict.fromkeys(float(part) for part in parts))
