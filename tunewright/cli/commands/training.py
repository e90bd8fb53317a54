"""The commands that train: demo, train, reproduce.

In: sources, settings, how long. Out: run folders and reports, and how to go on where training was stopped. What a
command needs is imported inside it. This file does no work of its own.
"""

from __future__ import annotations

import math
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import SOURCE, AsJson, Language, MelodyOf, Sources, TokensOf, one_line, read_for
from tunewright.support.errors import TunewrightError

if TYPE_CHECKING:
    from tunewright.training.progress import Progress


def demo(
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, metavar="M", help="How many minutes to train, at most; else 1, or 3.4 without base."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything that it writes.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another seed, other tunes.")] = 1,
) -> None:
    """Draw from the model in the box, go on with 2,009 Irish tunes, write eight new ones.

    Writes them as sheet music, sound, MIDI, MusicXML and ABC, with a page, report.html, that shows them.

    Run again, it goes on from the training that is in the folder.
    """
    from tunewright.cli.console import show_training
    from tunewright.cli.demo import run_demo
    from tunewright.cli.output import note, say

    with _stopping() as stop:
        status = run_demo(out, minutes, seed, note, show_training, stop)
    lasting = [] if minutes is None else ["--minutes", f"{minutes:g}"]
    _end(status, ["demo", *lasting, "--out", str(out), "--seed", str(seed)])
    for name, what in (
        ("report.html", "the page: tunes, sound, how it learned"),
        ("tunebook.pdf", "the tunes on paper"),
        ("tunebook.abc", "the tunes as text"),
        ("tune-*", "each tune as .abc .mid .wav .svg .musicxml"),
        ("before", "tunes of the model in the box, before that training"),
        ("real", "real tunes, to hear beside them"),
        ("run", f"the trained model; more tunes: {_command(['generate', str(out / 'run')])}"),
    ):
        if "*" in name or (out / name).exists():
            say(f"{out / name!s:<24} {what}")


