"""Many tunes of a peer side by side, from the softmax at temperature 1, nothing ruled out but what stands for no sign.

In: a model, its end. Out: ids of each tune, and whether it ended. What ids spell is its tokens' to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from peers.transformer import CharTransformer, select
from tunewright.models.contract import Model
from tunewright.models.devices import cpu_has_bf16

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]  # ids (B,), state -> logits (B, vocab), state
Select = Callable[[Any, Tensor], Any]


@torch.no_grad()
def draw(
    model: Model | CharTransformer, count: int, seed: int, *, longest: int, end: int = 0, never: int = 1
) -> list[tuple[list[int], bool]]:
    """So many tunes: their ids without the end, and whether they ended before `longest` ids."""
    chance = torch.Generator().manual_seed(seed)
    step, state, kept = _reading(model, count)
    rows, ids = torch.arange(count), torch.full((count,), end)
    found: list[list[int]] = [[] for _ in range(count)]
    ended = [False] * count
    for _ in range(longest):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cpu_has_bf16()):
            logits, state = step(ids, state)
        logits = logits.float()
        logits[:, never] = -torch.inf
        ids = torch.multinomial(torch.softmax(logits, -1), 1, generator=chance)[:, 0]
        for row, number in zip(rows.tolist(), ids.tolist(), strict=True):
            if number == end:
                ended[row] = True
            else:
                found[row].append(number)
        going = (ids != end).nonzero()[:, 0]
        if not len(going):
            break
        if len(going) < len(ids):
            rows, ids, state = rows[going], ids[going], kept(state, going)
    return list(zip(found, ended, strict=True))


def _reading(model: Model | CharTransformer, count: int) -> tuple[Step, Any, Select]:
    """How one id of each row is read, the state before the first, and how rows are chosen."""
    if isinstance(model, CharTransformer):
        transformer = model

        def first(ids: Tensor, state: Any) -> tuple[Tensor, Any]:
            return transformer.begin(ids[:, None]) if state is None else transformer.step(ids, state)

        return first, None, select
    recurrent = model

    def step(ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        logits, state = recurrent(ids[:, None], state)
        return logits[:, -1], state

    return step, recurrent.start(count), lambda state, rows: recurrent.select(state, rows.tolist())
