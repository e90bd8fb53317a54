"""The reported experiment as it should have been run: structure and hyperparameters apart and together, seed by seed.

In: a corpus, a folder, how many seeds, how much time. Out: in that folder a run for every trial (`runs/PRESET/seed-S`),
`report.html`, `report.md` and what was planned (`experiment.json`). Called again, it goes on with what is missing.
This file trains nothing itself (`trials`), computes no figure (`comparison`) and draws no page (`reports.comparison`).
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import BUILT_IN, lasting_source
from tunewright.judging.runs.comparison import Comparison, compare_experiment
from tunewright.judging.runs.references import build_references
from tunewright.judging.runs.trials import DONE, Drawing, Trial, TrialProgress, ended_status, jobs_that_fit, run_trials
from tunewright.music.tune import Tune
from tunewright.reports.comparison.page import write_comparison
from tunewright.reports.wording import Wording
from tunewright.support.documents import read_json
from tunewright.support.errors import ConfigError, OutputError, RunError
from tunewright.support.files import replace_file
from tunewright.support.threads import one_thread
from tunewright.training.config import Config, override, with_seed
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset

DESIGN = ("lab-default", "lab-structure", "lab-hyperparameters", "lab-joint")  # the 2x2
SOUND = "sound"
CONTROL = "lab-default-fp32"  # one seed of it
FACTORS = ("lab-rate", "lab-length", "lab-batch", "lab-embedding", "lab-gru", "lab-rnn")
RECORD = "experiment.json"
_PLAN = {"sources": [str], "fingerprint": str, "share": float, "changes": [str], "timed": bool}

TRAINING_SHARE = 0.5  # of the time given; side by side a step takes longer than timed, and tunes are drawn and judged
TIMED_STEPS = 6  # to find out how long a step takes; the first of them warms up
FEWEST_STEPS = 20
LOOKS = 10  # at the held-out tunes in a class-room version
CLASSROOM = Drawing(tunes=40, temperatures=(0.5, 0.75, 1.0, 1.25, 1.5))

Show = Callable[[Sequence[Trial], Iterable[TrialProgress]], list[TrialProgress]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an experiment is: its corpus, its presets, and the share of the full size that it is run at."""

    sources: tuple[str, ...]
    fingerprint: str
    share: float = 1.0
    changes: tuple[str, ...] = ()  # "key=value", made in every preset
    timed: bool = False  # whether minutes were given, which a fast machine may do the full size in

    @property
    def scaled(self) -> bool:
        """Whether it is a class-room version."""
        return self.share < 1

    @property
    def drawing(self) -> Drawing:
        """How much is drawn and judged."""
        return CLASSROOM if self.scaled else Drawing()


