"""The main job from end to end: draw from the model in the box, go on with O'Neill's tunes, write new ones and a page.

In: a folder, minutes, a seed. Out: in that folder the tunes in every format, a tunebook as ABC and PDF,
`report.html`, the run that wrote them, and beside it tunes of the model in the box and real ones. Where no model came
with the package, it learns from nothing. Called again, it goes on from the run that is there. This file does none of
the work itself: it calls what does, in order, and tells what happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc
from tunewright.formats.formats import TUNE, usual_formats, write_formats
from tunewright.formats.pdf import write_pdf
from tunewright.generation.keywords import generate
from tunewright.generation.tunebook import write_drawn, write_tunebook
from tunewright.judging.copying import watch_of
from tunewright.measuring.held_out import strictly_held_out
from tunewright.music.kinds import music_id
from tunewright.reports.run_page import Beside, training_of, write_report
from tunewright.reports.wording import collection_title, duration
from tunewright.support.errors import OutputError, RunError
from tunewright.training.base import BASE, has_base
from tunewright.training.config import with_seed
from tunewright.training.finetuning import finetuning, load_origin
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset
from tunewright.training.run import default_temperature, is_run, load_run, read_split

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.generated import Generated
    from tunewright.music.tune import Tune
    from tunewright.training.config import Config
    from tunewright.training.finetuning import Origin
    from tunewright.training.progress import Progress
    from tunewright.training.run import Run

COLLECTION = "oneill"
TUNES = 8  # to show
FEWEST_BARS = 12  # that they should have: a shorter one is hardly a tune
MOST_DRAWN = 640  # tunes; a model that needs more has not learned yet
TEMPERATURE, MIN_P = 0.7, 0.05  # after minutes of training a model is worth hearing where it is fairly sure
FREE = 64  # tunes drawn without the grammar, to say what it does
FORMATS = tuple(usual_formats(TUNE))
RUN, BEFORE, REAL = "run", "before", "real"  # folders in that of the demo
MINUTES_ON, MINUTES = 1.0, 3.4  # of training, from what is in the box and from nothing
BESIDE = 2  # tunes of the model in the box, and of real ones

Tell = Callable[[str], None]
Show = Callable[[Iterable["Progress"]], "Progress"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """With what the demo begins, and how it draws."""

    origin: Origin | None  # the model in the box, where one came with the package
    minutes: float
    seed: int

    @property
    def drawing(self) -> dict[str, float]:
        """How it draws: what learned for minutes is worth hearing where it is fairly sure."""
        if self.origin is None:
            return {"temperature": TEMPERATURE, "min_p": MIN_P}
        return {"temperature": default_temperature(self.origin.run.path)}


def plan_demo(minutes: float | None, seed: int, tell: Tell) -> Plan:
    """The demo with the model in the box, or without one, which is told; `minutes` None for what is usual then."""
    try:
        origin = load_origin(BASE)
    except RunError as error:
        if has_base():  # one that cannot be read is a fault, not a choice
            raise
        tell(f"Note: {error}. Learning from nothing.")
        return Plan(None, MINUTES if minutes is None else minutes, seed)
    return Plan(origin, MINUTES_ON if minutes is None else minutes, seed)


def run_demo(
    folder: Path, minutes: float | None, seed: int, tell: Tell, show: Show, stop: Callable[[], bool] = lambda: False
) -> str:
    """Do it all; returns the status of the training, after which nothing is drawn unless it came to an end.

    `minutes` of training at most, None for what is usual: one from what is in the box, more from nothing. `tell` is
    given a line at each step, `show` the training while it runs; after `stop()` the training can be gone on with by
    calling this again. Errors as in the functions it calls; OutputError where `folder` holds files that are not a
    demo's.
    """
    _check_folder(folder)
    plan = plan_demo(minutes, seed, tell)
    beside = [_before(folder, plan, tell)] if plan.origin else []
    tell(f"Reading {collection_title(COLLECTION)}.")
    corpus = read_corpus(COLLECTION)
    tell(f"{corpus.read:,} tunes: {_divided(corpus)}.")
    status = _train(corpus, folder / RUN, plan, tell, show, stop)
    if status not in ("finished", "early_stopped"):
        return status
    tell(f"Drawing until {TUNES} well-formed tunes have {FEWEST_BARS} bars or more.")
    drawn = list(draw_well_formed(folder / RUN, TUNES, MOST_DRAWN, seed, **plan.drawing))
    chosen = longest(drawn, TUNES)
    tell(
        f"Drew {len(drawn)}: {sum(one.valid for one in drawn)} well formed. Writing the {len(chosen)} longest of them."
    )
    if plan.origin:
        beside.append(_real(folder, corpus, plan.origin))
    _write(folder, corpus, drawn, chosen, plan, beside)
    if not chosen:
        raise RunError(f"{folder / RUN}: none of {len(drawn)} tunes is well formed; expected more training (--minutes)")
    return status


def _check_folder(folder: Path) -> None:
    """OutputError for a folder that holds something, but no run of an earlier demo."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; expected a folder")
    if folder.is_dir() and not (folder / RUN).is_dir() and any(one.name != BEFORE for one in folder.iterdir()):
        raise OutputError(f"{folder}: holds other files; expected an empty or a new folder (--out)")


def _divided(corpus: Corpus[Tune]) -> str:
    train, valid, test = len(corpus.train), len(corpus.valid), len(corpus.test)
    return f"{train:,} to learn from, {valid:,} held out, {test:,} kept for a last test"


