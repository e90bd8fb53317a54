"""Runs side by side: their settings, what was measured of each over its seeds, and what that says.

In: run folders, and their evaluations where the tunes have been drawn and measured. Out: a `Comparison`. Only runs
that learned from the same split of the same corpus are compared, unless the caller says that another is meant.
This file trains nothing, writes no page and knows no language: what is said is a key of the catalogues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.judging.runs.claims import ODDITIES, Claim, Effect, build_claims, build_effects
from tunewright.judging.runs.evaluation import evaluate_run, load_evaluation
from tunewright.judging.runs.quantities import (
    QUANTITIES,
    REPORTED,
    Record,
    Row,
    Scale,
    Setting,
    Spread,
    build_rows,
    build_scale,
    format_spread,
    format_value,
)
from tunewright.judging.runs.references import References, build_references
from tunewright.support.errors import RunError
from tunewright.support.numbers import without_nan
from tunewright.training.config import Config
from tunewright.training.curve import read_curve
from tunewright.training.presets import load_preset, preset_names
from tunewright.training.run import BEST, load_run, read_record, read_split

__all__ = [
    "QUANTITIES",
    "REPORTED",
    "Claim",
    "Comparison",
    "Effect",
    "Record",
    "Row",
    "Scale",
    "Setting",
    "Spread",
    "compare_experiment",
    "compare_runs",
    "describe_comparison",
    "format_spread",
    "format_value",
    "load_record",
]

FREE = ("seed", "device")  # settings that do not make another experiment
MOST_SAID = 3  # changed settings that a name can hold
SIZES = ("num_training_iterations", "train_share", "eval_every", "warmup")  # told only where names would be alike


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs compared; `claims`, `effects` and `oddities` are empty but for the lab's experiment."""

    title_key: str
    corpus: str
    settings: tuple[Setting, ...]
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]
    effects: tuple[Effect, ...]
    oddities: tuple[str, ...]
    scaled: float  # 1, or the share of the full experiment in a class-room version
    references: References | None
    scale: Scale


