import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.support.small_base import DEGREES, made_base
from tests.support.small_runs import corpus_of, real_tunes
from tunewright.corpus.corpus import Corpus
from tunewright.formats.abc import parse_abc
from tunewright.generation.generator import load_generator
from tunewright.models.contract import Model
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RunError
from tunewright.training.curve import diverged, read_curve
from tunewright.training.finetuning import (
    DROPOUT,
    FEWEST_STEPS,
    MOST_STEPS,
    PATIENCE,
    UNWATCHED_STEPS,
    Origin,
    finetuning,
    load_origin,
)
from tunewright.training.loop import train_steps
from tunewright.training.progress import Progress, Watched
from tunewright.training.run import BEST, LAST, load_run, read_record
from tunewright.training.tensors import load_tensors, save_tensors

__all__ = ["made_base"]  # a fixture

FEW_STEPS = {"num_training_iterations": 6, "eval_every": 2, "batch_size": 4, "device": "cpu", "precision": "fp32"}


def corpus() -> Corpus[Tune]:
    tunes = real_tunes()
    return corpus_of(tunes[:8], tunes[8:12])


@pytest.fixture
def origin(made_base: Path) -> Origin:
    return load_origin(made_base)


def go_on(path: Path, origin: Origin, *, music: Corpus[Tune] | None = None, **how: object) -> list[Progress]:
    config = finetuning(origin, 8, 4).with_(**FEW_STEPS)
    return list(train_steps(music or corpus(), path, config, origin=origin, **how))  # type: ignore[arg-type]


def best(path: Path) -> dict[str, torch.Tensor]:
    return load_tensors(path / BEST)[0]


def same(ours: dict[str, torch.Tensor], theirs: object) -> bool:
    return all(torch.equal(weight, theirs[name]) for name, weight in ours.items())  # type: ignore[index]


def test_it_begins_with_the_weights_and_the_tokens_of_the_other_run(tmp_path: Path, origin: Origin) -> None:
    training = train_steps(corpus(), tmp_path / "x", finetuning(origin, 8, 4).with_(**FEW_STEPS), origin=origin)
    next(training)
    assert same(best(tmp_path / "x"), origin.weights)
    training.close()
    run = load_run(tmp_path / "x")
    assert run.tokenizer == origin.codec
    told = read_record(tmp_path / "x")["from"]
    assert told["run"] == origin.name
    assert told["fingerprint"] == origin.run.summary["fingerprint"]
    assert len(told["weights"]) == 16


def test_it_learns_and_can_be_drawn_from_and_its_curve_begins_before_the_first_step(
    tmp_path: Path, origin: Origin
) -> None:
    last = go_on(tmp_path / "x", origin)[-1]
    assert last.best_step > 0
    curve = read_curve(tmp_path / "x")
    assert [look.step for look in curve.held_out] == [0, 2, 4, 6]
    assert curve.held_out[0].bits > last.best_bits_per_note
    assert curve.steps == (1, 2, 3, 4, 5, 6)
    assert not diverged(curve)
    assert [one.valid for one in load_generator(tmp_path / "x").generate(2)] == [True, True]


def test_stopped_and_gone_on_with_it_is_as_straight_through(tmp_path: Path, origin: Origin) -> None:
    go_on(tmp_path / "straight", origin)
    for times in range(3):
        config = None if times else finetuning(origin, 8, 4).with_(**FEW_STEPS)
        begun = None if times else origin
        training = train_steps(corpus(), tmp_path / "parts", config, resume=bool(times), origin=begun)
        for progress in training:
            if progress.step % 2 and times < 2:
                break
        training.close()
    assert same(best(tmp_path / "parts"), best(tmp_path / "straight"))


def test_one_that_was_killed_before_its_first_checkpoint_does_not_go_on_from_nothing(
    tmp_path: Path, origin: Origin
) -> None:
    go_on(tmp_path / "x", origin)
    (tmp_path / "x" / LAST).unlink()
    with pytest.raises(RunError, match="expected the checkpoint of this run"):
        list(train_steps(corpus(), tmp_path / "x", resume=True))


