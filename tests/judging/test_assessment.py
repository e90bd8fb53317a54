"""A run or files in, a scorecard out: on small runs and small files."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.small_runs import SMALL, real_tunes, small
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.generation.checkpoints import keep_checkpoints
from tunewright.generation.generator import load_generator
from tunewright.generation.surprise import forward
from tunewright.judging.assessment import Order, evaluate, save_knee
from tunewright.judging.run_scorecard import held_out_likelihood
from tunewright.judging.scorecard import Remark, Scorecard, describe_scorecard, perplexity
from tunewright.models.likelihood import likelihood
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, CorpusError, RunError
from tunewright.tokens.contract import encode_passages
from tunewright.training.loop import train_steps
from tunewright.training.run import BEST, default_temperature, load_run
from tunewright.training.tensors import load_tensors

FEW = Order(tunes=3)
CONFIG = SMALL.with_(num_training_iterations=8, eval_every=2)


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty real tunes as an ABC file."""
    path = tmp_path_factory.mktemp("tunes") / "tunes.abc"
    path.write_text("\n\n".join(tune.text for tune in real_tunes()[:40]) + "\n")
    return path


@pytest.fixture(scope="module")
def corpus(tunes: Path) -> Corpus:
    return read_corpus(tunes)


@pytest.fixture(scope="module")
def trained(tunes: Path, corpus: Corpus) -> Path:
    """A run of a few steps on those, with checkpoints."""
    path = tunes.parent / "run"
    training = train_steps(corpus, path, CONFIG, record={"sources": [str(tunes)]})
    list(keep_checkpoints(training, path, 4))
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.fixture(scope="module")
def card(trained: Path) -> Scorecard[Tune]:
    return evaluate(trained, order=FEW).scorecard


def keys(remarks: tuple[Remark, ...]) -> set[str]:
    return {remark.key for remark in remarks}


# ------------------------------------------------------------------------------------------------ runs


def test_a_run_is_held_against_what_it_learned_from(card: Scorecard, corpus: Corpus) -> None:
    assert card.against == corpus.name
    assert card.count == len(card.each) == 3
    assert [one.name for one in card.each] == [f"tune-{seed:03}" for seed in range(3)]
    assert card.originality is not None
    assert card.originality.indexed == len(corpus.train)
    assert not keys(card.remarks) & {"gone", "another", "changed"}


def test_both_rates_of_well_formed_tunes_are_told(card: Scorecard) -> None:
    assert card.drawn is not None
    assert card.drawn.raw_tunes == 3
    assert 0 <= card.drawn.raw_rate <= card.drawn.masked_rate <= 1
    assert card.drawn.masked_rate == card.valid_rate.value
    assert 0 < card.drawn.removed_mass < 1


def test_bits_per_note_are_those_of_the_likelihood(trained: Path, corpus: Corpus, card: Scorecard) -> None:
    generator = load_generator(trained)
    passages = encode_passages(generator.tokenizer, corpus.test)
    expected = likelihood(forward(generator), passages, next(generator.model.parameters()).device)
    assert card.bits_per_note is not None
    assert card.bits_per_note.value == pytest.approx(expected.bits_per_note)
    assert card.bits_per_note.low < card.bits_per_note.value < card.bits_per_note.high
    assert card.nats_per_token is not None
    assert card.nats_per_token.low < card.nats_per_token.value < card.nats_per_token.high
    assert perplexity(card.nats_per_token).value == pytest.approx(expected.perplexity)
    assert all(math.isnan(one.value) for one in held_out_likelihood(generator, ()))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_scorecard_and_another_other_tunes(trained: Path, card: Scorecard) -> None:
    again = evaluate(trained, order=FEW).scorecard
    assert json.dumps(describe_scorecard(again)) == json.dumps(describe_scorecard(card))
    other = evaluate(trained, order=replace(FEW, seed=2)).scorecard
    assert other.each[0].text.split("K:")[1] == card.each[2].text.split("K:")[1]


def test_a_run_whose_tunes_are_gone_is_judged_without(run: Path) -> None:
    (run / "record.json").write_text(json.dumps({"sources": ["/gone/tunes.abc"]}))
    card = evaluate(run, order=FEW).scorecard
    assert "/gone/tunes.abc" in str(card.remarks[0])
    assert {"gone", "alone"} <= keys(card.remarks)
    assert card.bits_per_note is None
    assert describe_scorecard(card)["bits_per_note"]["value"] is None
    with pytest.raises(RunError, match="--against"):
        evaluate(run, order=Order(2, (0.5,)))


def test_a_run_held_against_other_tunes_says_so(run: Path, tmp_path: Path) -> None:
    others = tmp_path / "others.abc"
    others.write_text("\n\n".join(tune.text for tune in real_tunes()[40:]) + "\n")
    card = evaluate(run, against=[others], order=FEW).scorecard
    assert "another" in keys(card.remarks)
    assert card.originality is not None
    assert card.originality.indexed == 10  # all of them: the run learned from none


