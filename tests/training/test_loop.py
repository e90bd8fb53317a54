import itertools
import math
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

import tunewright.support.files
import tunewright.training.loop
import tunewright.training.tensors
from tests.support.places import ROOT
from tests.support.small_runs import SMALL, corpus_of, real_tunes, run_small, small, small_corpus
from tunewright.generation.generator import load_generator
from tunewright.models.recurrent import RecurrentModel
from tunewright.models.settings import MODELS
from tunewright.support import pace
from tunewright.support.errors import ConfigError, CorpusError, OutputError, RunError
from tunewright.support.threads import Threads
from tunewright.training.loop import _Training, learning_rate_at, train_steps
from tunewright.training.run import BEST, LAST, load_run, read_metrics
from tunewright.training.tensors import load_tensors


def test_learning_rates_rise_then_fall_to_a_hundredth() -> None:
    config = SMALL.with_(learning_rate=1.0, warmup=9)
    assert learning_rate_at(config, 1, 0.0) == pytest.approx(0.1)
    assert learning_rate_at(config, 10, 0.0) == pytest.approx(1.0)
    assert learning_rate_at(config, 99, 1.0) == pytest.approx(0.01)
    assert learning_rate_at(config.with_(schedule="constant"), 99, 1.0) == 1.0


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def weights(path: Path, name: str = LAST) -> dict[str, torch.Tensor]:
    return load_tensors(path / name)[0]


def numbers_of(run: Path) -> list[dict[str, object]]:
    """What was measured at each step, how long it took apart."""
    return [{name: value for name, value in line.items() if name != "seconds"} for line in read_metrics(run)]


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "attentive-lstm", "transformer"])
def test_stopped_and_resumed_equals_straight_through_bit_for_bit(tmp_path: Path, cell: str, precision: str) -> None:
    config = small(cell).with_(precision=precision, weight_decay=0.1)
    straight = run_small(tmp_path / "straight", config)
    steps = iter(range(100))
    parts = run_small(tmp_path / "parts", config, stop=lambda: next(steps) >= 3)
    assert parts[-1].status == "interrupted"
    assert parts[-1].step == 4
    torch.manual_seed(99)
    run_small(tmp_path / "parts", None, resume=True)
    for name in (LAST, BEST):
        assert same(weights(tmp_path / "parts", name), weights(tmp_path / "straight", name))
    assert numbers_of(tmp_path / "straight") == numbers_of(tmp_path / "parts")
    assert [line["step"] for line in read_metrics(tmp_path / "straight")] == list(range(1, 9))
    assert straight[-1].status == "finished"


def test_progress_says_where_training_stands(tmp_path: Path) -> None:
    steps = run_small(tmp_path / "run")
    assert [progress.step for progress in steps] == [*range(1, 9), 8]
    assert [progress.step for progress in steps if progress.valid_loss is not None][:-1] == [3, 6, 8]
    last = steps[-1]
    assert last.status == "finished"
    assert last.eta == 0
    assert last.seconds > 0
    assert last.notes > 0
    assert last.best_loss == min(progress.valid_loss for progress in steps if progress.valid_loss is not None)
    assert all(math.isfinite(progress.train_loss) and progress.eta >= 0 for progress in steps)
    summary = load_run(tmp_path / "run").summary
    assert summary["status"] == "finished"
    assert summary["steps"] == 8
    assert summary["valid_loss"] == last.best_loss


def test_the_same_seed_gives_the_same_run_and_another_one_another(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_small(tmp_path / name, SMALL.with_(seed=seed))
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_training_leaves_the_callers_randomness_and_threads_alone(tmp_path: Path) -> None:
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    run_small(tmp_path / "run")
    assert torch.equal(random, torch.get_rng_state())
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", MODELS)
def test_with_however_many_threads_the_numbers_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, precision: str
) -> None:
    config = small(cell).with_(precision=precision, hidden_size=128, batch_size=8, clip=0.01)
    found = []
    for number, counts in enumerate(([1], [2], [1, 3, 8])):
        used = itertools.cycle(counts)
        monkeypatch.setattr(pace, "Threads", lambda _count, used=used: Threads(next(used)))
        run_small(tmp_path / str(number), config)
        found.append(tmp_path / str(number))
    for other in found[1:]:
        assert all(same(weights(found[0], name), weights(other, name)) for name in (LAST, BEST))
        assert numbers_of(other) == numbers_of(found[0])


