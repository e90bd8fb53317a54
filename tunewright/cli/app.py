"""The command line: which commands there are, and how the program ends.

In: arguments. Out: results on stdout, progress and notes on stderr, and an exit code: 0 done, 1 the work failed,
2 wrong usage, 130 interrupted. What a command needs is imported inside it, so that `--help` answers at once. This file
does no work of its own; each command parses, calls, prints.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunewright.cli.commands import completing, listening
from tunewright.cli.commands.choosing import critic
from tunewright.cli.commands.exporting import export
from tunewright.cli.commands.generating import generate
from tunewright.cli.commands.judging import evaluate
from tunewright.cli.commands.options import (
    EVERY_FORMAT,
    AsJson,
    Formats,
    Language,
    MelodyOf,
    Raw,
    SoundFont,
    Sources,
    Straight,
    Tempo,
    TokensOf,
    one_line,
    read_of_kind,
    read_sources,
    shortened,
)
from tunewright.cli.commands.serving import studio
from tunewright.cli.commands.training import demo, reproduce, train
from tunewright.cli.output import drop_output, finish, hold_standard_streams, note, say
from tunewright.support.errors import TunewrightError, out_of_memory
from tunewright.support.version import __version__
from tunewright.support.waiting import wait_briefly

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.corpus.rendering import Rendered
    from tunewright.music.kinds import Music

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: quick, and one line for an error
    pretty_exceptions_enable=False,
    help="Teach a small model your own tune collection, and get new tunes: sheet music, sound, MIDI, MusicXML, ABC.",
    epilog="Every command has its own --help, with examples.",
)


_INTERRUPTED = 130  # what the parser makes of Ctrl-C, without a word
_WRONG_USAGE: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Run the program and exit with its code; an error the user can act on is one line on stderr."""
    wait_briefly()
    hold_standard_streams()
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    try:
        code = app([word for word in arguments if word != "--debug"], "tunewright", standalone_mode=False)
        finish()
    except BrokenPipeError:  # whoever read what was printed has seen enough
        drop_output()
        sys.exit(1)
    except _WRONG_USAGE as error:
        _show_usage(error)
        sys.exit(error.exit_code)
    except (TunewrightError, OSError, MemoryError, RuntimeError) as error:
        if debug or not (message := _message(error)):
            raise
        note(f"Error: {shortened(one_line(message))}")
        sys.exit(1)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        note("Interrupted.")
    sys.exit(code or 0)


def _message(error: Exception) -> str:
    """What went wrong, in one line, where that is the user's to mend; "" where it is ours."""
    if isinstance(error, TunewrightError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    if out_of_memory(error):
        return "too little memory; expected a smaller model, batch or collection"
    return ""


def _show_usage(error: Any) -> None:
    """Print how a command is used, as its parser says it: what is wrong in it may have come from anywhere."""
    text = io.StringIO()
    error.show(file=text)
    note(text.getvalue().rstrip("\n"))


def _version(wanted: bool) -> None:
    if wanted:
        say(f"tunewright {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where an error comes from.")] = False,
) -> None:
    del version, debug  # acted on before any command runs


