"""Runs of an earlier version give what they gave, to the note; training begins as it did. What, and how to mean it
otherwise: `frozen_runs`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.frozen_runs import BEGUN, DRAWN, FROZEN, SIDE_BY_SIDE, TRAINED, begin, drawn, lay_out, listed

REQUESTS = [f"{codec} {request}" for codec, requests in DRAWN.items() for request in requests]
FIGURES = ("log_likelihood_per_note", "removed_mass")  # sums of floats, whose last digits are the processor's
CLOSE = 1e-4


@dataclass(frozen=True)
class Now:
    """What this version makes of the same."""

    folder: Path
    drawn: dict[str, list[dict[str, Any]]]
    losses: dict[str, list[float]]
    runs: list[dict[str, Any]]


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> Now:
    folder = tmp_path_factory.mktemp("frozen")
    lay_out(folder)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = pool.submit(listed, folder)
        tunes = {request: pool.submit(drawn, folder, *request.split()) for request in REQUESTS}
        losses = {preset: pool.submit(begin, folder, preset) for preset in BEGUN}
    return Now(
        folder,
        {request: future.result() for request, future in tunes.items()},
        {preset: future.result() for preset, future in losses.items()},
        runs.result(),
    )


def frozen(name: str) -> Any:
    return json.loads((FROZEN / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("request_", REQUESTS)
def test_an_old_run_draws_what_it_drew(now: Now, request_: str) -> None:
    for new, old in zip(now.drawn[request_], frozen("drawn.json")[request_], strict=True):
        for name in FIGURES:
            assert new[name] == pytest.approx(old[name], rel=CLOSE)
        assert {name: new[name] for name in old if name not in FIGURES} == {
            name: old[name] for name in old if name not in FIGURES
        }
        for file in old["files"].values():
            assert (now.folder / file).read_bytes() == (FROZEN / file).read_bytes()


def test_old_runs_are_listed_as_they_were(now: Now) -> None:
    assert now.runs == frozen("runs.json")
    assert [run["run"] for run in now.runs] == sorted(TRAINED)


@pytest.mark.parametrize("preset", BEGUN)
def test_a_training_begins_with_the_losses_it_began_with(now: Now, preset: str) -> None:
    assert now.losses[preset] == pytest.approx(frozen("losses.json")[preset], abs=CLOSE)


@pytest.mark.parametrize(
    ("preset", "codec"), [("default", "degrees"), ("lab-default", "characters"), ("polyphony", "remi")]
)
def test_the_same_music_gives_the_same_vocabulary(now: Now, preset: str, codec: str) -> None:
    assert (now.folder / preset / "tokenizer.json").read_bytes() == (FROZEN / codec / "tokenizer.json").read_bytes()