def _before(folder: Path, plan: Plan, tell: Tell) -> Beside:
    """Tunes of the model in the box, written as soon as each is drawn."""
    assert plan.origin is not None
    shown: list[tuple[Tune, str, Mapping[str, Path]]] = []
    for one in draw_well_formed(plan.origin.run, BESIDE, MOST_DRAWN, plan.seed, **plan.drawing):
        if one.valid and one.tune is not None and _bars(one) >= FEWEST_BARS:
            files = write_drawn(one, folder / BEFORE, FORMATS)
            shown.append((replace(one.tune, title=f"{one.tune.title} (before)"), one.text, files))
            tell(f"Drew a tune from the model in the box: {files.get('wav', files['abc'])}")
    learned = plan.origin.run.summary.get("corpus")
    note = f"Drawn before any of this training, from the model in the box, which learned from {learned}."
    return Beside("What the model in the box writes", note, tuple(shown))


def _real(folder: Path, corpus: Corpus[Tune], origin: Origin) -> Beside:
    """Real tunes that nothing was learned from, here or before."""
    before = _learned_before(origin)
    unseen = [tune for tune in strictly_held_out(corpus) if music_id(tune) not in before]
    long = [tune for tune in unseen if len(tune.measures) >= FEWEST_BARS and not tune.irregular]
    shown = []
    for place in range(min(BESIDE, len(long))):
        tune = long[place * len(long) // BESIDE]
        files = write_formats(tune, folder / REAL, f"real-{place + 1}", FORMATS)
        shown.append((tune, format_abc(tune), files))
    note = "Of the same collection, held out: neither this training nor the one before it has seen them."
    return Beside("Real tunes", note, tuple(shown))


def _learned_before(origin: Origin) -> frozenset[str]:
    """The tunes that the model in the box learned from."""
    return frozenset(read_split(origin.run.path).get("train") or ())


def _seen_before(corpus: Corpus[Tune], origin: Origin) -> str:
    """What the model in the box knew of a collection before, in words."""
    before = _learned_before(origin)
    known = Counter(part for one, part in zip(corpus.ids, corpus.split, strict=True) if one in before)
    if not known:
        return ""
    held_out = len(corpus.valid) + len(corpus.test)
    return (
        f"The model in the box had learned from {known['train']:,} of these {len(corpus.train):,} tunes before, "
        f"so this shows less than a collection of your own would. Of the {held_out:,} that are held out it had "
        f"learned from {known['valid'] + known['test'] or 'none'}."
    )


def _train(corpus: Corpus[Tune], path: Path, plan: Plan, tell: Tell, show: Show, stop: Callable[[], bool]) -> str:
    """Train the run of the demo, or go on with it; nothing where it has come to its end. Returns its status."""
    resume = is_run(path)
    if resume:
        run = load_run(path)
        status = str(run.summary.get("status"))
        if status in ("finished", "early_stopped"):
            tell(f"{path} is trained already; drawing from it. (For another training, choose another --out.)")
            return status
        tell(f"Going on with the training in {path}.")
    config = None if resume else with_seed(_settings(corpus, plan.origin), plan.seed)
    tell(f"Training for at most {duration(60 * plan.minutes)}; Ctrl-C stops it in an orderly way.")
    watch = watch_of(corpus, path, None if resume else plan.origin, config)
    origin = None if resume else plan.origin
    steps = train_steps(
        corpus, path, config, resume=resume, minutes=plan.minutes, stop=stop, origin=origin, watch=watch
    )
    last = show(steps)
    best = f"; best held-out loss {last.best_loss:.3f} at step {last.best_step:,}" if last.best_step else ""
    tell(f"Trained for {duration(last.seconds)}{best}." + (f" Stopped: {last.stopped}." if last.stopped else ""))
    return last.status


def _settings(corpus: Corpus[Tune], origin: Origin | None) -> Config:
    return finetuning(origin, len(corpus.train), len(corpus.valid)) if origin else load_preset("default")


def draw_well_formed(run: Run | Path, wanted: int, most: int, seed: int, **drawing: float) -> Iterator[Generated[Tune]]:
    """Tunes as they are drawn, until `wanted` are well formed and have `FEWEST_BARS`, or `most` are drawn."""
    found = 0
    for one in generate(run, most, seed=seed, **drawing):
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


def _write(
    folder: Path,
    corpus: Corpus[Tune],
    drawn: list[Generated[Tune]],
    chosen: list[Generated[Tune]],
    plan: Plan,
    beside: Sequence[Beside],
) -> None:
    files = {one.index: write_drawn(one, folder, FORMATS) for one in chosen}
    if chosen:
        write_tunebook(chosen, folder)
        write_pdf([one.tune for one in chosen if one.tune is not None], folder / "tunebook.pdf")
    how = [word for name, value in plan.drawing.items() for word in (f"--{name.replace('_', '-')}", f"{value:g}")]
    again = ["tunewright", "generate", str(folder / RUN), "-n", "8", *how, "--seed", "1000", "--out", "new"]
    selection = f"Shown are the {len(chosen)} longest of the {sum(one.valid for one in drawn)} well-formed ones."
    free = list(generate(folder / RUN, FREE, seed=1, free=True, **plan.drawing))
    told = (corpus, training_of(folder / RUN), drawn, files, [again], selection, free, beside)
    write_report(folder / "report.html", *told, remark=_seen_before(corpus, plan.origin) if plan.origin else "")