def corpus(
    sources: Sources,
    split_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write id, split, family, source and title of every tune.")
    ] = None,
    files_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write for every file what was found in it, or why nothing was.")
    ] = None,
    melody: MelodyOf = "",
    tokens: TokensOf = "",
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Show what a collection holds.

    What was read, what was dropped and why, what was repaired, rhythms, modes, metres and keys, and how it is divided
    into tunes to learn from, to choose by and to test with.
    """
    from tunewright.cli.collections import show_corpus
    from tunewright.cli.output import print_json
    from tunewright.corpus.describe import describe, write_files
    from tunewright.corpus.split import write_split
    from tunewright.support.errors import ConfigError
    from tunewright.tokens.registry import codec_names

    if raw and not (split_out or files_out):
        raise typer.BadParameter("--raw is for what --split-out and --files-out write")
    pieces = tokens.lower() in codec_names("piece")
    if pieces and files_out:
        raise ConfigError(f"--files-out says which melody was found; of --tokens {tokens}, --json has all files")
    found: Corpus[Music]
    if pieces:
        found = read_of_kind("piece", sources)
    else:
        found = tunes = read_sources(sources, melody)
        if files_out:
            write_files(tunes, files_out, raw=raw)
    if split_out:
        write_split(found, split_out, raw=raw)
    if as_json:
        print_json(describe(found))
    else:
        show_corpus(found)


def render(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="ABC files (all their tunes), MIDI files.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for what is written.")],
    formats: Formats = EVERY_FORMAT,
    tempo: Tempo = None,
    straight: Straight = False,
    soundfont: SoundFont = None,
    melody: MelodyOf = "",
    parts: Annotated[
        bool, typer.Option("--parts", help="All parts of MIDI files: mid, wav, and a piano roll as svg.")
    ] = False,
    chords: Annotated[
        bool, typer.Option("--chords", help="Play the chord symbols too, as the metre has it: mid and wav.")
    ] = False,
    attention: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Draw arcs over the score (svg, pdf): where this run looks back, note by note.",
            autocompletion=completing.runs,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw, sound and convert ABC and MIDI files.

    A file of many tunes gives NAME-001.svg and so on; pdf is one book of them all. Tunes of several voices are drawn
    and sounded whole.
    """
    from tunewright.cli.losses import losses
    from tunewright.cli.output import print_json
    from tunewright.corpus.rendering import Rendered, render_files
    from tunewright.formats.formats import formats_that_take, parse_formats, usual_formats

    done: list[Rendered] = []
    failed = 0
    kind = "piece" if parts else "tune"
    played: dict[str, object] = {"--melody": melody, "--tempo": tempo, "--straight": straight, "--chords": chords}
    played["--attention"] = str(attention or "")
    if parts and (given := [option for option, value in played.items() if value]):
        raise typer.BadParameter(f"{given[0]} is for tunes; with --parts every part is played as the file says")
    wanted = usual_formats(kind) if formats == EVERY_FORMAT else parse_formats(formats, kind)
    if chords and not set(wanted) & set(heard := formats_that_take("chords", kind)):
        raise typer.BadParameter(f"--chords is heard in {' and '.join(heard)}; --format {formats} has neither")
    if attention and not {"svg", "pdf"} & set(wanted):
        raise typer.BadParameter(f"--attention is drawn in svg and pdf; --format {formats} has neither")
    draw = _drawer_of_looks(attention) if attention else None
    performance = {"tempo": tempo, "straight": straight, "soundfont": soundfont, "chords": chords}
    rendered = render_files(files, out, wanted, kind=kind, melody=melody, draw=draw, **performance)
    for one in rendered:
        if isinstance(one, Rendered):
            done.append(one)
        else:
            failed += 1
            note(f"Error: {one_line(f'{one.source}: {one.reason}')}")
    if chords and (without := sum(not one.chords for one in done)):
        note(f"Note: {without:,} of {len(done):,} have no chord symbols that can be played, and sound without.")
    for line in losses(done):
        note(line)
    if as_json:
        told = ("source", "title", "files", "repairs")
        print_json([{name: getattr(one, name) for name in told} | {"left_out": dict(one.left_out)} for one in done])
    else:
        say(f"{len(done):,} {kind}{'s' * (len(done) != 1)} rendered into {out}, {failed:,} failed.")
    if failed:
        raise typer.Exit(1)