def compare_runs(
    paths: Sequence[Path],
    corpus: Corpus[Any] | None = None,
    *,
    references: References | None = None,
    allow_different_splits: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Runs grouped by equal settings, whatever their seeds, in the order given.

    With a corpus, runs without an evaluation are evaluated, which takes about a minute each (`tell` is given a line
    before), and real tunes stand beside them; without, only what is there already is shown. RunError where a run is
    missing, broken or has no weights yet, where fewer than two are given, or where they learned from different splits.
    """
    paths = list(dict.fromkeys(Path(path) for path in paths))
    if len(paths) < 2:
        raise RunError(f"found {len(paths)} run to compare, expected two or more")
    references = references or (build_references(corpus) if corpus else None)
    records = _load_records(paths, corpus, references, allow_different_splits, tell)
    return _compare("comparison.runs", _group(records), references, reported={})


def compare_experiment(
    paths: Sequence[Path],
    corpus: Corpus[Any] | None = None,
    *,
    references: References | None = None,
    scaled: float = 1.0,
) -> Comparison:
    """The lab's experiment: runs grouped by the preset that each was begun with, with effects, claims and oddities.

    The presets' names stand for their runs whatever was changed in all of them, so that a class-room version is
    compared as what it stands for. Raises what `compare_runs` raises, and RunError for a run without a preset.
    """
    references = references or (build_references(corpus) if corpus else None)
    records = _load_records(paths, corpus, references)
    if lost := [record.path for record in records if not record.preset]:
        raise RunError(f"{lost[0]}: has the settings of no preset; expected a run of the experiment")
    names = dict.fromkeys(record.preset for record in records)
    groups = {name: [record for record in records if record.preset == name] for name in names}
    settings = tuple(_setting(name, group) for name, group in groups.items())
    comparison = _compare("comparison.experiment", settings, references, reported=REPORTED)
    return replace(
        comparison,
        claims=build_claims(settings, comparison.rows, comparison.scale),
        effects=build_effects(settings, comparison.rows),
        oddities=ODDITIES,
        scaled=scaled,
    )


def _compare(
    title_key: str,
    settings: tuple[Setting, ...],
    references: References | None,
    reported: Mapping[str, Mapping[str, float]],
) -> Comparison:
    scale = build_scale(settings)
    rows = build_rows(settings, scale, references.real if references else {}, reported)
    corpus = ", ".join(
        dict.fromkeys(str(record.summary.get("corpus", "")) for setting in settings for record in setting.records)
    )
    return Comparison(title_key, corpus, settings, rows, (), (), (), 1.0, references, scale)


# ------------------------------------------------------------------------------------------------ reading runs


def load_record(path: Path) -> Record:
    """A run folder as compared, with the evaluation it holds.

    RunError where it is not whole, naming the file, or where nothing can be generated from it yet; a run that
    diverged before it had weights is compared without.
    """
    run = load_run(path)
    if not (path / "metrics.jsonl").is_file():
        raise RunError(f"{path}: not a whole run, metrics.jsonl is missing")
    curve = read_curve(path)
    if not run.trained and curve.status != "diverged":
        steps = len(curve.steps)
        raise RunError(f"{path}: has no weights yet (status {curve.status}, step {steps:,}); expected a trained run")
    return Record(
        path,
        _preset_of(path, run.config),
        run.config.seed,
        run.config,
        run.summary,
        curve,
        load_evaluation(path),
    )


def _load_records(
    paths: Sequence[Path],
    corpus: Corpus[Any] | None,
    references: References | None,
    allow_different_splits: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Record]:
    """The records of runs, checked to be comparable; evaluated where that is missing and there is a corpus for it."""
    records = [load_record(Path(path)) for path in paths]
    _check_kinds(records, corpus)
    if not allow_different_splits:
        _check_splits(paths, corpus)
    if corpus is None or references is None:
        return records

    def evaluated(record: Record) -> Record:
        if record.evaluation is not None or not (record.path / BEST).is_file():
            return record
        tell(f"Drawing and judging {record.config.music}s of {record.path}.")
        made = evaluate_run(record.path, corpus, references, allow_different_split=allow_different_splits)
        return replace(record, evaluation=made)

    return [evaluated(record) for record in records]


def _check_kinds(records: Sequence[Record], corpus: Corpus[Any] | None) -> None:
    """RunError where runs of pieces of several parts stand among runs of tunes, or the corpus is of the other kind."""
    by_kind = {record.config.music: record for record in records}
    if len(by_kind) > 1:
        first, second = by_kind.values()
        raise RunError(
            f"{first.path}: draws {first.config.music}s, and {second.path} {second.config.music}s: bits per note "
            "of the one say nothing beside those of the other; expected runs of one kind"
        )
    if corpus is not None and corpus.kind not in by_kind:
        [kind] = by_kind
        raise RunError(f"{corpus.name}: is a collection of {corpus.kind}s; expected {kind}s, which the runs draw")


def _check_splits(paths: Sequence[Path], corpus: Corpus[Any] | None) -> None:
    """RunError, naming both fingerprints, where two runs learned from different tunes or not from the corpus given."""
    splits = {path: read_split(path) for path in paths}
    if corpus is not None:
        first, expected, name = "the corpus given", corpus.fingerprint, corpus.name
    else:
        first, split = str(paths[0]), splits[paths[0]]
        expected, name = str(split.get("fingerprint")), str(split.get("corpus"))
    for path, split in splits.items():
        if split.get("fingerprint") != expected:
            found = f"{split.get('corpus')!s:.100}, fingerprint {split.get('fingerprint')!s:.40}"
            raise RunError(
                f"{path}: learned from another split ({found}) than {first} ({name!s:.100}, fingerprint "
                f"{expected!s:.40}): what one held out, the other may have learned; "
                "expected runs of one corpus and split"
            )


# ------------------------------------------------------------------------------------------------ settings


def _preset_of(path: Path, config: Config) -> str:
    """The preset that a run was begun with, or else the one whose settings it has; "" where it is none."""
    named = str(read_record(path).get("preset") or "")
    if named in preset_names():
        return named
    return next((name for name in preset_names() if not _changed(config, name)), "")


def _changed(config: Config, preset: str) -> dict[str, object]:
    """The settings in which a run differs from a preset, but for those that do not make it another experiment."""
    expected = load_preset(preset).flat()
    return {name: value for name, value in config.flat().items() if name not in FREE and value != expected[name]}


def _group(records: Sequence[Record]) -> tuple[Setting, ...]:
    """Runs of equal settings together, in the order of the first of each, every setting with a name of its own."""
    groups: dict[Config, list[Record]] = {}
    for record in records:
        groups.setdefault(record.config.with_(seed=0, device="auto"), []).append(record)
    names = [_name(group[0], SIZES) for group in groups.values()]
    finer: Callable[[Record], str]
    for finer in (lambda record: _name(record, ()), lambda record: str(record.path)):
        often = Counter(names)
        names = [
            name if often[name] == 1 else finer(group[0]) for name, group in zip(names, groups.values(), strict=True)
        ]
    return tuple(_setting(name, group) for name, group in zip(names, groups.values(), strict=True))


def _setting(name: str, records: Sequence[Record]) -> Setting:
    in_order = tuple(sorted(records, key=lambda record: record.seed))
    return Setting(name, in_order[0].config, in_order)


def _name(record: Record, unsaid: Sequence[str]) -> str:
    """The name of a preset, with what was changed in it, or the folder's where that is much or there is no preset."""
    if not record.preset:
        return record.path.name
    changed = {key: value for key, value in _changed(record.config, record.preset).items() if key not in unsaid}
    if len(changed) > MOST_SAID:
        return f"{record.preset} ({record.path.name})"
    return ", ".join([record.preset, *(f"{key} = {value}" for key, value in changed.items())])


# ------------------------------------------------------------------------------------------------ as data


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data for JSON, None where a number is undefined."""
    scale = comparison.scale
    return {
        "corpus": comparison.corpus,
        "scaled": comparison.scaled,
        "common": without_nan({"bits_per_note": scale.bits, "notes": scale.notes, "seconds": scale.seconds}),
        "settings": [
            {"name": setting.name, "seeds": list(setting.seeds), "runs": [str(each.path) for each in setting.records]}
            for setting in comparison.settings
        ],
        "measures": {
            row.quantity: {
                "unit": row.unit,
                "better": row.better,
                "real": row.real,
                "settings": {name: _described(spread) for name, spread in row.cells.items()},
            }
            for row in comparison.rows
        },
        "effects": {
            effect.quantity: {
                "structure": _described(effect.structure),
                "hyperparameters": _described(effect.hyperparameters),
                "interaction": _described(effect.interaction),
            }
            for effect in comparison.effects
        },
        "claims": {
            claim.topic: {"verdict": claim.verdict, "numbers": dict(claim.numbers)} for claim in comparison.claims
        },
    }


def _described(spread: Spread) -> dict[str, Any]:
    told = {"value": spread.mean, "low": spread.low, "high": spread.high, "each": spread.values}
    return {name: without_nan(value) for name, value in told.items()}