def test_weights_that_are_no_better_are_not_kept(tmp_path: Path, origin: Origin) -> None:
    config = finetuning(origin, 8, 4).with_(**FEW_STEPS | {"num_training_iterations": 20}, learning_rate=1.0)
    last = list(train_steps(corpus(), tmp_path / "x", config, origin=origin))[-1]
    assert (last.status, last.step, last.best_step) == ("early_stopped", 2 * PATIENCE, 0)
    assert "no better than that of step 0" in last.stopped
    assert load_run(tmp_path / "x").summary["stopped"] == last.stopped
    assert same(best(tmp_path / "x"), origin.weights)


def test_what_copies_stops_it_and_the_weights_before_are_kept(tmp_path: Path, origin: Origin) -> None:
    asked: list[dict[str, torch.Tensor]] = []

    def watch(model: Model) -> Watched:
        asked.append({name: weight.clone() for name, weight in model.state_dict().items()})
        return Watched(0.25 * len(asked), "it copies" if len(asked) > 2 else "")

    ended = go_on(tmp_path / "x", origin, watch=watch)[-1]
    assert (ended.status, ended.stopped, ended.step, ended.best_step) == ("early_stopped", "it copies", 4, 2)
    assert same(best(tmp_path / "x"), asked[1])
    lines = [json.loads(line) for line in (tmp_path / "x" / "metrics.jsonl").read_text().splitlines()]
    assert [line["copy_rate"] for line in lines if "copy_rate" in line] == [0.25, 0.5, 0.75]


def test_notes_that_are_no_token_of_its_own_are_spelled(tmp_path: Path, origin: Origin) -> None:
    [strange] = parse_abc(FIVE)
    assert {"5'", "1/64"} <= set(origin.codec.vocab)
    assert "6':1/64" not in origin.codec.vocab
    last = go_on(tmp_path / "x", origin, music=corpus_of([strange, *real_tunes()[:3]], real_tunes()[8:12]))[-1]
    assert last.status == "finished"
    assert load_run(tmp_path / "x").summary["refused"] == 0


FIVE = "X:1\nM:5/4\nL:1/4\nK:E phrygian\n^E3 z2|B3 c/16d/16e/8f/4 g3/2|E3-E2|]\n"


def test_settings_grow_with_the_collection_and_are_few_where_nothing_watches(origin: Origin) -> None:
    few, many, unwatched = (finetuning(origin, *sizes) for sizes in ((20, 2), (5000, 500), (1, 0)))
    assert few.schedule.num_training_iterations == FEWEST_STEPS
    assert many.schedule.num_training_iterations == MOST_STEPS
    assert unwatched.schedule.num_training_iterations == UNWATCHED_STEPS
    assert (few.model.dropout, many.model.dropout) == DROPOUT
    assert few.optimiser.learning_rate < DEGREES.optimiser.learning_rate
    assert (few.model.hidden_size, few.tokens.kind) == (DEGREES.model.hidden_size, "degrees")


@pytest.mark.parametrize(
    ("change", "said"), [({"hidden_size": 24}, "another model"), ({"grace_notes": False}, "tokens")]
)
def test_another_model_or_other_tokens_are_refused(
    tmp_path: Path, origin: Origin, change: dict[str, object], said: str
) -> None:
    config = finetuning(origin, 8, 4).with_(**change)
    with pytest.raises(ConfigError, match=said):
        list(train_steps(corpus(), tmp_path / "x", config, origin=origin))


def test_an_origin_that_is_broken_or_not_there_is_one_line(tmp_path: Path, made_base: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        load_origin(tmp_path / "none")
    shutil.copytree(made_base, tmp_path / "x")
    tensors, facts = load_tensors(tmp_path / "x" / BEST)
    save_tensors(tmp_path / "x" / BEST, tensors | {"head.bias": tensors["head.bias"] * torch.inf}, facts)
    with pytest.raises(RunError, match="no finite numbers"):
        load_origin(tmp_path / "x")
    (tmp_path / "x" / BEST).unlink()
    with pytest.raises(RunError, match="not been trained far enough"):
        load_origin(tmp_path / "x")