def _drawer_of_looks(run: Path) -> Callable[[Any], str]:
    from tunewright.cli.looking import drawer_of_looks  # with PyTorch, which drawing scores does without

    return drawer_of_looks(run)


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to look, and below it.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List runs: preset, corpus, held-out bits per note, status, time."""
    from tunewright.cli.console import show_runs
    from tunewright.cli.output import print_json
    from tunewright.training.run import list_runs

    found = list_runs(folder)
    if as_json:
        print_json(found)
    else:
        show_runs(found, folder)


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Folders of trained runs, or base; two or more.",
            autocompletion=completing.runs_and_base,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page; its tables in Markdown lie beside it.")],
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="The tunes they learned from, where they have moved.",
            autocompletion=completing.collections,
        ),
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
    from tunewright.cli.output import print_json
    from tunewright.judging.assessment import judged_kind
    from tunewright.judging.runs.comparison import compare_runs, describe_comparison
    from tunewright.reports.comparison.page import write_comparison
    from tunewright.training.base import run_folder

    paths = [run_folder(path) for path in paths]
    kind = judged_kind(paths)
    learned_from = source or _learned_from(paths)
    corpus = read_of_kind(kind, learned_from) if learned_from else None
    if corpus is None:
        note(f"Note: no {kind}s are drawn and judged: the runs' sources differ or are gone (give them with --source).")
    comparison = compare_runs(paths, corpus, allow_different_splits=different_splits, tell=note)
    words = ["tunewright", "compare", *map(str, paths), "--out", str(out)]
    write_comparison(out, comparison, language, commands=[words])
    if as_json:
        print_json({"report": out} | describe_comparison(comparison))
    else:
        say(f"Wrote {out}.")


def _learned_from(runs: list[Path]) -> list[str]:
    """The sources that all of these runs learned from, as far as they are still there; otherwise none."""
    from tunewright.judging.run_scorecard import sources_of

    told = {tuple(sources_of(run)) for run in runs}
    return list(told.pop()) if len(told) == 1 else []


EXAMPLES: dict[Callable[..., None], tuple[str, ...]] = {  # of every command, in the order of the help
    demo: ("demo", "demo --minutes 10 --out better"),
    corpus: (
        "corpus oneill",
        "corpus my-tunes/ --split-out split.tsv --files-out files.tsv",
        "corpus oneill ryan --json",
    ),
    train: (
        "train my-tunes/ --out runs/mine",
        "train oneill --out runs/small --minutes 5 --set hidden_size=256",
        "train my-tunes/ --from base --out runs/mine",
        "train my-tunes/ --out runs/mine --resume",
        "train bach/ --tokens remi --out runs/bach --minutes 10",
        "train my-tunes/ --out runs/mine --track mlflow --track tensorboard",
    ),
    generate: (
        "generate -n 4 --rhythm reel",
        "generate runs/mine",
        "generate runs/mine -n 50 --out new/ --format abc,svg",
        'generate runs/mine --rhythm jig --key "E dorian" --parts AABB --bars 8',
        'generate runs/mine --start "GABc dedB|" --range D4-B5 --stream',
        "generate runs/mine --infill reel.abc --at 5-8 -n 3",
        "generate runs/mine --vary tunes.abc#12 --amount 0.3",
        "generate runs/mine -n 8 --temperature 1.0,9:1.4 --best-of 4",
        "generate runs/bach -n 4 --bars 12 --out new/ --format mid,wav,svg",
    ),
    evaluate: (
        "evaluate runs/mine",
        "evaluate new.abc more/*.mid --against oneill --out scorecard.html",
        "evaluate runs/mine --temperatures 0.6,0.8,1.0,1.2 --save-default",
        "evaluate runs/mine --against my-tunes/ -n 500 --json",
    ),
    critic: ("critic runs/mine", "critic runs/mine --best-of 8"),
    render: (
        "render reels.abc --out sheets --format svg,pdf",
        "render x.mid --out x --format abc,wav",
        "render x.mid --parts --out x --format svg,wav",
        "render songs.abc --out songs --format pdf,wav --chords",
    ),
    export: ("export oneill --to notes.parquet", "export my-tunes/ --to notes.csv --unfold", "export --schema"),
    runs: ("runs", "runs experiment/ --json"),
    compare: ("compare runs/a runs/b --out report.html", "compare runs/a runs/b --out bericht.html --lang zh"),
    studio: ("studio", "studio runs/mine --port 9000", "studio --host 0.0.0.0"),
    reproduce: (
        "reproduce",
        "reproduce irish.abc --seeds 3 --out experiment",
        "reproduce --minutes 15 --out classroom --lang zh",
    ),
}

OF_LISTENING: dict[Callable[..., None], tuple[str, ...]] = {
    listening.new: (
        "listen new runs/mine base --out listening",
        "listen new runs/mine my-tunes.abc --real oneill --questions rating -n 12 --out listening --lang zh",
        "listen new base --questions machine -n 16 --out machine-or-not",
    ),
    listening.results: (
        "listen results listening answers-*.json",
        "listen results listening answers/ --out results.html --csv answers.csv",
    ),
}


def _add(to: typer.Typer, command: Callable[..., None], lines: tuple[str, ...]) -> None:
    """A command, with its examples in its help."""
    to.command(epilog="\b\nExamples:\n" + "\n".join(f"  tunewright {line}" for line in lines))(command)


listen = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run a blind listening test, without a browser open: make one, read what raters answered.",
)
for command, lines in EXAMPLES.items():
    _add(app, command, lines)
for command, lines in OF_LISTENING.items():
    _add(listen, command, lines)
app.add_typer(listen, name="listen")
