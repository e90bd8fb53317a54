from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.hand_made import curve_of, evaluation_of, record_of, setting_of
from tests.support.small_runs import SMALL, run_small, small_corpus
from tunewright.judging.runs import comparison as comparison_module
from tunewright.judging.runs.comparison import compare_experiment, compare_runs, describe_comparison, load_record
from tunewright.judging.runs.evaluation import Evaluation, save_evaluation
from tunewright.judging.runs.quantities import (
    OF_TUNES,
    Record,
    Spread,
    build_rows,
    build_scale,
    format_spread,
    format_value,
)
from tunewright.measuring.table import MEASURES
from tunewright.support.errors import RunError
from tunewright.training.config import Config, with_seed
from tunewright.training.curve import read_curve, steps_to
from tunewright.training.presets import load_preset
from tunewright.training.run import BEST

QUICK = SMALL.with_(num_layers=1, dropout=0.0, num_training_iterations=4, eval_every=2)
OTHER = QUICK.with_(batch_size=2, learning_rate=5e-3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two settings with two seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    for name, config in (("a", QUICK), ("b", OTHER)):
        for seed in (0, 1):
            run_small(folder / f"{name}{seed}", with_seed(config, seed))
    return folder


def paths_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), reverse=True)


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    shutil.copytree(made, tmp_path / "runs")
    return tmp_path / "runs"


def begun_with(path: Path, preset: str) -> None:
    (path / "record.json").write_text(json.dumps({"preset": preset}))


# ------------------------------------------------------------------------------------------------ runs


def test_runs_are_grouped_by_settings_and_put_in_order_of_seeds(made: Path) -> None:
    compared = compare_runs(paths_of(made))
    assert [setting.name for setting in compared.settings] == ["b1", "a1"]  # no preset: the folder of the first
    assert [setting.seeds for setting in compared.settings] == [(0, 1), (0, 1)]
    assert compared.settings[0].config == with_seed(OTHER, 0)
    assert (compared.claims, compared.effects, compared.oddities) == ((), (), ())


def test_rows_are_what_the_curves_say(made: Path) -> None:
    compared = compare_runs(paths_of(made))
    rows = {row.quantity: row for row in compared.rows}
    curves = [read_curve(made / name) for name in ("a0", "a1")]
    assert rows["lowest_train_loss"].cells["a1"] == Spread(tuple(min(curve.losses) for curve in curves))
    level = compared.scale.bits
    assert level == max(cell.high for cell in rows["lowest_bits_per_note"].cells.values())
    assert rows["steps_to_level"].cells["a1"].values == tuple(steps_to(curve, level) for curve in curves)
    assert len(rows["steps_to_level"].cells["b1"].known) == 2  # a level that every run reaches
    assert compared.scale.notes == min(cell.low for cell in rows["notes"].cells.values())
    assert "valid_rate" not in rows  # nothing was drawn


def test_what_a_run_keeps_of_its_evaluation_is_shown_beside_real_tunes(runs: Path) -> None:
    path = runs / "a0"
    save_evaluation(path, evaluation_of(2.5, ((10, 3.0), (50, 2.75), (200, 2.5)), valid_rate=0.5), {})
    rows = {row.quantity: row for row in compare_runs(paths_of(runs)).rows}
    assert rows["valid_rate"].cells["a1"].known == (0.5,)
    assert rows["gain_beyond_50"].cells["a1"].known == (0.25,)
    assert rows["test_bits_per_note"].cells["b1"].known == ()
    assert rows["valid_rate"].real is None


def test_a_corpus_has_missing_evaluations_made_and_kept_ones_used(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def evaluate(path: Path, *_: object, **__: object) -> Evaluation:
        asked.append(path.name)
        return evaluation_of(3.0, valid_rate=0.25)

    monkeypatch.setattr(comparison_module, "evaluate_run", evaluate)
    save_evaluation(runs / "a0", evaluation_of(2.5, valid_rate=0.5), {})
    compared = compare_runs(paths_of(runs), small_corpus())
    row = next(row for row in compared.rows if row.quantity == "valid_rate")
    assert asked == ["b1", "b0", "a1"]
    assert row.cells["a1"].values == (0.5, 0.25)
    assert compared.references is not None
    assert row.real == compared.references.real["valid_rate"]


def named(preset: str, **changes: object) -> Record:
    config = load_preset(preset).with_(**changes)  # type: ignore[arg-type]
    return replace(record_of(preset, 0, curve_of([1.0])), config=config, path=Path("folder"))


def test_a_preset_gives_its_name_with_what_was_changed_where_that_is_not_much() -> None:
    few = named("lab-joint", clip=1.0, dropout=0.5, num_training_iterations=60)
    much = named("lab-joint", clip=1.0, dropout=0.5, hidden_size=64, num_layers=1)
    assert [setting.name for setting in comparison_module._group([named("sound"), few, much])] == [
        "sound",
        "lab-joint, dropout = 0.5, clip = 1.0",
        "lab-joint (folder)",
    ]


def test_a_preset_is_known_by_its_settings_too(runs: Path) -> None:
    assert comparison_module._preset_of(runs / "a0", with_seed(load_preset("lab-joint"), 5)) == "lab-joint"
    assert comparison_module._preset_of(runs / "a0", Config(hidden_size=77)) == ""


def test_names_that_would_be_alike_tell_the_size_too() -> None:
    records = [named("lab-joint"), named("lab-joint", num_training_iterations=60)]
    assert [setting.name for setting in comparison_module._group(records)] == [
        "lab-joint",
        "lab-joint, num_training_iterations = 60",
    ]


# ------------------------------------------------------------------------------------------------ refused


def refused(paths: list[Path], match: str) -> None:
    with pytest.raises(RunError, match=match) as caught:
        compare_runs(paths)
    assert "\n" not in str(caught.value)


def test_runs_on_different_splits_are_refused_unless_that_is_meant(runs: Path) -> None:
    file = runs / "a0" / "split.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"fingerprint": "f00", "corpus": "reels"}))
    ours = small_corpus().fingerprint
    refused([runs / "b0", runs / "a0"], rf"a0: learned from another split \(reels, fingerprint f00\).*{ours}")
    compared = compare_runs([runs / "b0", runs / "a0"], allow_different_splits=True)
    assert len(compared.settings) == 2


def test_runs_on_another_corpus_than_the_one_given_are_refused(made: Path) -> None:
    corpus = replace(small_corpus(), split=("train",) * len(small_corpus().tunes))
    with pytest.raises(RunError, match=rf"learned from another split.*the corpus given.*{corpus.fingerprint}"):
        compare_runs(paths_of(made), corpus)


@pytest.mark.parametrize("name", ["config.toml", "tokenizer.json", "split.json", "metrics.jsonl", "summary.json"])
def test_a_half_written_run_is_refused_with_the_missing_file(runs: Path, name: str) -> None:
    (runs / "a0" / name).unlink()
    refused([runs / "b0", runs / "a0"], f"a0: not a whole run, {name} is missing")


def test_a_run_without_weights_is_refused_unless_it_diverged_before_it_had_any(runs: Path) -> None:
    (runs / "a0" / BEST).unlink()
    refused([runs / "b0", runs / "a0"], r"a0: has no weights yet \(status finished, step 4\); expected a trained run")
    summary = runs / "a0" / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text()) | {"status": "diverged"}))
    rows = {row.quantity: row for row in compare_runs([runs / "b0", runs / "a0"]).rows}
    assert (rows["diverged"].cells["a0"].values, rows["diverged"].cells["b0"].values) == ((1.0,), (0.0,))


