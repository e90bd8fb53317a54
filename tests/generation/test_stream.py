"""A tune that is shown while it is written is the tune that is written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
import torch

from tests.support.places import ROOT
from tests.support.small_runs import SMALL, real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.generation.generator import Generator
from tunewright.generation.keywords import generate, stream
from tunewright.models.building import build_model
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.requests import Infill, Variation, build_request

REGULAR = tuple(tune for tune in real_tunes() if not tune.irregular)


def untrained(tokens: str) -> Generator:
    """A model that has learned nothing: its tunes are as odd as the grammar lets them be."""
    config = SMALL.with_(tokens=tokens)
    tokenizer = DegreeTokenizer.fit(REGULAR) if tokens == "degrees" else CharTokenizer.fit(REGULAR, "canonical")
    torch.manual_seed(0)
    model = build_model(config.model, len(tokenizer.vocab), tokenizer.context_sizes, tokenizer.direct).eval()
    return Generator(model, tokenizer, "untrained", "fp32", config)


@pytest.fixture(scope="module", params=["degrees", "characters"])
def source(request: pytest.FixtureRequest) -> Generator:
    return untrained(request.param)


JIG = build_request(key="E dorian", meter="6/8", bars="4", parts="AABB")
ORDERS: list[dict[str, Any]] = [
    {"request": JIG},
    {"request": JIG, "temperature": {1: 0.8, 3: 1.5}, "repeats": 1},
    {"start": "GABc dedB|", "request": build_request(meter="4/4", bars="8")},
]
GIVEN: list[dict[str, Any]] = [
    {"given": Infill(REGULAR[0], 3, 4)},
    {"given": Variation(REGULAR[0], 0.5)},
    {"request": build_request(rhythm="reel", bars="12")},
]


def assert_streamed(source: Generator, seed: int, options: dict[str, Any]) -> None:
    pieces = list(shown := stream(source, seed=seed, **options))
    (whole,) = generate(source, 1, seed=seed, **options)
    assert shown.drawn == whole
    assert parse_abc("".join(pieces)) == parse_abc(whole.text)
    assert "".join(pieces).split() == whole.text.split()
    assert all(pieces)
    assert len(pieces) > 1


@pytest.mark.parametrize("options", ORDERS, ids=["jig", "warmer", "start"])
def test_the_pieces_are_the_tune(source: Generator, options: dict[str, Any]) -> None:
    for seed in range(2):
        assert_streamed(source, seed, options)


@pytest.mark.parametrize("options", GIVEN, ids=["infill", "vary", "reel"])
@pytest.mark.parametrize("source", ["degrees"], indirect=True)
def test_the_pieces_of_what_is_made_of_a_tune_are_that_tune(source: Generator, options: dict[str, Any]) -> None:
    for seed in range(3):
        assert_streamed(source, seed, options)


def test_a_piece_ends_with_a_bar(source: Generator) -> None:
    *bars, _ = stream(source, request=JIG)
    assert len(bars) >= 2  # what comes before the octave is settled comes in one piece
    assert all(piece.rstrip().endswith(("|", "]", ":", "1", "2")) for piece in bars)


def test_a_tune_that_nothing_holds_comes_in_one_piece(source: Generator) -> None:
    pieces = list(stream(source, free=True, max_length=200))
    assert pieces == [next(generate(source, 1, free=True, max_length=200)).text]


def test_who_stops_listening_stops_the_drawing(source: Generator) -> None:
    before = threading.active_count()
    pieces = stream(source, request=JIG)
    next(pieces)
    pieces.close()
    assert threading.active_count() == before
    assert list(pieces) == []
    assert pieces.drawn is None


def test_what_cannot_be_had_is_refused_with_the_first_piece(source: Generator) -> None:
    with pytest.raises(ConfigError, match="no notes"):
        next(stream(source, start="K:C", request=JIG)) if source.config.tokens.kind == "degrees" else _no_notes()


def _no_notes() -> None:
    raise ConfigError("no notes")


ABANDONED = """
from tests.generation.test_stream import untrained
from tunewright.generation.keywords import stream
tunes = [stream(untrained("degrees"), seed=seed) for seed in range(3)]
print([bool(next(pieces)) for pieces in tunes])
"""


def test_a_program_that_abandons_a_stream_ends_as_others_do() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", ABANDONED], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert (run.returncode, run.stdout) == (0, "[True, True, True]\n"), run.stderr