def test_an_abandoned_iteration_is_saved(tmp_path: Path) -> None:
    progress = train_steps(small_corpus(), tmp_path / "run", SMALL)
    list(itertools.islice(progress, 2))
    progress.close()
    assert load_run(tmp_path / "run").summary["status"] == "interrupted"
    assert load_tensors(tmp_path / "run" / LAST)[1]["step"] == 2
    load_generator(tmp_path / "run")


def test_training_stops_early_when_the_held_out_loss_no_longer_falls(tmp_path: Path) -> None:
    config = SMALL.with_(learning_rate=1e-9, schedule="constant", eval_every=1, patience=2, precision="fp32")
    steps = run_small(tmp_path / "run", config.with_(num_training_iterations=500, learning_rate=1.0))
    assert steps[-1].status == "early_stopped"
    assert steps[-1].step == steps[-1].best_step + 2


def test_the_minutes_end_training(tmp_path: Path) -> None:
    steps = run_small(tmp_path / "run", SMALL.with_(num_training_iterations=10**6, eval_every=10**6), minutes=0.01)
    assert steps[-1].status == "finished"
    assert steps[-1].valid_loss is not None
    assert (tmp_path / "run" / BEST).is_file()


def test_the_last_look_is_within_the_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(tunewright.training.loop.time, "monotonic", clock.now)
    likelihood = tunewright.training.loop.likelihood
    monkeypatch.setattr(tunewright.training.loop, "likelihood", lambda *given: (clock.wait(20), likelihood(*given))[1])
    monkeypatch.setattr(_Training, "_step", lambda *_: (clock.wait(1), 1.0)[1])
    steps = run_small(tmp_path / "run", SMALL.with_(num_training_iterations=10**6, eval_every=10), minutes=2)
    assert [progress.step for progress in steps if progress.valid_loss is not None][-1] == steps[-1].step
    assert 100 <= steps[-1].seconds <= 130
    assert run_small(tmp_path / "none", SMALL, minutes=0)[-1].step == 1


def test_a_loss_that_is_no_number_ends_training_and_spoils_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, calls = RecurrentModel.forward, itertools.count()

    def explodes(self: RecurrentModel, ids: torch.Tensor, state: object = None) -> object:
        logits, after = forward(self, ids, state)  # type: ignore[arg-type]
        return (logits * math.nan if self.training and next(calls) >= 4 else logits), after

    monkeypatch.setattr(RecurrentModel, "forward", explodes)
    steps = run_small(tmp_path / "run")
    assert steps[-1].status == "diverged"
    assert steps[-1].step == 4
    assert load_run(tmp_path / "run").summary["status"] == "diverged"
    assert all(bool(tensor.isfinite().all()) for tensor in weights(tmp_path / "run").values())


@pytest.mark.parametrize(
    ("cell", "layers", "rate"), [("lstm", 1, 2e-2), ("attentive-lstm", 1, 2e-2), ("transformer", 2, 5e-3)]
)
def test_a_tiny_model_learns_one_tune_by_heart(tmp_path: Path, cell: str, layers: int, rate: float) -> None:
    corpus = corpus_of(real_tunes()[8:9], real_tunes()[8:9])
    config = small(cell).with_(hidden_size=64, num_layers=layers, dropout=0.0, learning_rate=rate, seq_length=60)
    steps = list(train_steps(corpus, tmp_path / "run", config.with_(num_training_iterations=250, eval_every=250)))
    assert steps[-1].train_loss < 0.1


def test_a_corpus_without_held_out_tunes_trains_too(tmp_path: Path) -> None:
    steps = list(train_steps(corpus_of(real_tunes()[:3]), tmp_path / "run", SMALL))
    assert steps[-1].status == "finished"
    assert steps[-1].valid_loss is None
    assert load_tensors(tmp_path / "run" / BEST)[1]["step"] == 8


