"""One loaded model drawn from by several threads at once gives what one thread gets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from threading import Barrier

import pytest
import torch

from tests.support.musical import regular_tunes
from tests.support.real_pieces import songs
from tests.support.small_runs import small
from tunewright.generation.decoding import Decoding
from tunewright.generation.generator import Generator
from tunewright.models.building import build_model
from tunewright.models.settings import MODELS
from tunewright.music.kinds import Music
from tunewright.support.errors import ConfigError
from tunewright.tokens.registry import fit_codec
from tunewright.tokens.requests import Request, build_request

CELLS_THAT_ATTEND = [cell for cell, kind in MODELS.items() if kind.attends]
THREADS = 8
EACH = 2
LONGEST = 400  # ids


@dataclass(frozen=True)
class Asked:
    """What a thread draws."""

    request: Request
    decoding: Decoding
    seed: int
    streamed: bool = False


FREE = Request(free=True)
OF_TUNES = (
    build_request(key="E dorian", meter="6/8", bars="4"),
    build_request(key="D", meter="4/4", bars="8"),
    Request(),
    FREE,
)
REQUESTS = {"degrees": OF_TUNES, "characters": OF_TUNES, "remi": (build_request(bars="4"), Request(), FREE)}
REFUSED = {name: Request(start=songs()[0]) for name in ("degrees", "characters")} | {"remi": Request(start="K:C")}


def untrained(tokens: str, cell: str = "lstm") -> Generator:
    """A model that has learned nothing, whose music is as odd as the grammar lets it be."""
    config = small(cell).with_(tokens=tokens, told_share=0.0)
    music: tuple[Music, ...] = songs()[:6] if tokens == "remi" else regular_tunes()[:40]
    codec = fit_codec(config.tokens, music)
    torch.manual_seed(0)
    model = build_model(config.model, len(codec.vocab), codec.context_sizes, codec.direct).eval()
    for weight in model.parameters():
        weight.data += 0.1 * torch.randn(weight.shape) if cell != "lstm" else 0  # what begins as zeros is random
    return Generator(model, codec, "untrained", "fp32", config)


def everything_asked(tokens: str) -> list[Asked]:
    found = []
    for number in range(THREADS):
        request = REQUESTS[tokens][number % len(REQUESTS[tokens])]
        decoding = Decoding.of({1: 0.9, 3: 1.3} if number % 2 else 1.1, repeats=number % 3)
        found.append(Asked(request, decoding, 10 * number, streamed=number % 4 == 1))
    return found


def drawn(generator: Generator, asked: Asked) -> list[object]:
    """What comes out, to the last number."""
    if asked.streamed:
        shown = generator.stream(asked.request, asked.decoding, seed=asked.seed, max_length=LONGEST)
        return [*shown, shown.drawn and shown.drawn.log_likelihood]
    music = generator.generate(EACH, asked.request, asked.decoding, seed=asked.seed, max_length=LONGEST, best_of=2)
    return [(one.ids, one.log_likelihood, one.removed_mass, one.text) for one in music]


def side_by_side(calls: list[Callable[[], list[object]]]) -> list[list[object]]:
    """What each call gives, all of them begun at once."""
    begin = Barrier(len(calls))

    def run(call: Callable[[], list[object]]) -> list[object]:
        begin.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.parametrize(
    ("tokens", "cell"), [*((tokens, "lstm") for tokens in REQUESTS), *product(["degrees"], CELLS_THAT_ATTEND)]
)
def test_eight_threads_draw_what_one_draws(tokens: str, cell: str) -> None:
    asked = everything_asked(tokens)[: THREADS if cell == "lstm" else 3]
    alone = [drawn(untrained(tokens, cell), one) for one in asked]
    shared, before = untrained(tokens, cell), torch.get_num_threads()
    for _ in range(2):  # with tables that are new, and with those that the first time has left
        assert side_by_side([partial(drawn, shared, one) for one in asked]) == alone
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("tokens", list(REQUESTS))
def test_who_breaks_off_or_is_refused_disturbs_nobody(tokens: str) -> None:
    asked = everything_asked(tokens)[:4]
    shared = untrained(tokens)
    alone = [drawn(untrained(tokens), one) for one in asked]

    def break_off() -> list[object]:
        for seed in range(2):
            with pytest.raises(ConfigError):
                shared.generate(1, REFUSED[tokens])
            left = shared.generate(2, seed=seed, max_length=LONGEST)
            next(left, None)
            shown = shared.stream(seed=seed, max_length=LONGEST)
            next(shown, None)
            if seed % 2:
                shown.close()
                left.close()
            del shown, left  # those that are not closed are forgotten
        return []

    both = [*(partial(drawn, shared, one) for one in asked), break_off, break_off]
    assert side_by_side(both) == [*alone, [], []]


def test_what_one_drawing_writes_to_is_left_to_the_next_and_to_no_other_meanwhile() -> None:
    generator = untrained("degrees")
    first, second = generator.workspace(), generator.workspace()
    assert first.writer is not second.writer
    assert first.writer.masks is not second.writer.masks
    assert first.stepper is not second.stepper
    opened = [generator.stream(OF_TUNES[0], seed=seed) for seed in range(3)]
    for one in opened:
        next(one)
        one.close()
        one.close()
    kept = [generator.workspace() for _ in range(3)]
    assert len({id(workspace) for workspace in kept}) == 3
    assert generator.workspace() not in kept