def train(
    sources: Sources,
    out: Annotated[
        Path,
        typer.Option(
            metavar="RUN", help="Folder for the run: a new one, or one to go on with.", autocompletion=completing.runs
        ),
    ],
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Named settings, one of those in configs/; else by --tokens.",
            autocompletion=completing.presets,
        ),
    ] = "",
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="RUN|base",
            help="Go on from what a run has learned, with its tokens and its model; base is the one in the box.",
            autocompletion=completing.runs_and_base,
        ),
    ] = "",
    tokens: TokensOf = "",
    melody: MelodyOf = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, metavar="N", help="How many steps, at most.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, metavar="M", help="How many minutes, at most.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="S", help="What chance begins with.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    keep_every: Annotated[
        int, typer.Option(min=0, metavar="N", help="Keep the weights about every N steps, for `evaluate`; 0: no.")
    ] = 0,
    trackers: Annotated[
        list[str] | None,
        typer.Option(
            "--track",
            metavar="TRACKER",
            help="comet, mlflow, tensorboard or wandb; may be repeated.",
            autocompletion=completing.trackers,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from a collection, into a run folder.

    Ctrl-C saves and says how to go on. With --from it takes about a minute, and ends earlier where held-out tunes
    are foreseen no better, or where what is drawn is copied.
    """
    if origin and (clash := [name for name, given in _beside_from(preset, tokens, resume).items() if given]):
        raise typer.BadParameter(f"--from goes on from a run as it is, in a new folder; expected no {clash[0]}")
    begun = time.monotonic()  # before PyTorch is loaded, which takes seconds
    from tunewright.cli.console import refused_note, show_training, training_result
    from tunewright.cli.output import note, print_json, say
    from tunewright.corpus.sources import lasting_source
    from tunewright.generation.checkpoints import keep_checkpoints
    from tunewright.judging.copying import watch_of
    from tunewright.tokens.registry import codec_names
    from tunewright.training.config import override, with_seed
    from tunewright.training.finetuning import FEWEST_HELD_OUT, finetuning, load_origin
    from tunewright.training.loop import train_steps as run_training
    from tunewright.training.presets import load_preset, usual_preset
    from tunewright.training.run import is_run, load_run
    from tunewright.training.summary import summary_block
    from tunewright.training.trackers import load_trackers
    from tunewright.training.tracking import track

    preset = preset or usual_preset("piece" if tokens.lower() in codec_names("piece") else "tune")
    asked = {"tokens": tokens.lower(), "melody": melody, "num_training_iterations": steps}
    changes = [*(settings or []), *(f"{name}={value}" for name, value in asked.items() if value)]
    known = load_origin(origin) if origin else None
    before = known.run.config if known else load_run(out).config if resume else load_preset(preset)
    config = with_seed(override(before, changes), seed)
    told = trackers or []
    load_trackers(told)  # before the tunes are read: what is missing is the user's to mend
    found = read_for(config, sources)
    if known:
        config = with_seed(override(finetuning(known, len(found.train), len(found.valid)), changes), seed)
    what = f"{config.music}s"
    note(f"{found.read:,} {what} read, {len(found.dropped):,} dropped; {len(found.train):,} to learn from.")
    if not found.valid:
        note(f"Note: so few {what} that none is held out: how well new ones are foreseen will not be known.")
        if known:
            steps_made = config.schedule.num_training_iterations
            note(f"Note: so {steps_made} steps are made, and nothing but copies among what it draws is watched.")
    elif known and len(found.valid) < FEWEST_HELD_OUT:
        note(f"Note: so few {what} that only {len(found.valid)} say when to stop; they may be wrong.")
    with _stopping() as stop:
        sources_told = [lasting_source(source) for source in sources]
        record = {"preset": "" if known else preset, "changed": changes, "sources": sources_told}
        left = None if minutes is None else max(0.0, minutes - (time.monotonic() - begun) / 60)  # once all is read
        watch = watch_of(found, out, known, config)
        training = run_training(
            found, out, config, resume=resume, minutes=left, stop=stop, record=record, origin=known, watch=watch
        )
        training = keep_checkpoints(training, out, keep_every) if keep_every else training
        try:
            last = show_training(track(training, out, told, note))
        except TunewrightError as error:
            if as_json and is_run(out):
                print_json({"run": str(out), "status": "failed", "error": str(error)})
            raise
    note(summary_block(out))
    if refused := refused_note(load_run(out).summary):
        note(refused)
    if as_json:
        print_json(training_result(out, last))
    else:
        say(_outcome(out, last, config.unit))
        if last.stopped:
            say(f"Stopped: {last.stopped}.")
    goes_on = [*(["--steps", str(steps)] if steps else []), *(["--minutes", f"{minutes:g}"] if minutes else [])]
    goes_on += ["--keep-every", str(keep_every)] if keep_every else []
    goes_on += [word for tracker in told for word in ("--track", tracker)]
    _end(last.status, ["train", *sources, "--out", str(out), *goes_on, "--resume"])


def _beside_from(preset: str, tokens: str, resume: bool) -> dict[str, bool]:
    """What cannot stand beside --from, and whether it was given."""
    return {"--preset": bool(preset), "--tokens": bool(tokens), "--resume": resume}


def _outcome(out: Path, last: Progress, unit: str) -> str:
    from tunewright.reports.wording import duration

    done = f"{out}: {last.status.replace('_', ' ')} after {last.step:,} steps, {duration(last.seconds)}"
    if not last.best_step:
        return done
    if math.isnan(last.best_loss):
        return f"{done}; nothing is held out to choose by: the weights of step {last.best_step:,} are kept, unjudged"
    best = f"best held-out loss {last.best_loss:.3f} nats/{unit}, {last.best_bits_per_note:.2f} bits/note"
    return f"{done}; {best}, at step {last.best_step:,}"


def reproduce(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]", help=f"A {SOURCE}; else oneill.")] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="How often each setting is trained.")] = 3,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, metavar="M", help="A class-room version of about M minutes, so labelled.")
    ] = None,
    language: Language = "en",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the runs and the report.")] = Path("experiment"),
    factors: Annotated[
        bool, typer.Option("--factors", help="Also rate, length, batch, embedding and cell, each alone.")
    ] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of every preset.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, metavar="N", help="Trainings side by side; 0: what fits.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Repeat the RNN lab's experiment, complete and with held-out tunes, and report on it.

    Default, structure only, hyperparameters only, both, and an honest baseline. Called again, it goes on.
    """
    from tunewright.cli.boards import reproduction_result, show_trials
    from tunewright.cli.output import note, print_json, say
    from tunewright.cli.reproduction import reproduce as run_experiment

    with _stopping() as stop:
        ended, comparison = run_experiment(
            sources or ["oneill"],
            out,
            seeds=seeds,
            minutes=minutes,
            factors=factors,
            changes=settings or [],
            jobs=jobs,
            language=language,
            tell=note,
            show=show_trials,
            stop=stop,
        )
    if as_json:
        print_json(reproduction_result(out, ended, comparison))
    failed = [progress for progress in ended if progress.status == "failed"]
    for progress in failed:
        note(f"Error: {progress.trial}: {one_line(progress.reason)}")
    if comparison is None:
        note(f"Stopped; everything is saved. To go on:\n  {_command(['reproduce', *sys.argv[2:]])}")
    elif not as_json:
        say(f"Wrote {out / 'report.html'} and report.md beside it.")
    if failed or comparison is None:
        raise typer.Exit(1)


# ------------------------------------------------------------------------------------------------ stopping and going on


_GOING = (signal.SIGHUP,) if sys.platform != "win32" else ()  # that the terminal goes


def _minded(number: signal.Signals) -> bool:
    return number not in _GOING or signal.getsignal(number) is not signal.SIG_IGN


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C, a request to end, or the end of the terminal came; a second request ends the program at once.

    A terminal that goes may say so several times, and says nothing to who was told not to mind (nohup).
    """
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        if number not in _GOING and any(before not in _GOING for before in asked):
            raise KeyboardInterrupt
        asked.append(number)

    numbers = [number for number in (signal.SIGINT, signal.SIGTERM, *_GOING) if _minded(number)]
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _command(words: list[str]) -> str:
    """A command line that calls this program again, as it was called."""
    called = Path(sys.argv[0])
    found = shutil.which("tunewright")
    if called.name == "__main__.py":
        return shlex.join([Path(sys.executable).name, "-m", "tunewright", *words])
    on_path = found is not None and called.exists() and Path(found).samefile(called)
    return shlex.join(["tunewright" if on_path else str(called), *words])


def _end(status: str, again: list[str]) -> None:
    """Exit with 1, saying what to do, unless the training came to its end."""
    from tunewright.cli.output import note

    if status in ("finished", "early_stopped"):
        return
    if status == "interrupted":
        note(f"Stopped; everything is saved. To go on:\n  {_command(again)}")
    else:
        note("Error: the loss is no longer a number; expected a lower learning_rate, or clip=1")
    raise typer.Exit(1)
