"""The main job from end to end: read O'Neill's tunes, learn from them, write new ones and a page about them.

In: a folder, minutes, a seed. Out: in that folder the tunes in every format, a tunebook as ABC and PDF,
`report.html`, and the run that wrote them. Called again, it goes on from the run that is there. This file does
none of the work itself: it calls what does, in order, and tells what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.corpus.reading import read_corpus
from tunewright.formats.formats import TUNE, usual_formats
from tunewright.formats.pdf import write_pdf
from tunewright.generation.keywords import generate
from tunewright.generation.tunebook import write_drawn, write_tunebook
from tunewright.reports.run_page import training_of, write_report
from tunewright.reports.wording import collection_title, duration
from tunewright.support.errors import OutputError, RunError
from tunewright.training.config import with_seed
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset
from tunewright.training.run import is_run, load_run

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.generated import Generated
    from tunewright.music.tune import Tune
    from tunewright.training.progress import Progress

COLLECTION = "oneill"
TUNES = 8  # to show
FEWEST_BARS = 12  # that they should have: a shorter one is hardly a tune
MOST_DRAWN = 640  # tunes; a model that needs more has not learned yet
TEMPERATURE, MIN_P = 0.7, 0.05  # after minutes of training a model is worth hearing where it is fairly sure
FREE = 64  # tunes drawn without the grammar, to say what it does
FORMATS = tuple(usual_formats(TUNE))
RUN = "run"

Tell = Callable[[str], None]
Show = Callable[[Iterable["Progress"]], "Progress"]


def run_demo(
    folder: Path, minutes: float, seed: int, tell: Tell, show: Show, stop: Callable[[], bool] = lambda: False
) -> str:
    """Do it all; returns the status of the training, after which nothing is drawn unless it came to an end.

    `tell` is given a line at each step, `show` the training while it runs; after `stop()` the training can be
    gone on with by calling this again. Errors as in the functions it calls; OutputError where `folder` holds
    files that are not a demo's.
    """
    _check_folder(folder)
    tell(f"Reading {collection_title(COLLECTION)}.")
    corpus = read_corpus(COLLECTION)
    tell(f"{corpus.read:,} tunes: {_divided(corpus)}.")
    status = _train(corpus, folder / RUN, minutes, seed, tell, show, stop)
    if status not in ("finished", "early_stopped"):
        return status
    tell(f"Drawing until {TUNES} well-formed tunes have {FEWEST_BARS} bars or more.")
    drawn = list(draw_well_formed(folder / RUN, TUNES, MOST_DRAWN, seed))
    chosen = longest(drawn, TUNES)
    tell(
        f"Drew {len(drawn)}: {sum(one.valid for one in drawn)} well formed. Writing the {len(chosen)} longest of them."
    )
    _write(folder, corpus, drawn, chosen)
    if not chosen:
        raise RunError(f"{folder / RUN}: none of {len(drawn)} tunes is well formed; expected more training (--minutes)")
    return status


def _check_folder(folder: Path) -> None:
    """OutputError for a folder that holds something, but no run of an earlier demo."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; expected a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RUN).is_dir():
        raise OutputError(f"{folder}: holds other files; expected an empty or a new folder (--out)")


def _divided(corpus: Corpus[Tune]) -> str:
    train, valid, test = len(corpus.train), len(corpus.valid), len(corpus.test)
    return f"{train:,} to learn from, {valid:,} held out, {test:,} kept for a last test"


def _train(
    corpus: Corpus[Tune], path: Path, minutes: float, seed: int, tell: Tell, show: Show, stop: Callable[[], bool]
) -> str:
    """Train the run of the demo, or go on with it; nothing where it has come to its end. Returns its status."""
    resume = is_run(path)
    if resume:
        run = load_run(path)
        status = str(run.summary.get("status"))
        if status in ("finished", "early_stopped"):
            tell(f"{path} is trained already; drawing from it. (For another training, choose another --out.)")
            return status
        tell(f"Going on with the training in {path}.")
    config = None if resume else with_seed(load_preset("default"), seed)
    tell(f"Training for at most {duration(60 * minutes)}; Ctrl-C stops it in an orderly way.")
    last = show(train_steps(corpus, path, config, resume=resume, minutes=minutes, stop=stop))
    best = f"; best held-out loss {last.best_loss:.3f} at step {last.best_step:,}" if last.best_step else ""
    tell(f"Trained for {duration(last.seconds)}{best}.")
    return last.status


def draw_well_formed(run: Path, wanted: int, most: int, seed: int) -> Iterator[Generated[Tune]]:
    """Tunes as they are drawn, until `wanted` are well formed and have `FEWEST_BARS`, or `most` are drawn."""
    found = 0
    for one in generate(run, most, seed=seed, temperature=TEMPERATURE, min_p=MIN_P):
        yield one
        found += one.valid and _bars(one) >= FEWEST_BARS
        if found == wanted:
            return


def longest(drawn: Sequence[Generated[Tune]], count: int) -> list[Generated[Tune]]:
    """The `count` well-formed tunes with the most bars, in the order in which they were drawn."""
    well_formed = sorted((one for one in drawn if one.valid), key=_bars, reverse=True)
    return sorted(well_formed[:count], key=lambda one: one.index)


def _bars(one: Generated[Tune]) -> int:
    return len(one.tune.measures) if one.tune else 0


def _write(folder: Path, corpus: Corpus[Tune], drawn: list[Generated[Tune]], chosen: list[Generated[Tune]]) -> None:
    files = {one.index: write_drawn(one, folder, FORMATS) for one in chosen}
    if chosen:
        write_tunebook(chosen, folder)
        write_pdf([one.tune for one in chosen if one.tune is not None], folder / "tunebook.pdf")
    how = ["--temperature", f"{TEMPERATURE:g}", "--min-p", f"{MIN_P:g}"]
    again = ["tunewright", "generate", str(folder / RUN), "-n", "8", *how, "--seed", "1000", "--out", "new"]
    selection = f"Shown are the {len(chosen)} longest of the {sum(one.valid for one in drawn)} well-formed ones."
    free = list(generate(folder / RUN, FREE, seed=1, temperature=TEMPERATURE, min_p=MIN_P, free=True))
    write_report(folder / "report.html", corpus, training_of(folder / RUN), drawn, files, [again], selection, free)