def test_a_single_run_is_nothing_to_compare(made: Path) -> None:
    refused([made / "a0", made / "a0"], "found 1 run to compare, expected two or more")


# ------------------------------------------------------------------------------------------------ the experiment


def test_the_experiment_is_grouped_by_presets_whatever_their_size(runs: Path) -> None:
    for name, preset in (("a0", "lab-joint"), ("a1", "lab-joint"), ("b0", "lab-default"), ("b1", "lab-default")):
        begun_with(runs / name, preset)
    compared = compare_experiment(paths_of(runs), scaled=0.01)
    assert [setting.name for setting in compared.settings] == ["lab-default", "lab-joint"]
    assert compared.scaled == 0.01
    verdicts = {claim.topic: claim.verdict for claim in compared.claims}
    assert verdicts["fluency"] == "untested"
    assert verdicts["final_loss"] != "untested"
    rows = {row.quantity: row for row in compared.rows}
    assert rows["lowest_train_loss"].reported == {"lab-default": 0.5153, "lab-joint": 0.4129}
    assert compared.effects == ()  # two corners are missing


def test_a_run_of_no_preset_is_no_part_of_the_experiment(made: Path) -> None:
    with pytest.raises(RunError, match="b1: has the settings of no preset"):
        compare_experiment(paths_of(made))


def test_a_comparison_is_plain_data(made: Path) -> None:
    described = json.loads(json.dumps(describe_comparison(compare_runs(paths_of(made))), allow_nan=False))
    assert [setting["seeds"] for setting in described["settings"]] == [[0, 1], [0, 1]]
    losses = described["measures"]["lowest_train_loss"]["settings"]["a1"]
    assert losses["low"] <= losses["value"] <= losses["high"]
    assert losses["each"][0] == min(load_record(made / "a0").curve.losses)


# ------------------------------------------------------------------------------------------------ quantities


def test_a_spread_leaves_out_what_is_undefined() -> None:
    spread = Spread((1.0, float("nan"), 4.0))
    assert (spread.mean, spread.low, spread.high) == (2.5, 1.0, 4.0)
    assert format_spread(spread, "steps") == "2 (1–4)"
    assert format_spread(Spread((float("nan"),)), "bits") == "–"
    assert format_value(-0.5, "bits") == "−0.500"


def test_equal_budgets_are_the_least_that_any_run_had() -> None:
    short = curve_of([1.0] * 10, [(5, 3.0), (10, 2.0)], notes_per_step=10, seconds_per_step=1)
    long = curve_of([1.0] * 10, [(5, 2.5), (10, 1.0)], notes_per_step=40, seconds_per_step=0.5)
    settings = [setting_of("short", record_of("short", 0, short)), setting_of("long", record_of("long", 0, long))]
    scale = build_scale(settings)
    assert (scale.bits, scale.notes, scale.seconds) == (2.0, 100, 5)
    rows = {row.quantity: row for row in build_rows(settings, scale, {}, {})}
    assert rows["bits_at_equal_notes"].cells["short"].values == (2.0,)
    assert rows["bits_at_equal_notes"].cells["long"].known == ()  # its first look came after 200 notes
    assert rows["bits_at_equal_seconds"].cells["short"].values == (3.0,)
    assert rows["bits_at_equal_seconds"].cells["long"].values == (1.0,)


def test_which_way_is_better_is_said_alike_where_a_measure_is_taken_and_where_it_is_compared() -> None:
    compared = {name: better for name, better, _ in OF_TUNES}
    both = compared.keys() & MEASURES.keys()
    assert {name: MEASURES[name].better for name in both} == {name: compared[name] for name in both}
    assert len(both) == 16  # those that runs are compared in; the scorecard has them all