def test_a_corpus_without_tunes_is_a_corpus_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no tunes to train on: all are held out \(1 to choose by, 0 to test with\)"):
        list(train_steps(corpus_of((), real_tunes()[:1]), tmp_path / "run", SMALL))


def test_a_corpus_of_irregular_tunes_alone_says_so(tmp_path: Path) -> None:
    irregular = [tune for tune in real_tunes() if tune.irregular][:3]
    with pytest.raises(CorpusError, match=r"all 3 to learn from have bars that do not add up, which regular_only"):
        list(train_steps(corpus_of(irregular), tmp_path / "run", SMALL.with_(regular_only=True)))
    list(train_steps(corpus_of(irregular), tmp_path / "more", SMALL.with_(regular_only=False)))


def test_a_finished_run_is_not_overwritten(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    before = weights(tmp_path / "run")
    with pytest.raises(RunError, match="already holds a run"):
        run_small(tmp_path / "run")
    assert same(before, weights(tmp_path / "run"))


def test_a_finished_run_can_be_given_more_steps(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    steps = run_small(tmp_path / "run", SMALL.with_(num_training_iterations=10), resume=True)
    assert [progress.step for progress in steps] == [9, 10, 10]


def test_resuming_with_other_settings_or_another_corpus_is_refused(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    with pytest.raises(ConfigError, match="hidden_size is 21, the run has 20"):
        run_small(tmp_path / "run", SMALL.with_(hidden_size=21), resume=True)
    with pytest.raises(RunError, match="another corpus"):
        list(train_steps(corpus_of(real_tunes()[:3]), tmp_path / "run", resume=True))


@pytest.mark.parametrize("content", [b"", b"\xff" * 400])
def test_resuming_from_a_broken_checkpoint_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    run_small(tmp_path / "run")
    (tmp_path / "run" / LAST).write_bytes(content)
    with pytest.raises(RunError, match="broken checkpoint") as caught:
        run_small(tmp_path / "run", None, resume=True)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_shape_is_one_clear_line(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    run_small(tmp_path / "other", SMALL.with_(hidden_size=24))
    for name in (LAST, BEST):
        (tmp_path / "run" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(RunError, match="does not fit the run's settings") as caught:
        run_small(tmp_path / "run", None, resume=True)
    assert "\n" not in str(caught.value)
    with pytest.raises(RunError, match="does not fit the run's settings"):
        load_generator(tmp_path / "run")


def test_a_disk_that_fills_up_leaves_a_run_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replacing, calls = tunewright.support.files.replacing, itertools.count()

    def fills_up(path: Path) -> AbstractContextManager[BinaryIO]:
        if next(calls) >= 3:
            raise OutputError(f"{path}: cannot be written (No space left on device); expected a writable folder")
        return replacing(path)

    monkeypatch.setattr(tunewright.training.tensors, "replacing", fills_up)
    with pytest.raises(OutputError, match="No space left"):
        run_small(tmp_path / "run")
    monkeypatch.undo()
    run_small(tmp_path / "run", None, resume=True)
    run_small(tmp_path / "straight")
    assert same(weights(tmp_path / "run"), weights(tmp_path / "straight"))
    assert same(weights(tmp_path / "run", BEST), weights(tmp_path / "straight", BEST))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.support.small_runs import SMALL, run_small
import tunewright.support.files
left = int(sys.argv[3])
real = os.replace
def dies(source, target):
    global left
    if str(target).endswith(sys.argv[4]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = dies
run_small(Path(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("write", "name"), [(1, LAST), (2, BEST), (2, LAST), (3, "summary.json")])
def test_a_process_killed_while_writing_leaves_a_run_that_goes_on(tmp_path: Path, write: int, name: str) -> None:
    run, here = tmp_path / "run", ROOT
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), str(run), str(here), str(write), name]
    environment = os.environ | {"PYTHONPATH": str(here.parent)}
    killed = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert load_run(run).summary["status"] in ("started", "running")
    run_small(run, None, resume=True)
    run_small(tmp_path / "straight")
    for file in (LAST, BEST):
        assert same(weights(run, file), weights(tmp_path / "straight", file))