def reproduce(
    sources: Sequence[str],
    folder: Path,
    *,
    seeds: int = 3,
    minutes: float | None = None,
    factors: bool = False,
    changes: Sequence[str] = (),
    jobs: int = 0,
    language: str = "en",
    tell: Tell,
    show: Show,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[list[TrialProgress], Comparison | None]:
    """Train and evaluate every trial that is missing and write the report; returns how each trial stands, and what it
    found: None where it was stopped before all were done.

    `minutes` asks for a class-room version of about that length: fewer iterations on as much smaller a share of the
    training tunes, so that every tune is read about as often as in the full one. `changes` are made in every preset;
    `factors` adds the presets that change one thing alone. `tell` is given a line at each step,
    `show` the trials while they run. Raises CorpusError, OutputError, ConfigError where the folder holds another
    experiment, and RunError where a corner of the design has no run that ended.
    """
    Wording(language)  # an unknown language is said before anything is trained
    tell(f"Reading {' '.join(sources)}.")
    corpus = read_corpus(*sources)
    wanted = Plan(
        tuple(map(lasting_source, sources)), corpus.fingerprint, changes=tuple(changes), timed=minutes is not None
    )
    plan = _kept_plan(folder, wanted, corpus) or _new_plan(folder, wanted, corpus, seeds, minutes, factors, jobs, tell)
    trials = plan_trials(folder, plan, seeds, factors)
    done = sum(bool(ended_status(trial)) for trial in trials)
    tell(f"{len(trials)} trainings, {done} of them done.")
    ended = show(trials, run_trials(plan.sources, trials, plan.drawing, jobs=jobs, stop=stop))
    if any(progress.status == "interrupted" for progress in ended) or len(ended) < len(trials):
        return ended, None
    runs = _comparable(ended)
    tell("Comparing.")
    comparison = compare_experiment(runs, references=build_references(corpus), scaled=plan.share)
    write_comparison(
        folder / "report.html", comparison, language, commands=[_command(plan, folder, seeds, factors, minutes)]
    )
    return ended, comparison


def plan_trials(folder: Path, plan: Plan, seeds: int, factors: bool) -> list[Trial]:
    """The trials in the order in which they are begun: every setting of one seed before the next seed."""
    presets = [*DESIGN, SOUND, *(FACTORS if factors else ())]
    trials = [_trial(folder, plan, preset, seed) for seed in range(seeds) for preset in presets]
    return trials if plan.scaled else [*trials, _trial(folder, plan, CONTROL, 0)]


def _trial(folder: Path, plan: Plan, preset: str, seed: int) -> Trial:
    config = with_seed(scaled(override(load_preset(preset), plan.changes), plan.share), seed)
    return Trial(preset, seed, config, folder / "runs" / preset / f"seed-{seed}")


def scaled(config: Config, share: float) -> Config:
    """The settings for a share of the experiment: so many fewer iterations, on so many fewer of the training tunes."""
    if share >= 1:
        return config
    iterations = max(FEWEST_STEPS, round(share * config.schedule.num_training_iterations))
    return config.with_(
        num_training_iterations=iterations,
        train_share=share,
        eval_every=max(1, iterations // LOOKS),
        warmup=round(share * config.schedule.warmup),
    )


# ------------------------------------------------------------------------------------------------ the plan


def _new_plan(
    folder: Path,
    plan: Plan,
    corpus: Corpus[Tune],
    seeds: int,
    minutes: float | None,
    factors: bool,
    jobs: int,
    tell: Tell,
) -> Plan:
    """The plan, at the share of the full size that fits into the minutes, kept in the folder."""
    if minutes is not None:
        tell("Timing a few steps of each setting.")
        full = [trial for trial in plan_trials(folder, plan, seeds, factors) if trial.preset != CONTROL]
        share = affordable_share(corpus, full, minutes, jobs or jobs_that_fit(len(full)))
        plan = replace(plan, share=share)
        if plan.scaled:
            tell(f"A class-room version: {share:.0%} of the iterations on {share:.0%} of the tunes to learn from.")
    replace_file(folder / RECORD, (json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n").encode())
    return plan


def _kept_plan(folder: Path, wanted: Plan, corpus: Corpus[Tune]) -> Plan | None:
    """The plan kept in a folder, None in a new one; ConfigError where that is of another experiment."""
    if not (folder / RECORD).exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputError(f"{folder}: holds other files; expected an empty or a new folder (--out)")
        return None
    plan = _read_plan(folder / RECORD)
    if plan.fingerprint != wanted.fingerprint:
        found = f"{corpus.name} (fingerprint {wanted.fingerprint[:16]})"
        raise ConfigError(f"{folder}: holds an experiment on other tunes ({plan.fingerprint[:16]}); found {found}")
    if plan.changes != wanted.changes:
        held = " ".join(plan.changes) or "no changes"
        raise ConfigError(f"{folder}: holds an experiment with {held}; found {' '.join(wanted.changes) or 'none'}")
    if plan.timed != wanted.timed:
        held = "a class-room version (--minutes)" if plan.timed else "the full experiment (no --minutes)"
        raise ConfigError(f"{folder}: holds {held}; expected the same, or another --out")
    return plan


def _read_plan(path: Path) -> Plan:
    try:
        stored = read_json(path, _PLAN)
        changes, sources = tuple(stored["changes"]), tuple(stored["sources"])
        return Plan(sources, stored["fingerprint"], float(stored["share"]), changes, stored["timed"])
    except (KeyError, TypeError) as error:
        raise RunError(f"{path}: broken ({error}); expected what reproduce wrote") from None


def affordable_share(corpus: Corpus[Tune], trials: Sequence[Trial], minutes: float, jobs: int) -> float:
    """The share of the full iterations that all trials together can do in about `minutes`; at most 1."""
    pace = {config: _seconds_per_step(corpus, config) for config in {_seedless(trial.config) for trial in trials}}
    seconds = (
        sum(pace[_seedless(trial.config)] * trial.config.schedule.num_training_iterations for trial in trials) / jobs
    )
    share = TRAINING_SHARE * 60 * minutes / max(seconds, 1e-9)
    return 1.0 if share >= 1 else float(f"{share:.2g}")


def _seedless(config: Config) -> Config:
    return config.with_(seed=0)


def _seconds_per_step(corpus: Corpus[Tune], config: Config) -> float:
    """How long a training step takes here, on one thread, without looks at held-out tunes."""
    short = config.with_(num_training_iterations=TIMED_STEPS, eval_every=10**9, train_share=0.05)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        times = [progress.seconds for progress in train_steps(corpus, Path(folder) / "run", short)]
    return (times[TIMED_STEPS - 2] - times[0]) / (TIMED_STEPS - 2) if len(times) > 2 else math.inf


# ------------------------------------------------------------------------------------------------ the end


def _comparable(ended: Sequence[TrialProgress]) -> list[Path]:
    """The runs that came to an end, preset by preset; RunError where the design or the baseline lacks one."""
    done = [progress.trial for progress in ended if progress.status in DONE]
    if missing := {*DESIGN, SOUND} - {trial.preset for trial in done}:
        raise RunError(f"no training of {', '.join(sorted(missing))} came to an end; expected at least one of each")
    order = [*DESIGN, SOUND, CONTROL, *FACTORS]
    return [trial.path for trial in sorted(done, key=lambda trial: (order.index(trial.preset), trial.seed))]


def _command(plan: Plan, folder: Path, seeds: int, factors: bool, minutes: float | None) -> list[str]:
    """The command line that makes the experiment again."""
    sources = [source if source in BUILT_IN else Path(source).name for source in plan.sources]
    words = ["tunewright", "reproduce", *sources, "--seeds", str(seeds)]
    words += [word for change in plan.changes for word in ("--set", change)]
    words += ["--factors"] if factors else []
    words += ["--minutes", f"{minutes:g}"] if minutes is not None else []
    return [*words, "--out", folder.name]
