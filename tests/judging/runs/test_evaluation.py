import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch

from tests.support.changed_json import changed
from tests.support.small_runs import SMALL, corpus_of, real_tunes, small_corpus
from tunewright.corpus.corpus import Corpus
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.texts import body_start, canonical_text
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.keywords import generate
from tunewright.judging.runs import references as references_module
from tunewright.judging.runs.evaluation import (
    BEGINNING,
    CONTEXTS,
    FILE,
    Evaluation,
    evaluate_run,
    load_evaluation,
    save_evaluation,
)
from tunewright.judging.runs.references import References, bare_body, build_references
from tunewright.measuring.table import MEASURES
from tunewright.models.likelihood import likelihood
from tunewright.support.errors import ConfigError, RunError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import encode_passages
from tunewright.training.loop import train_steps
from tunewright.training.run import BEST, LAST, create_run
from tunewright.training.tensors import load_tensors, save_tensors

NAMES = {
    "valid_rate",
    "read_rate",
    *MEASURES,
    "copy_rate",
    "median_longest",
    "p90_longest",
    "beyond_line",
    "verbatim_copy_rate",
    "verbatim_median_longest",
}
TEMPERATURES = (0.5, 1.0)
SHORT = corpus_of(  # short enough to be learned by heart in a moment
    parse_abc(
        "X:1\nT:A\nM:2/4\nL:1/8\nK:D\nDEFG|ABcd|DEFG|A2d2|]\n\nX:2\nT:B\nM:2/4\nL:1/8\nK:D\nd2cB|AGFE|d2cB|A2D2|]\n"
    ),
    parse_abc("X:3\nT:C\nM:2/4\nL:1/8\nK:D\nFGAB|cdcB|AGFE|D2D2|]\n"),
    parse_abc("X:4\nT:D\nM:2/4\nL:1/8\nK:D\nABAG|F2F2|GAGF|E2D2|]\n"),
)
LEARNED = SMALL.with_(
    hidden_size=32,
    dropout=0.0,
    num_training_iterations=200,
    eval_every=200,
    learning_rate=2e-2,
    start_share=0.5,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose best weights have learned one short tune by heart."""
    path = tmp_path_factory.mktemp("runs") / "run"
    for _ in train_steps(
        corpus_of(SHORT.train[:1]), path, LEARNED
    ):  # without held-out tunes, the newest weights are the best
        pass
    record = json.loads((path / "split.json").read_text())
    (path / "split.json").write_text(json.dumps(record | {"fingerprint": SHORT.fingerprint}))
    return path


@pytest.fixture(scope="module")
def references() -> References:
    return build_references(SHORT)


@pytest.fixture(scope="module")
def evaluation(run: Path, references: References) -> Evaluation:
    return evaluate_run(run, SHORT, references, tunes=6, temperatures=TEMPERATURES)


def test_likelihood_is_that_of_the_best_weights(run: Path, evaluation: Evaluation) -> None:
    generator = load_generator(run)
    passages = encode_passages(generator.tokenizer, SHORT.test)
    expected = likelihood(generator.model, passages, torch.device("cpu"))
    assert evaluation.bits_per_note == pytest.approx(expected.bits_per_note)
    assert evaluation.body_nats_per_character == pytest.approx(expected.body_nats_per_character)
    assert evaluation.perplexity == pytest.approx(math.exp(expected.nats_per_character))
    assert evaluation.valid_bits_per_note != evaluation.bits_per_note
    assert [context for context, _ in evaluation.by_context] == list(CONTEXTS)
    assert evaluation.by_context[-1][1] == pytest.approx(evaluation.bits_per_note, rel=1e-5)  # no tune is longer


def test_every_sample_has_every_measure_and_so_have_real_tunes(evaluation: Evaluation, references: References) -> None:
    assert [sample.temperature for sample in evaluation.samples] == list(TEMPERATURES)
    for sample in evaluation.samples:
        assert set(sample.values) == set(references.real) == NAMES
        assert sample.drawn == 6
        assert sample.values["valid_rate"] == sample.valid / 6
        assert sample.values["read_rate"] == sample.read / 6
    assert references.real["valid_rate"] == references.real["read_rate"] == 1


def test_what_was_learned_by_heart_is_found_to_be_copied(evaluation: Evaluation) -> None:
    values = evaluation.sample_at(0.5).values
    assert values["copy_rate"] > 0.5
    assert values["verbatim_median_longest"] > values["median_longest"]


def test_tunes_of_the_end_of_training_are_those_of_the_last_weights(
    run: Path, evaluation: Evaluation, references: References, tmp_path: Path
) -> None:
    assert evaluation.at_end == evaluation.sample_at(1.0)  # here the last weights are the best ones
    other = tmp_path / "run"
    shutil.copytree(run, other)
    tensors, facts = load_tensors(other / BEST)
    save_tensors(
        other / BEST, {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}, facts | {"step": 1}
    )
    emptied = evaluate_run(other, SHORT, references, tunes=6, temperatures=TEMPERATURES)
    assert emptied.at_end == evaluation.at_end
    assert emptied.sample_at(1.0) != evaluation.sample_at(1.0)
    (other / LAST).unlink()
    assert evaluate_run(other, SHORT, references, tunes=5, temperatures=TEMPERATURES).at_end is None


def test_tune_i_has_seed_i_at_every_temperature(run: Path, evaluation: Evaluation, references: References) -> None:
    longest = references.training.canonical.longest
    for temperature in TEMPERATURES:
        drawn = list(generate(run, 6, temperature=temperature, seed=0, max_length=longest, free=True))
        read = [one for one in drawn if one.tune and one.tune.notes]
        sample = evaluation.sample_at(temperature)
        assert (sample.read, sample.valid) == (len(read), sum(one.valid for one in drawn))
        assert temperature != 1 or evaluation.shown == tuple(one.text for one in read)[:4]


def test_the_next_sign_is_that_of_the_model_and_sharper_when_colder(run: Path, evaluation: Evaluation) -> None:
    cold, plain = evaluation.softmaxes
    text = canonical_text(SHORT.valid[0])
    assert plain.after == text[body_start(text) :][:BEGINNING]
    generator = load_generator(run)
    begun = text[: body_start(text) + BEGINNING]
    ids = torch.tensor([[CharTokenizer.END, *generator.tokenizer.encode_text(begun)]])
    logits = generator.model(ids)[0][0, -1].detach()
    logits[CharTokenizer.UNKNOWN] = -math.inf
    expected = torch.softmax(logits, 0)
    best = expected.argsort(descending=True)[:10]
    assert [sign for sign, _ in plain.probabilities] == [generator.tokenizer.vocab[place] for place in best]
    assert [chance for _, chance in plain.probabilities] == pytest.approx(expected[best].tolist(), rel=1e-4)
    assert [sign for sign, _ in cold.probabilities] == [sign for sign, _ in plain.probabilities]
    assert cold.probabilities[0][1] > plain.probabilities[0][1]


def test_what_is_kept_is_used_again(
    run: Path, references: References, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Generator, "generate", lambda *_, **__: pytest.fail("drew again"))
    again = evaluate_run(run, SHORT, references, tunes=6, temperatures=(1.0, 0.5))
    assert repr(again) == repr(evaluation)  # NaN is not equal to itself
    assert repr(load_evaluation(run)) == repr(evaluation)


def copy_of(run: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in run.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def drawn_again(
    run: Path, references: References, monkeypatch: pytest.MonkeyPatch, corpus: Corpus = SHORT, **more: object
) -> bool:
    class Drew(Exception):
        pass

    def draw(*_: object, **__: object) -> Iterator[None]:
        raise Drew

    monkeypatch.setattr(Generator, "generate", draw)
    try:
        evaluate_run(run, corpus, references, **({"tunes": 6, "temperatures": TEMPERATURES} | more))  # type: ignore[arg-type]
    except Drew:
        return True
    return False


def test_what_is_stale_is_made_again(
    run: Path, references: References, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert evaluation
    folder = copy_of(run, tmp_path / "run")
    assert not drawn_again(folder, references, monkeypatch)
    assert drawn_again(folder, references, monkeypatch, tunes=7)
    assert drawn_again(folder, references, monkeypatch, temperatures=(1.0,))
    tensors, facts = load_tensors(folder / BEST)
    save_tensors(folder / BEST, tensors, facts | {"step": facts["step"] + 1})
    assert load_evaluation(folder) is None
    assert drawn_again(folder, references, monkeypatch)


def test_a_broken_file_is_named(run: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    assert evaluation
    folder = copy_of(run, tmp_path / "run")
    whole = json.loads((folder / FILE).read_text())
    for broken in ("", "[]", "{}", json.dumps(whole | {"samples": [{}]}), json.dumps({"made_of": whole["made_of"]})):
        (folder / FILE).write_text(broken)
        with pytest.raises(RunError, match=f"{FILE}: broken"):
            load_evaluation(folder)


def test_what_is_kept_is_of_its_kinds_or_refused(run: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    path = copy_of(run, tmp_path / "run")
    save_evaluation(path, evaluation, {})
    whole, rng, said = json.loads((path / FILE).read_text()), Random(1), list[str]()
    for _ in range(300):
        (path / FILE).write_text(json.dumps(changed(whole, rng)))
        try:
            found = load_evaluation(path)
        except RunError as error:
            said.append(str(error))
            continue
        for sample in found.samples if found else ():
            assert all(isinstance(value, int | float) for value in (sample.temperature, *sample.values.values()))
    assert len(said) > 100
    assert all(line.startswith(f"{path / FILE}: ") for line in said)


def test_numbers_that_are_none_survive_keeping(run: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    folder = copy_of(run, tmp_path / "run")
    hollow = replace(evaluation, bits_per_note=math.nan, by_context=((10, math.nan),), samples=(), softmaxes=())
    save_evaluation(folder, hollow, {"tunes": 1})
    assert repr(load_evaluation(folder)) == repr(hollow)
    assert load_evaluation(folder, {"tunes": 2}) is None
    assert "NaN" not in (folder / FILE).read_text()


def test_a_temperature_that_was_not_drawn_is_an_error(evaluation: Evaluation) -> None:
    with pytest.raises(KeyError, match=r"temperature 0\.6; there are 0\.5, 1"):
        evaluation.sample_at(0.6)


def test_a_run_without_weights_cannot_be_evaluated(references: References, tmp_path: Path) -> None:
    tokenizer = CharTokenizer.fit(SHORT.train)
    create_run(tmp_path / "run", SMALL, tokenizer, {"fingerprint": SHORT.fingerprint})
    assert load_evaluation(tmp_path / "run") is None
    with pytest.raises(RunError, match="not been trained far enough"):
        evaluate_run(tmp_path / "run", SHORT, references)


def test_a_run_is_not_judged_by_what_it_may_have_learned(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = copy_of(run, tmp_path / "run")
    other = replace(SHORT, split=("train", "valid", "train", "test"))
    others = build_references(other)
    with pytest.raises(RunError, match="another corpus or split"):
        evaluate_run(folder, other, others)
    assert drawn_again(folder, others, monkeypatch, other, allow_different_split=True)


def test_temperatures_out_of_range_are_refused(run: Path, references: References) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        evaluate_run(run, SHORT, references, tunes=1, temperatures=(-1.0,))


def test_an_interrupted_run_of_verbatim_text_with_nothing_held_out(tmp_path: Path) -> None:
    corpus = corpus_of(real_tunes()[:3])
    config = SMALL.with_(text="verbatim", eval_every=1)
    stops = iter([False, True])
    for progress in train_steps(corpus, tmp_path / "run", config, stop=lambda: next(stops)):
        status = progress.status
    assert status == "interrupted"
    references = build_references(corpus)
    told: list[tuple[int, int]] = []
    found = evaluate_run(
        tmp_path / "run",
        corpus,
        replace_longest(references, 60),
        tunes=2,
        temperatures=(0.9, 1.0),
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert math.isnan(found.bits_per_note)
    assert math.isnan(references.real["copy_rate"])
    assert found.softmaxes == ()
    assert load_evaluation(tmp_path / "run") is not None


def replace_longest(references: References, longest: int) -> References:
    """The same, drawn tunes cut sooner."""
    texts = replace(references.training.verbatim, longest=longest)
    references.training.__dict__["verbatim"] = texts  # what cached_property has kept
    return references


def test_held_out_tunes_that_are_training_tunes_are_seen_to_be() -> None:
    tunes = real_tunes()[:8]
    real = build_references(corpus_of(tunes, tunes[:4], tunes[4:])).real
    assert real["copy_rate"] == real["verbatim_copy_rate"] == 1
    assert real["transition_match"] == pytest.approx(1)
    assert real["plan_match"] == pytest.approx(1)
    apart = build_references(small_corpus()).real
    assert apart["transition_match"] < 0.99
    assert apart["copy_rate"] < 1


def test_no_more_real_tunes_are_measured_than_drawn_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references_module, "MOST", 2)
    tunes = real_tunes()[:8]
    found = build_references(corpus_of(tunes[:4], (tunes[4], tunes[0]), (tunes[5], tunes[1])))
    assert found.real["copy_rate"] == 0  # every second one: neither of the two that are in training


def test_line_ends_and_headers_are_no_passage() -> None:
    assert bare_body("X:1\nK:D\nA B|\nc") == "AB|c"
