"""The loop that draws: rows are replaced, stages change at bars, and bars do not come again too often."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.support.musical import tokenizer, wild
from tunewright.generation.chance import Chance
from tunewright.generation.decoding import Decoding
from tunewright.generation.engine import Drawing, Written
from tunewright.generation.sampling import Sampling
from tunewright.models.contract import State
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.degrees.plan import plan_tune
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.script import DegreeScript
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import build_request

SHORT = build_request(parts="A", bars="4", meter="2/4", rhythm="polka", key="D")


def test_the_stage_is_that_of_the_bar_that_is_written() -> None:
    stages = Decoding(tuple((bar, Sampling(float(bar))) for bar in (1, 5, 9)))
    assert [stages.stage(bars) for bars in (0, 3, 4, 7, 8, 100)] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("bars", [(), (2,), (1, 1), (1, 5, 3), (0,)])
def test_stages_that_do_not_begin_at_bar_one_and_rise_are_refused(bars: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="expected rising numbers"):
        Decoding(tuple((bar, Sampling()) for bar in bars))


def test_repeats_are_no_negative_number() -> None:
    with pytest.raises(ConfigError, match="repeats is -1"):
        Decoding(repeats=-1)


def written(bars: list[str], repeats: int) -> list[bool]:
    """For each bar whether its last note would have been kept from coming, were it drawn."""
    script = DegreeScript(DegreeRows(tokenizer(), None, Masks(len(tokenizer().vocab))), plan_tune(tokenizer(), SHORT))
    one = Written(0, 0, script, Chance(0))
    while not script.in_body:
        script.write(script.forced)
    found = []
    for bar in bars:
        words = [*bar.split(), "|"]
        kept = []
        for word in words:
            number, before = tokenizer().ids[word], script.bars
            kept.append(number in one.banned(repeats))
            script.write(number)
            one.follow(number, before)
        found.append(any(kept))
    return found


SAME, OTHER = "1:1/8 2:1/8 3:1/4", "1:1/8 2:1/8 5:1/4"


def test_a_bar_comes_as_often_in_a_row_as_it_may() -> None:
    assert written([SAME] * 4, 1) == [False, True, True, True]
    assert written([SAME] * 4, 2) == [False, False, True, True]
    assert written([SAME] * 4, 0) == [False] * 4
    assert written([SAME, OTHER, SAME, SAME], 1) == [False, False, False, True]


# ------------------------------------------------------------------------------------------------ the loop


def draw_all(
    count: int, rows: int, step: Callable[[Tensor, State], tuple[Tensor, State]] | None = None
) -> list[Written[Tune]]:
    generator = wild()
    space = generator.workspace()
    beginnings = space.writer.begin(SHORT, 0, 5000)
    masks = space.writer.masks
    drawing: Drawing[Tune] = Drawing(generator.model, step or space.stepper, space.counts, masks, Decoding())
    tunes = iter(range(count))

    def begin() -> Written[Tune] | None:
        place = next(tunes, None)
        return None if place is None else Written(place, 0, beginnings.script(place), Chance(place))

    return list(drawing.draw(begin, rows, 5000, tokenizer().END))


def test_every_tune_is_drawn_once_and_the_same_in_however_many_rows() -> None:
    alone, many = draw_all(20, 1), draw_all(20, 64)  # the first in fewer rows, which are used again
    assert sorted(one.index for one in many) == sorted(one.index for one in alone) == list(range(20))
    ids = {one.index: one.script.ids for one in many}
    assert all(one.ended and one.script.ids == ids[one.index] for one in alone)
    assert len({tuple(found) for found in ids.values()}) == 20


def test_rows_that_are_done_are_filled_at_once() -> None:
    space = wild().workspace()
    usual, counts = space.stepper, space.counts
    steps = []

    def counted(ids: Tensor, state: State) -> tuple[Tensor, State]:
        steps.append(len(ids))
        return usual(ids, state)

    rows = counts[1]
    tunes = 3 * rows
    drawn = draw_all(tunes, rows, counted)
    lengths = [len(one.script.ids) for one in drawn]
    assert len(drawn) == tunes
    full = [count for count in steps if count == rows]
    assert sum(lengths) <= sum(steps)
    assert len(full) < sum(lengths) / rows + max(lengths)  # in thirds of the tunes each would wait for the longest


def test_what_is_given_is_not_counted() -> None:
    [one] = draw_all(1, 1)
    script = DegreeScript(DegreeRows(tokenizer(), None, Masks(len(tokenizer().vocab))), plan_tune(tokenizer(), SHORT))
    body = one.script.ids.index(tokenizer().ids["<body>"]) + 1
    assert one.drawn == len(one.script.ids) - body
    assert one.log_likelihood < 0
    assert 0 <= one.removed < one.drawn
    counted = Written(0, 0, script, Chance(0))
    counted.note(-1.0, 0.5, given=False)  # a header is not music
    assert (counted.log_likelihood, counted.removed, counted.drawn) == (0, 0, 0)


def test_drawing_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    draw_all(1, 1)
    assert torch.get_num_threads() == before
