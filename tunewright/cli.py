"""The command line: each command parses, calls, prints.

In: arguments. Out: results on stdout, progress and notes on stderr, and an exit code: 0 done, 1 the work failed,
2 wrong usage. What a command needs is imported inside it, so that `--help` answers at once. This file does no work
of its own.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from tunewright import __version__
from tunewright.errors import TunewrightError

if TYPE_CHECKING:
    from tunewright.corpus import Corpus
    from tunewright.generate import Generated
    from tunewright.train import Progress

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: quick, and one line for an error
    pretty_exceptions_enable=False,
    help="Teach a small model your own tune collection, and get new tunes: sheet music, sound, MIDI, MusicXML, ABC.",
    epilog="Every command has its own --help, with examples.",
)

SOURCE = "file or folder of .abc, .mid, .midi, or a built-in collection: oneill, ryan, aird, essen"
EVERY_FORMAT = "abc,mid,wav,svg,musicxml"
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE", help=f"A {SOURCE}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Formats = Annotated[
    str, typer.Option("--format", metavar="LIST", help="abc, mid, wav, svg, musicxml, pdf; several with commas.")
]
Tempo = Annotated[
    int | None, typer.Option(min=10, max=600, metavar="BPM", help="Beats per minute; else by the rhythm.")
]
Straight = Annotated[bool, typer.Option("--straight", help="Play even notes, without the lilt of the dance.")]
Language = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the report.")]
SoundFont = Annotated[Path | None, typer.Option(metavar="FILE", help="Another SoundFont (.sf2).")]


def main() -> None:
    """Run the program and exit with its code; an error the user can act on is one line on stderr."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    try:
        app(args=[word for word in arguments if word != "--debug"], prog_name="tunewright")
    except TunewrightError as error:
        if debug:
            raise
        sys.exit(f"Error: {_one_line(str(error))}")
    except OSError as error:
        if debug:
            raise
        sys.exit(f"Error: {error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit("Interrupted.")


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _read(sources: list[str]) -> Corpus:
    from tunewright.console import note, show_reading
    from tunewright.corpus import read_corpus

    with show_reading() as on_progress:
        corpus = read_corpus(*sources, on_progress=on_progress)
    for remark in corpus.remarks:
        note(f"Note: {remark}")
    return corpus


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tunewright {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where an error comes from.")] = False,
) -> None:
    del version, debug  # acted on before any command runs


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  tunewright {line}" for line in lines)


@app.command(epilog=_examples("demo", "demo --minutes 10 --out better"))
def demo(
    minutes: Annotated[float, typer.Option(min=0.01, metavar="M", help="How many minutes to train, at most.")] = 3.4,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything that it writes.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another seed, other tunes.")] = 1,
) -> None:
    """Read 2,009 Irish tunes, learn, write eight new ones.

    Writes them as sheet music, sound, MIDI, MusicXML and ABC, with a page, report.html, that shows them.

    Run again, it goes on from the training that is in the folder.
    """
    from tunewright.console import note, show_training
    from tunewright.demo import run_demo

    with _stopping() as stop:
        status = run_demo(out, minutes, seed, note, show_training, stop)
    _end(status, ["demo", "--minutes", f"{minutes:g}", "--out", str(out), "--seed", str(seed)])
    for name, what in (
        ("report.html", "the page: tunes, sound, how it learned"),
        ("tunebook.pdf", "the tunes on paper"),
        ("tunebook.abc", "the tunes as text"),
        ("tune-*", "each tune as .abc .mid .wav .svg .musicxml"),
        ("run", f"the trained model; more tunes: {_command(['generate', str(out / 'run')])}"),
    ):
        print(f"{out / name!s:<24} {what}")


@app.command(epilog=_examples("corpus oneill", "corpus my-tunes/ --split-out split.tsv", "corpus oneill ryan --json"))
def corpus(
    sources: Sources,
    split_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write id, split, family, source and title of every tune.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a collection holds.

    What was read, what was dropped and why, what was repaired, rhythms, modes, metres and keys, and how it is divided
    into tunes to learn from, to choose by and to test with.
    """
    from tunewright.console import print_json, show_corpus
    from tunewright.corpus import describe, write_split

    found = _read(sources)
    if split_out:
        write_split(found, split_out)
    if as_json:
        print_json(describe(found))
    else:
        show_corpus(found)


@app.command(
    epilog=_examples(
        "train my-tunes/ --out runs/mine",
        "train oneill --out runs/small --minutes 5 --set hidden_size=256",
        "train my-tunes/ --out runs/mine --resume",
        "train my-tunes/ --out runs/mine --track mlflow --track tensorboard",
    )
)
def train(
    sources: Sources,
    out: Annotated[Path, typer.Option(metavar="RUN", help="Folder for the run: a new one, or one to go on with.")],
    preset: Annotated[str, typer.Option(metavar="NAME", help="Named settings, one of those in configs/.")] = "default",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, metavar="N", help="How many steps, at most.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, metavar="M", help="How many minutes, at most.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="S", help="What chance begins with.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    trackers: Annotated[
        list[str] | None,
        typer.Option("--track", metavar="TRACKER", help="comet, mlflow, tensorboard or wandb; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from a collection, into a run folder.

    Ctrl-C saves and says how to go on.
    """
    from tunewright.config import override, with_seed
    from tunewright.console import note, print_json, show_training, training_result
    from tunewright.corpus import lasting_source
    from tunewright.experiments import load_preset
    from tunewright.runs import is_run, load_run
    from tunewright.summary import summary_block
    from tunewright.trackers import load_trackers
    from tunewright.tracking import track
    from tunewright.train import train as run_training

    changes = [*(settings or []), *([f"num_training_iterations={steps}"] if steps else [])]
    before = load_run(out).config if resume else load_preset(preset)
    config = with_seed(override(before, changes), seed)
    told = trackers or []
    load_trackers(told)  # before the tunes are read: what is missing is the user's to mend
    found = _read(sources)
    note(f"{found.read:,} tunes read, {len(found.dropped):,} dropped; {len(found.train):,} to learn from.")
    with _stopping() as stop:
        record = {"preset": preset, "changed": changes, "sources": [lasting_source(source) for source in sources]}
        training = run_training(found, out, config, resume=resume, minutes=minutes, stop=stop, record=record)
        try:
            last = show_training(track(training, out, told, note))
        except TunewrightError as error:
            if as_json and is_run(out):
                print_json({"run": str(out), "status": "failed", "error": str(error)})
            raise
    note(summary_block(out))
    if as_json:
        print_json(training_result(out, last))
    else:
        print(_outcome(out, last))
    goes_on = [*(["--steps", str(steps)] if steps else []), *(["--minutes", f"{minutes:g}"] if minutes else [])]
    goes_on += [word for tracker in told for word in ("--track", tracker)]
    _end(last.status, ["train", *sources, "--out", str(out), *goes_on, "--resume"])


def _outcome(out: Path, last: Progress) -> str:
    from tunewright.report import duration

    done = f"{out}: {last.status.replace('_', ' ')} after {last.step:,} steps, {duration(last.seconds)}"
    if not last.best_step:
        return done
    best = f"best held-out loss {last.best_loss:.3f} nats/character, {last.best_bits_per_note:.2f} bits/note"
    return f"{done}; {best}, at step {last.best_step:,}"


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or a request to end came; the second one ends the program at once."""
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
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
    from tunewright.console import note

    if status in ("finished", "early_stopped"):
        return
    if status == "interrupted":
        note(f"Stopped; everything is saved. To go on:\n  {_command(again)}")
    else:
        note("Error: the loss is no longer a number; expected a lower learning_rate, or clip=1")
    raise typer.Exit(1)


@app.command(
    epilog=_examples(
        "generate runs/mine",
        "generate runs/mine -n 50 --out new/ --format abc,svg",
        'generate runs/mine -n 8 --temperature 0.8 --start "GABc dedB|"',
    )
)
def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a trained run.")],
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many tunes.")] = 1,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write files there, not ABC to stdout.")] = None,
    formats: Formats = EVERY_FORMAT,
    temperature: Annotated[float, typer.Option(min=0, metavar="T", help="Below 1 safer, above 1 wilder.")] = 1.0,
    top_k: Annotated[int, typer.Option(min=0, metavar="K", help="Only the K most probable characters; 0 is all.")] = 0,
    top_p: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Only the most probable that make up P.")
    ] = 1.0,
    min_p: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Only those at least P as probable as the best.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Tune number i, from 0, has seed S + i.")] = 0,
    start: Annotated[str, typer.Option(metavar="ABC", help="How each tune is to begin; may have header lines.")] = "",
    tempo: Tempo = None,
    straight: Straight = False,
    soundfont: SoundFont = None,
    as_json: AsJson = False,
) -> None:
    """Write new tunes with a trained run.

    ABC to stdout; with --out files of every format asked for, and all of them in one tunebook.
    """
    from tunewright.console import drawn_result, note, print_json
    from tunewright.generate import generate as draw
    from tunewright.tunebook import parse_formats, write_drawn, write_tunebook

    kinds = parse_formats(formats)
    drawn: list[Generated] = []
    files: list[dict[str, Path]] = []
    tunes = draw(run, n, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, seed=seed, start=start)
    for one in tunes:
        drawn.append(one)
        if out:
            files.append(write_drawn(one, out, kinds, tempo=tempo, straight=straight, soundfont=soundfont))
        elif not as_json:
            print(one.text, flush=True)
    if out:
        note(f"Wrote {write_tunebook(drawn, out)} and {sum(map(len, files)):,} files beside it.")
    if as_json:
        print_json(drawn_result(drawn, files))
    note(_judged(drawn))


def _judged(drawn: list[Generated]) -> str:
    from tunewright.report import drawn_table

    rows = ", ".join(f"{count} {reason}" for reason, count in drawn_table(drawn).rows)
    return f"{len(drawn):,} drawn: {rows}."


@app.command(
    epilog=_examples("render reels.abc --out sheets --format svg,pdf", "render x.mid --out x --format abc,wav")
)
def render(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="ABC files (all their tunes), MIDI files.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for what is written.")],
    formats: Formats = EVERY_FORMAT,
    tempo: Tempo = None,
    straight: Straight = False,
    soundfont: SoundFont = None,
    as_json: AsJson = False,
) -> None:
    """Draw, sound and convert ABC and MIDI files.

    A file of many tunes gives NAME-001.svg and so on; pdf is one book of them all.
    """
    from tunewright.console import note, print_json
    from tunewright.tunebook import Rendered, parse_formats, render_files

    done: list[Rendered] = []
    failed = 0
    for one in render_files(files, out, parse_formats(formats), tempo=tempo, straight=straight, soundfont=soundfont):
        if isinstance(one, Rendered):
            done.append(one)
        else:
            failed += 1
            note(f"Error: {_one_line(f'{one.source}: {one.reason}')}")
    if as_json:
        print_json([{"source": one.source, "title": one.title, "files": one.files} for one in done])
    else:
        print(f"{len(done):,} tunes rendered into {out}, {failed:,} failed.")
    if failed:
        raise typer.Exit(1)


@app.command(epilog=_examples("runs", "runs experiment/ --json"))
def runs(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to look, and below it.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List runs: preset, corpus, held-out bits per note, status, time."""
    from tunewright.console import print_json, show_runs
    from tunewright.runs import list_runs

    found = list_runs(folder)
    if as_json:
        print_json(found)
    else:
        show_runs(found, folder)


@app.command(
    epilog=_examples("compare runs/a runs/b --out report.html", "compare runs/a runs/b --out bericht.html --lang zh")
)
def compare(
    paths: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of trained runs, two or more.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page; its tables in Markdown lie beside it.")],
    source: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="The tunes they learned from, where they have moved.")
    ] = None,
    different_splits: Annotated[
        bool, typer.Option("--different-splits", help="Compare runs on different tunes all the same.")
    ] = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Compare runs on one page.

    Curves, what each learned and how fast, tunes of each at several temperatures, everything they were told.
    """
    from tunewright.comparison import compare_runs, describe_comparison
    from tunewright.comparison_page import write_comparison
    from tunewright.console import note, print_json

    tunes = source or _learned_from(paths)
    corpus = _read(tunes) if tunes else None
    if corpus is None:
        note("Note: no tunes are drawn and judged: the runs' sources differ or are gone (give them with --source).")
    comparison = compare_runs(paths, corpus, allow_different_splits=different_splits, tell=note)
    words = ["tunewright", "compare", *map(str, paths), "--out", str(out)]
    write_comparison(out, comparison, language, commands=[words])
    if as_json:
        print_json({"report": out} | describe_comparison(comparison))
    else:
        print(f"Wrote {out}.")


def _learned_from(runs: list[Path]) -> list[str]:
    """The sources that all of these runs learned from, as far as they are still there; otherwise none."""
    from tunewright.corpus import BUILT_IN
    from tunewright.runs import read_record

    told = {tuple(read_record(run).get("sources", ())) for run in runs}
    sources = list(told.pop()) if len(told) == 1 else []
    return sources if all(source in BUILT_IN or Path(source).exists() for source in sources) else []


@app.command(
    epilog=_examples(
        "reproduce",
        "reproduce irish.abc --seeds 3 --out experiment",
        "reproduce --minutes 15 --out classroom --lang zh",
    )
)
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
    from tunewright.board import reproduction_result, show_trials
    from tunewright.console import note, print_json
    from tunewright.reproduction import reproduce as run_experiment

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
        note(f"Error: {progress.trial}: {_one_line(progress.reason)}")
    if comparison is None:
        note(f"Stopped; everything is saved. To go on:\n  {_command(['reproduce', *sys.argv[2:]])}")
    elif not as_json:
        print(f"Wrote {out / 'report.html'} and report.md beside it.")
    if failed or comparison is None:
        raise typer.Exit(1)
