import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import SMALL, corpus_of, real_tunes, run_small

from tunewright.abcnotation import parse_abc
from tunewright.errors import ConfigError, RunError
from tunewright.generate import ROWS, Generator, Sampling, generate, judge, load_generator, sample
from tunewright.models import build_model
from tunewright.tokens import CharTokenizer, canonical_text
from tunewright.train import train
from tunewright.tune import Key

NAMES = ("lstm", "gru")


def untrained(cell: str = "lstm", precision: str = "fp32", width: int = 20) -> Generator:
    config = replace(SMALL, cell=cell, hidden_size=width, embedding_dim=8)
    tokenizer = CharTokenizer.fit(real_tunes())
    model = build_model(config, len(tokenizer.vocab)).eval()
    with torch.no_grad():
        model.head.weight.mul_(20)  # so that it matters what was read
    return Generator(model, tokenizer, "untrained", precision, config)


@pytest.fixture(scope="module")
def by_heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows one tune by heart."""
    path = tmp_path_factory.mktemp("runs") / "by-heart"
    config = replace(SMALL, hidden_size=96, num_layers=1, dropout=0.0, learning_rate=1e-2)
    config = replace(config, seq_length=350, batch_size=8, start_share=0.7, num_training_iterations=200, eval_every=200)
    corpus = corpus_of(real_tunes()[8:9], real_tunes()[8:9])
    *_, last = train(corpus, path, config)
    assert last.train_loss < 0.1
    return path


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", NAMES)
def test_a_tune_is_the_same_whatever_is_drawn_beside_it(cell: str, precision: str) -> None:
    generator = untrained(cell, precision)
    options = {"max_length": 60, "seed": 5}
    many = [drawn.text for drawn in generate(generator, ROWS + 9, batch_size=3 * ROWS, **options)]  # type: ignore[arg-type]
    assert many == [drawn.text for drawn in generate(generator, ROWS + 9, batch_size=1, **options)]  # type: ignore[arg-type]
    for index in (0, 7, ROWS + 3):
        (alone,) = generate(generator, 1, seed=5 + index, max_length=60)
        assert _music(alone.text) == _music(many[index])
    assert len({_music(text) for text in many}) == len(many)


def _music(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line[:2] not in ("X:", "T:"))


def test_tunes_come_in_order_with_their_seeds() -> None:
    drawn = list(generate(untrained(), 70, seed=100, max_length=30))
    assert [tune.index for tune in drawn] == list(range(70))
    assert [tune.seed for tune in drawn] == list(range(100, 170))
    assert all(
        f"N:seed {tune.seed}, temperature 1," in tune.text and tune.text.startswith(f"X:{tune.index + 1}\n")
        for tune in drawn
    )


def test_a_model_that_knows_a_tune_writes_it_and_ends(by_heart: Path) -> None:
    (drawn,) = generate(by_heart, 1, temperature=0)
    expected = real_tunes()[8]
    assert drawn.tune == expected
    assert drawn.ended
    assert drawn.valid == (not judge(canonical_text(expected))[1])
    assert -0.5 < drawn.log_likelihood_per_note < 0
    assert parse_abc(drawn.text) == [expected]


def test_the_note_of_how_it_was_drawn_is_nothing_to_repair(by_heart: Path) -> None:
    for drawn in generate(by_heart, 3, seed=19, temperature=0.2):
        assert drawn.tune is not None
        assert drawn.tune.header("N").startswith(f"seed {drawn.seed}, temperature 0.2, top-k 0,")
        assert not drawn.tune.repairs


def test_a_tune_that_does_not_end_is_cut_and_said_to_be() -> None:
    (drawn,) = generate(untrained(), 1, max_length=12)
    assert drawn.characters == 12
    assert not drawn.ended
    assert not drawn.valid
    assert math.isnan(drawn.log_likelihood_per_note)


def test_music_to_start_with_stands_at_the_beginning_of_the_body(by_heart: Path) -> None:
    tune = canonical_text(real_tunes()[8])
    for drawn in generate(by_heart, 3, start="BAB d2"):
        body = drawn.text.split("\nK:")[1].split("\n", 1)[1]
        assert body.startswith("BAB d2")
        assert drawn.text.split("\nK:")[1][0] == tune.split("\nK:")[1][0]


def test_a_start_with_a_key_alone_leaves_the_other_fields_to_the_model(by_heart: Path) -> None:
    free = next(generate(by_heart, 1))
    assert free.tune is not None
    for drawn in generate(by_heart, 3, start="K:F\nBAB d2"):
        assert drawn.tune is not None
        assert (drawn.tune.key, drawn.tune.meter) == (Key("F"), free.tune.meter)
        assert drawn.text.split("K:F\n")[1].startswith("BAB d2")
        assert drawn.text.index("\nM:") < drawn.text.index("\nL:") < drawn.text.index("\nK:")


def test_a_start_with_a_header_keeps_its_header() -> None:
    generator = untrained()
    for drawn in generate(generator, 2, start="X:4\nT:Mine\nM:6/8\nL:1/8\nK:D major\n|: dcB", max_length=60):
        assert "M:6/8\nL:1/8\nN:" in drawn.text
        assert "\nK:D\n|: dcB" in drawn.text


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": -1.0},
        {"top_p": 1.5},
        {"top_k": -1},
        {"min_p": 2.0},
        {"temperature": math.nan},
        {"start": "日本"},
        {"start": "A" * 5000},
        {"start": "M:nonsense/0\nK:Q"},
        {"n": 0},
        {"batch_size": 0},
    ],
)
def test_impossible_settings_are_refused_before_anything_is_drawn(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        generate(untrained(), **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_run_that_has_learnt_nothing_yet_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        generate(tmp_path / "none")
    run_small(tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").unlink()
    with pytest.raises(RunError, match="no such checkpoint"):
        generate(tmp_path / "run")


LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def frequencies(sampling: Sampling) -> list[float]:
    places = torch.arange(0.0005, 1, 0.001, dtype=torch.float64)
    drawn = sample(LOGITS.expand(len(places), -1), places, sampling)
    return [round(float((drawn == number).double().mean()), 2) for number in range(4)]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(top_k=2), [0.62, 0.38, 0, 0]),
        (Sampling(top_p=0.6), [0.62, 0.38, 0, 0]),
        (Sampling(top_p=0.0), [1, 0, 0, 0]),
        (Sampling(min_p=0.25), [0.53, 0.32, 0.16, 0]),
        (Sampling(temperature=0), [1, 0, 0, 0]),
        (Sampling(temperature=0.5), [0.68, 0.25, 0.06, 0.01]),
    ],
)
def test_ids_are_drawn_as_often_as_the_settings_say(sampling: Sampling, expected: list[float]) -> None:
    assert frequencies(sampling) == pytest.approx(expected, abs=0.011)


def test_a_sign_that_training_never_saw_is_never_written() -> None:
    generator = untrained()
    with torch.no_grad():
        generator.model.head.bias[CharTokenizer.UNKNOWN] = 1000.0
    for drawn in generate(generator, 3, max_length=40):
        assert "\N{REPLACEMENT CHARACTER}" not in drawn.text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc | cBAG | FEDC |]", ""),
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc | cBAG | FEDCC |]", "bar 4 lasts 5/4, the metre is 1"),
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc |]", "has 2 bars, expected at least 4"),
        ("CDEF", "cannot be read"),
    ],
)
def test_well_formed_is_strict(text: str, error: str) -> None:
    assert judge(text)[1].startswith(error) if error else judge(text)[1] == ""
    assert judge(text, ended=False)[1]


def test_a_run_is_loaded_with_its_best_weights(by_heart: Path) -> None:
    assert load_generator(by_heart).name == "by-heart"
