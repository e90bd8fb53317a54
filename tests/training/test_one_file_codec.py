"""One file is enough for a codec: the toy is fitted, learned, kept, gone on with and measured as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_runs import SMALL, corpus_of
from tests.support.toy_codec import TOY, ToyCodec
from tunewright.formats.abc import parse_abc
from tunewright.generation.generator import load_generator
from tunewright.judging.assessment import Order, evaluate
from tunewright.models.likelihood import likelihood, reading
from tunewright.reports.scorecard.text import scorecard_text
from tunewright.support.errors import ConfigError
from tunewright.tokens import registry
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.requests import Request
from tunewright.training.loop import train_steps
from tunewright.training.run import load_run
from tunewright.training.state import TrainingState

BOOK = "\n".join(f"X:{count}\nM:4/4\nL:1/8\nK:C\n{'CDEF GABc|' * count}\n" for count in range(1, 7))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CODECS", {**registry.CODECS, **TOY})


def test_a_codec_of_one_file_is_learned_and_foreseen(tmp_path: Path) -> None:
    tunes = parse_abc(BOOK)
    corpus, config = corpus_of(tunes[:4], tunes[4:]), SMALL.with_(tokens="toy", num_training_iterations=40)
    steps = train_steps(corpus, tmp_path / "run", config)
    assert [next(steps).step for _ in range(10)] == list(range(1, 11))
    steps.close()
    *_, last = train_steps(corpus, tmp_path / "run", resume=True)
    assert last.status == "finished"
    run = load_run(tmp_path / "run")
    assert run.tokenizer == ToyCodec()
    passages = encode_passages(run.tokenizer, corpus.valid)
    state = TrainingState(run)
    found = likelihood(reading(state.model.eval(), "fp32"), passages, state.device)
    assert found.nats_per_character == pytest.approx(last.valid_loss, rel=0.5)
    assert found.notes == sum(len(tune.notes) for tune in corpus.valid)


def test_a_codec_of_one_file_is_drawn_from_and_judged(tmp_path: Path) -> None:
    tunes = parse_abc(BOOK)
    corpus, config = corpus_of(tunes[:4], tunes[4:5], tunes[5:]), SMALL.with_(tokens="toy", num_training_iterations=60)
    list(train_steps(corpus, tmp_path / "run", config))
    generator = load_generator(tmp_path / "run")
    drawn = list(generator.generate(6, Request(free=True), max_length=64, best_of=2))
    assert [one.seed for one in drawn] == list(range(6))
    assert all(one.tune and len(one.tune.notes) == len(one.ids) for one in drawn)
    assert drawn == list(generator.generate(6, Request(free=True), max_length=64, best_of=2, batch_size=5))
    with pytest.raises(ConfigError, match="toy have no grammar"):
        generator.generate(1, Request(bars=8))
    found = evaluate(tmp_path / "run", against=["a book"], order=Order(tunes=8), read=lambda _: corpus)
    assert len(found.scorecard.each) == 8
    assert found.scorecard.bits_per_note is not None
    assert found.scorecard.bits_per_note.value == pytest.approx(
        load_run(tmp_path / "run").summary["bits_per_note"], rel=0.5
    )
    assert "8 tunes" in scorecard_text(found.scorecard)
