"""The command that teaches a run to choose among what it draws.

In: a run, options. Out: on stdout how well its critic tells tunes apart that it has not heard, progress and notes on
stderr. What the command needs is imported inside it. This file teaches nothing itself.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import AsJson, read_of_kind


def critic(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a trained run.", autocompletion=completing.runs)
    ],
    n: Annotated[int, typer.Option("-n", min=0, metavar="N", help="Tunes of each side to learn from; 0: 1,500.")] = 0,
    best_of: Annotated[
        int, typer.Option(min=0, metavar="N", help="Make the best of N the run's default; 0 leaves that as it is.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another seed, another critic.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Teach a run to tell its own tunes from real ones, for generate --best-of.

    Draws tunes, and has a small network hear them and real training tunes; tries it on real tunes that were held out to
    choose by, and on tunes drawn anew. It is kept in the run's folder where it can tell them apart.
    """
    from tunewright.cli.console import show_counting
    from tunewright.cli.output import note, print_json, say
    from tunewright.judging.teaching import TUNES, corpus_of, teach_run
    from tunewright.training.base import refuse_to_change, run_folder
    from tunewright.training.run import CRITIC, load_run

    refuse_to_change(run_folder(run))
    trained = load_run(run)
    corpus = corpus_of(trained, partial(read_of_kind, trained.config.music, melody=trained.config.data.melody))
    note(f"Teaching {run} a critic: drawing, then listening.")
    with show_counting("drawing") as on_progress:
        taught = teach_run(trained, corpus, tunes=n or TUNES, best_of=best_of, seed=seed, on_progress=on_progress)
    auc = taught.auc
    if as_json:
        told = {"auc": auc.value, "low": auc.low, "high": auc.high, "kept": taught.tells, "seed": seed}
        told |= {"real": taught.real, "drawn": taught.drawn, "tried_on": taught.tried_on}
        print_json(told | {"file": run / CRITIC if taught.tells else None, "best_of": best_of or None})
    else:
        say(
            f"{run}: learned from {taught.real:,} real and {taught.drawn:,} drawn tunes; tells {taught.tried_on:,} "
            f"held-out real tunes from new ones with AUC {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})."
        )
    if not taught.tells:
        note("Note: that is no better than chance; nothing was kept.")
    elif best_of:
        note(f"{run}: generate keeps the best of {best_of} by this critic now.")
    else:
        note(f"{run}: generate --best-of N chooses by this critic now.")
