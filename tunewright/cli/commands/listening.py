"""The commands of blind listening tests: one is made, its answers become results.

In: runs, files, collections; a test's folder and files of answers. Out: a file for raters and its key; a summary, a
page, raw data. What a command needs is imported inside it. This file judges nothing itself.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import SOURCE, AsJson, Language

if TYPE_CHECKING:
    from tunewright.judging.listening.sources import Source

USUAL_ITEMS, USUAL_BARS = 12, 16


def new(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|FILE",
            help=f"What is compared, each argument a source: the folder of a run, or base; or tunes, a {SOURCE}.",
            autocompletion=completing.runs_and_base,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new folder: test.html for raters, key.json for you.")],
    questions: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="pairs (which do you prefer), rating (melody, structure, playability, memorability, interest, or some "
            "of these with commas), or machine (machine or not).",
        ),
    ] = "pairs",
    n: Annotated[int, typer.Option("-n", metavar="N", help="Pairs, or tunes, that each rater hears.")] = USUAL_ITEMS,
    real: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Real tunes as a hidden control, held out of this collection; may be repeated. Else of those that the "
            "runs learned from.",
            autocompletion=completing.collections,
        ),
    ] = None,
    no_real: Annotated[bool, typer.Option("--no-real", help="Without real tunes.")] = False,
    bars: Annotated[int, typer.Option(metavar="N", help="Bars of each tune that are heard.")] = USUAL_BARS,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What raters read above the test.")] = "",
    seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="S", help="Makes the same test again; leave it out where raters have the sources."),
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Make a blind listening test: one file that raters open, and a key that stays with you.

    Nothing in the file tells which tune is whose: the tunes have as many bars, one sound and one loudness, and the
    same metres and keys as far as there are such.
    """
    from tunewright.cli.console import show_counting
    from tunewright.cli.output import note, print_json, say
    from tunewright.judging.listening.folder import KEY, PAGE, refuse_to_replace, write_folder
    from tunewright.judging.listening.making import Order, make_test
    from tunewright.judging.listening.questions import parse_questions
    from tunewright.reports.listening.rater_page import rater_file
    from tunewright.reports.wording import Wording
    from tunewright.support.errors import ConfigError

    if real and no_real:
        raise ConfigError("--real names real tunes, --no-real leaves them out; expected one of both")
    Wording(language)
    refuse_to_replace(out)
    chosen = secrets.randbelow(2**31) if seed is None else seed
    kind, asked = parse_questions(questions)
    order = Order(kind, asked, n, bars, chosen, language, title)
    sources = _sources(what, real or [], no_real, chosen)
    note(f"Compared: {', '.join(one.name for one in sources)}. Seed {chosen}.")
    with show_counting("preparing") as on_progress:
        made = make_test(sources, order, on_progress=on_progress)
    write_folder(out, made.test, rater_file(made.test, made.sounds))
    if as_json:
        told = {"id": made.test.id, "sources": [one.name for one in made.test.sources], "items": len(made.test.items)}
        print_json({"page": out / PAGE, "key": out / KEY, "seed": chosen} | told)
    else:
        say(f"Send {out / PAGE} to your raters, and keep {out / KEY} to yourself.")
        say(f"With their answers: tunewright listen results {out} answers-*.json --out results.html")


def results(
    test: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a test, or its key.json.")],
    answers: Annotated[
        list[Path], typer.Argument(metavar="ANSWERS", help="Files that raters have saved, or folders of them.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page to this file.")] = None,
    raw: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the raw data to this file.")] = None,
    language: Annotated[
        str,
        typer.Option(
            "--lang",
            metavar="en|zh",
            help="Language of the page; else that of the test.",
            autocompletion=completing.languages,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Read what raters have saved: ranking, means, agreement, and whether our measures hear what they hear.

    Every number has a 95 % interval, and what is not to be believed is said.
    """
    from tunewright.cli.output import note, print_json, say
    from tunewright.judging.listening.folder import read_folder, read_raters
    from tunewright.judging.listening.raw_data import raw_data
    from tunewright.judging.listening.results import describe_results, find_results
    from tunewright.reports.listening.results_page import write_results
    from tunewright.reports.listening.text import results_summary
    from tunewright.reports.wording import Wording
    from tunewright.support.files import replace_file

    if language:
        Wording(language)
    read = read_folder(test)
    raters = read_raters(answers, read)
    found = find_results(read, raters)
    if raw:
        replace_file(raw, raw_data(read, raters).encode())
        note(f"Wrote {raw}.")
    if out:
        write_results(out, read, found, language, [["tunewright", *sys.argv[1:]]])
        note(f"Wrote {out}.")
    if as_json:
        print_json(describe_results(found) | ({"report": out} if out else {}))
    else:
        say(results_summary(read, found))


def _sources(what: list[str], real: list[str], no_real: bool, seed: int) -> list[Source]:
    """What is compared, and the real tunes among it, if any."""
    from tunewright.judging.listening.sources import RUN, real_tunes, source_of

    found: list[Source] = [source_of(one, seed + 10_000 * number) for number, one in enumerate(what)]
    runs = [one for one, source in zip(what, found, strict=True) if source.kind == RUN]
    if not no_real and (real or runs):
        found.append(real_tunes(real, runs))
    return found