def test_a_corpus_that_has_changed_is_said_to_have(run: Path, tmp_path: Path) -> None:
    changed = tmp_path / "tunes.abc"
    changed.write_text("\n\n".join(tune.text for tune in real_tunes()[:30]) + "\n")
    (run / "record.json").write_text(json.dumps({"sources": [str(changed)]}))
    assert "changed" in keys(evaluate(run, order=FEW).scorecard.remarks)


def test_bits_of_each_note_are_there_where_they_are_wanted(trained: Path) -> None:
    judged = evaluate(trained, order=replace(FEW, surprises=True))
    for place, bits in judged.surprises.items():
        assert len(bits) == judged.scorecard.each[place].notes
    assert len(judged.surprises) == 3
    assert judged.looks == {}  # an LSTM looks nowhere


@pytest.mark.parametrize("cell", ["attentive-lstm", "transformer"])
def test_where_a_run_that_attends_looks_back_is_there_where_it_is_wanted(
    cell: str, tunes: Path, corpus: Corpus, tmp_path: Path
) -> None:
    config = small(cell).with_(num_training_iterations=2, eval_every=2)
    list(train_steps(corpus, tmp_path / "run", config, record={"sources": [str(tunes)]}))
    judged = evaluate(tmp_path / "run", order=replace(FEW, surprises=True))
    assert judged.looks
    for place, looks in judged.looks.items():
        notes = judged.scorecard.each[place].notes
        assert all(0 <= look.back_to < look.note < notes for look in looks)
    assert evaluate(tmp_path / "run", order=FEW).looks == {}


# ------------------------------------------------------------------------------------------------ settings


@pytest.mark.slow
def test_a_point_for_each_temperature_and_each_checkpoint(run: Path) -> None:
    card = evaluate(run, order=Order(2, (1.0, 0.5), checkpoints=True)).scorecard
    steps = sorted({point.step for point in card.frontier})
    assert {4, 8} <= set(steps)
    assert [(point.step, point.temperature) for point in card.frontier] == [
        (step, temperature) for step in steps for temperature in (0.5, 1.0)
    ]
    assert card.knee is not None
    assert card.frontier[card.knee].shortfall == min(point.shortfall for point in card.frontier)


@pytest.mark.slow
def test_the_knee_is_saved_as_what_the_run_is_drawn_with(run: Path) -> None:
    order = Order(2, (0.5,), checkpoints=True)
    card = evaluate(run, order=order).scorecard
    card = replace(card, knee=0)
    point = save_knee(run, card)
    assert point is not None
    assert default_temperature(run) == 0.5
    assert load_tensors(run / BEST)[1]["step"] == point.step
    drawn = evaluate(run, order=FEW).scorecard.drawn
    assert drawn is not None
    assert drawn.temperature == 0.5


def test_without_a_knee_nothing_is_saved(run: Path, card: Scorecard) -> None:
    assert save_knee(run, card) is None
    assert not (run / "defaults.json").exists()


# ------------------------------------------------------------------------------------------------ files


def test_files_are_judged_tune_by_tune(tunes: Path) -> None:
    card = evaluate(tunes, against=[tunes]).scorecard
    assert card.count == 40
    assert card.drawn is None
    assert card.bits_per_note is None
    assert all(one.shared and one.shared.line.share == 1 for one in card.each)
    assert "contained" in keys(card.remarks)


def test_a_midi_file_is_judged_like_the_tune_that_it_sounds(tmp_path: Path, tunes: Path) -> None:
    from tunewright.formats.midi.tunes import write_midi

    write_midi(real_tunes()[3], tmp_path / "x.mid")
    [one] = evaluate(tmp_path / "x.mid", against=[tunes]).scorecard.each
    assert one.copied
    assert one.shared is not None
    assert one.shared.line.title == real_tunes()[3].title
    assert "K:" in one.text


# ------------------------------------------------------------------------------------------------ refusals


def broken(path: Path) -> None:
    path.write_text("X:1\nT:No key\nABC|\n")


def empty(path: Path) -> None:
    path.write_text("")


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 9)


@pytest.mark.parametrize("make", [broken, empty, binary])
def test_files_without_a_tune_are_refused_with_the_reason(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.abc")
    with pytest.raises(CorpusError, match=r"x\.abc.*no tune could be read"):
        evaluate(tmp_path / "x.abc")


def test_a_run_among_files_is_refused(trained: Path, tunes: Path) -> None:
    with pytest.raises(ConfigError, match="one run, or files"):
        evaluate(trained, tunes)
    with pytest.raises(ConfigError, match="compare"):
        evaluate(trained, trained)


def test_a_temperature_out_of_range_is_refused_before_anything_is_drawn(trained: Path) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        evaluate(trained, order=Order(4, (1.0, 1000.0)), on_progress=lambda *_: pytest.fail("drawn"))


def test_a_run_without_weights_is_refused(run: Path) -> None:
    (run / BEST).unlink()
    with pytest.raises(RunError, match="no weights"):
        evaluate(run)
    assert not load_run(run).trained
