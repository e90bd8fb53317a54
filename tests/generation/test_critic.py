"""A run's critic: kept and read again, the same for every thread, and what is drawn is the best by it."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.drawn import drawn_tune
from tests.support.musical import regular_tunes, trained
from tests.support.small_runs import run_small
from tunewright.formats.abc import format_abc
from tunewright.generation.critic import Critic, load_critic, new_net, save_critic, score_each, side_by_side
from tunewright.generation.generator import Generator, load_generator
from tunewright.measuring.impressions import METERS, hear
from tunewright.music.transposing import transpose
from tunewright.support.errors import RunError
from tunewright.training.run import CRITIC
from tunewright.training.tensors import load_tensors, save_tensors


def critic(nets: int = 2) -> Critic:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        usual = np.tile([0.1, 2.0], (len(METERS) + 1, 1))
        return Critic(tuple(new_net() for _ in range(nets)), {"tunes": 9, "auc": 0.9}, usual)


def with_critic() -> Generator:
    return replace(trained(), critic=critic())


def test_a_score_is_the_same_in_every_key_and_every_thread() -> None:
    tunes, judge = regular_tunes()[:12], critic()
    scores = [judge.score(tune) for tune in tunes]
    assert len(set(scores)) == len(tunes)
    assert scores == [judge.score(transpose(tune, 3)) for tune in tunes]
    with ThreadPoolExecutor(4) as threads:
        assert scores == list(threads.map(judge.score, tunes))


def test_a_tune_is_heard_alike_alone_and_among_longer_ones() -> None:
    (net,) = critic(1).nets
    heard = [found for tune in regular_tunes()[:8] if (found := hear(tune))]
    with torch.inference_mode():
        together = net(side_by_side(heard)).numpy()
    assert np.allclose(together, score_each(critic(1), heard), atol=1e-5)


def test_the_best_of_several_is_the_one_that_the_critic_gives_most() -> None:
    generator, scored = with_critic(), list[tuple[float, str]]()
    judge = generator.critic
    assert judge is not None

    def listening(one: object) -> float:
        scored.append((judge(one), one.text))  # type: ignore[arg-type, attr-defined]
        return scored[-1][0]

    (asked,) = generator.generate(1, seed=3, best_of=5, score=listening)
    (chosen,) = generator.generate(1, seed=3, best_of=5)
    assert len(scored) == 5
    assert _music(chosen.text) == _music(max(scored)[1]) == _music(asked.text)
    assert (asked.chosen_by, chosen.chosen_by) == ("a score of the caller's", "critic")
    assert "best of 5 by critic" in chosen.text


def test_one_tune_is_the_same_alone_and_among_others_and_in_batches_of_one() -> None:
    generator = with_critic()
    many = [one.text for one in generator.generate(3, seed=7, best_of=2)]
    assert many == [one.text for one in generator.generate(3, seed=7, best_of=2, batch_size=1)]
    (alone,) = generator.generate(1, seed=9, best_of=2)
    assert _music(alone.text) == _music(many[2])
    with ThreadPoolExecutor(2) as threads:
        drawn = threads.map(lambda _: [one.text for one in generator.generate(3, seed=7, best_of=2)], range(2))
        assert all(texts == many for texts in drawn)


def test_without_a_critic_the_likeliest_is_taken_and_one_alone_is_not_chosen() -> None:
    (likely,) = trained().generate(1, seed=3, best_of=4)
    assert likely.chosen_by == "likelihood"
    assert "best of 4 by likelihood" in likely.text
    (one,) = trained().generate(1, seed=3)
    (other,) = with_critic().generate(1, seed=3)
    assert one == other
    assert one.chosen_by == ""


def test_what_is_usual_for_a_run_is_drawn_where_nobody_says_how_many() -> None:
    (usual,) = replace(with_critic(), usual_best_of=4).generate(1, seed=3)
    (asked,) = with_critic().generate(1, seed=3, best_of=4)
    assert usual == asked


def test_what_is_not_well_formed_is_never_the_best() -> None:
    whole = format_abc(regular_tunes()[0])
    assert critic()(drawn_tune(whole)) > -math.inf
    assert critic()(drawn_tune(whole.replace("|", "C|", 3))) == -math.inf
    assert critic()(drawn_tune("no tune")) == -math.inf


def test_a_critic_is_read_as_it_was_kept(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    assert load_critic(tmp_path / "run") is None
    assert load_generator(tmp_path / "run").critic is None
    save_critic(tmp_path / "run", critic())
    found = load_generator(tmp_path / "run").critic
    assert found is not None
    assert [found.score(tune) for tune in regular_tunes()[:5]] == [critic().score(tune) for tune in regular_tunes()[:5]]
    assert (found.facts["tunes"], found.facts["auc"]) == (9, 0.9)
    kept = (tmp_path / "run" / CRITIC).read_bytes()
    save_critic(tmp_path / "run", critic())
    assert (tmp_path / "run" / CRITIC).read_bytes() == kept


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors, facts: tensors["0.verdict.weight"].fill_(math.nan), "no finite numbers"),
        (lambda tensors, facts: tensors.pop("1.join.bias"), "1.join.bias: found none"),
        (lambda tensors, facts: tensors.update(more=torch.zeros(1)), "more: found"),
        (lambda tensors, facts: tensors["usual"].zero_(), "a spread"),
        (lambda tensors, facts: facts.update(version=99), "no critic of this version"),
        (lambda tensors, facts: facts.update(nets=10**9), "no critic of this version"),
        (lambda tensors, facts: facts.pop("nets"), "no critic of this version"),
    ],
)
def test_a_critic_that_does_not_fit_is_one_line(tmp_path: Path, change: object, reason: str) -> None:
    save_critic(tmp_path, critic())
    tensors, facts = load_tensors(tmp_path / CRITIC)
    change(tensors, facts)  # type: ignore[operator]
    save_tensors(tmp_path / CRITIC, tensors, facts)
    with pytest.raises(RunError, match=reason) as raised:
        load_critic(tmp_path)
    assert "\n" not in str(raised.value)
    assert CRITIC in str(raised.value)


def test_a_file_that_is_no_critic_is_one_line(tmp_path: Path) -> None:
    (tmp_path / CRITIC).write_text("not a critic")
    with pytest.raises(RunError, match="broken"):
        load_critic(tmp_path)


def _music(text: str) -> str:
    return text[text.index("\nK:") :]
