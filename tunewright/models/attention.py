"""Causal attention of a model to its own past, and the memory of it that drawing keeps: keys and values of each row.

In: what the ids of a chunk are to a layer (B, T, width), and what the layer remembers of the ids before. Out: what it
takes from them (B, T, width). Positions are told by turning queries and keys (Su et al. 2021), so that a weight depends
on how far back an id lies and not on where its row began.

An id 0 ends a tune. Nothing is attended to that lies before the last one: tunes that stand side by side in a training
window have nothing to do with each other, and whoever draws a tune has read none before it. So a row's position is the
number of ids since the last id 0, or since the row was reset, and what rows remember may differ in length.

A *past* is a state: the counts of the rows (rows,), then keys and values of each layer, (blocks, rows, heads, BLOCK,
width of a head). The id at position p of a row stands in column p mod window: each row slides by itself, and memory is
bounded by the window. When one id is read at a time, columns are summed block by block, each of the same shape and in
order, and those that hold nothing add exact zeros: a row gets the same bits however long the rows beside it are. This
file knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunewright.models.contract import State

END = 0  # the id that ends a tune, in every vocabulary
BLOCK = 64  # columns that are summed at once
SMALLEST = 1e-6  # mean square that is brought to 1
SLOWEST = 10000.0  # the longest wavelength of positions is 2 π times this (Su et al. 2021)


@dataclass(frozen=True)
class Chunk:
    """Where the ids (B, T) of a chunk stand in their tunes, of which `counts` (B,) ids were read before."""

    ids: Tensor
    counts: Tensor
    window: int
    width: int  # of a head
    weights: list[Tensor] | None = None  # where it is a list, each layer adds its weights (B, heads, T, T)

    @cached_property
    def positions(self) -> Tensor:
        """The position of each id in its tune (B, T)."""
        steps = torch.arange(self.ids.shape[1], device=self.ids.device)
        return torch.where(self.begins < 0, self.counts[:, None] + steps, steps - self.begins)

    @cached_property
    def begins(self) -> Tensor:
        """Where in the chunk the tune of each id began (B, T), -1 for one that began before."""
        steps = torch.arange(self.ids.shape[1], device=self.ids.device)
        return torch.where(self.ids == END, steps, -1).cummax(1).values

    @cached_property
    def counts_after(self) -> Tensor:
        """How many ids of its tune each row has read after the chunk (B,)."""
        return self.positions[:, -1] + 1

    def blocks(self, counts: Tensor) -> int:
        """How many blocks hold what is remembered of so many ids, whichever are most."""
        return -(-min(int(counts.max()), self.window) // BLOCK)

    @cached_property
    def most_blocks(self) -> int:
        """How many are needed at any time of the chunk."""
        return self.blocks(torch.maximum(self.positions.amax(1) + 1, self.counts))

    @cached_property
    def among(self) -> Tensor:
        """Which ids of the chunk each id attends to (B, T, T)."""
        steps = torch.arange(self.ids.shape[1], device=self.ids.device)
        back = steps[:, None] - steps  # (T, T)
        return (back >= 0) & (back < self.window) & (steps >= self.begins[..., None])

    def remembered(self, columns: int) -> Tensor:
        """Which of so many columns, as they were before the chunk, each id attends to (B, T, columns)."""
        last, places = self.counts[:, None] - 1, torch.arange(columns, device=self.ids.device)
        held = last - (last - places) % self.window  # the position that each holds (B, columns)
        filled = (held >= 0) & (places < self.window)
        near = self.positions[..., None] - held[:, None] < self.window
        return near & filled[:, None] & (self.begins < 0)[..., None]

    @cached_property
    def written(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Rows and steps (n,) of the ids that are remembered after the chunk, and the block and column of each."""
        last = self.counts_after[:, None] - 1
        kept = (self.begins == self.begins[:, -1:]) & (last - self.positions < self.window)
        rows, steps = kept.nonzero(as_tuple=True)
        columns = self.positions[rows, steps] % self.window
        return rows, steps, columns // BLOCK, columns % BLOCK

    @property
    def held(self) -> Tensor:
        """Which columns hold something after the chunk (blocks, B, 1, 1, BLOCK)."""
        blocks = self.blocks(self.counts_after)
        columns = torch.arange(blocks * BLOCK, device=self.ids.device).view(blocks, 1, 1, 1, BLOCK)
        return columns < self.counts_after.clamp(max=self.window)[:, None, None, None]

    @cached_property
    def turns(self) -> tuple[Tensor, Tensor]:
        """Cosines and sines of what positions turn by (B, T, 1, 1, width / 2), from doubles: positions may be large."""
        slower = torch.arange(0, self.width, 2, dtype=torch.float64, device=self.ids.device) / self.width
        angles = self.positions[..., None, None, None] * SLOWEST**-slower
        return angles.cos().float(), angles.sin().float()

    def turned(self, x: Tensor) -> Tensor:
        """Queries and keys (B, T, 2, heads, width), turned by their positions."""
        cosines, sines = self.turns
        first, second = x.chunk(2, -1)
        return torch.cat([first * cosines - second * sines, first * sines + second * cosines], -1)


class CausalAttention(nn.Module):
    """What several heads take from the ids before, and from the id itself.

    Queries and keys are brought to one length before they are compared, which keeps training steady (Henry et al.
    2020). At first nothing is taken: the last weights begin as zeros.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.read = nn.Linear(width, 3 * width, bias=False)  # queries, keys and values
        self.give = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.give.weight)

    def forward(self, x: Tensor, memory: State, chunk: Chunk) -> tuple[Tensor, State]:
        """What is taken (B, T, width) by `x` (B, T, width), and the memory, keys and values, written over."""
        read = self.read(x).view(*x.shape[:2], 3, self.heads, -1)  # (B, T, 3, heads, width of a head)
        queries, keys = chunk.turned(to_one_length(read[:, :, :2])).unbind(2)
        values = read[:, :, 2]
        before = memory
        memory = tuple(_with_blocks(part, chunk.most_blocks) for part in memory)
        if x.shape[1] == 1:
            _remember(memory, (keys, values), chunk)
            return self.give(_attend_of_one(queries, memory, chunk)), memory
        found = _attend(queries, keys, values, before, chunk)
        _remember(memory, (keys, values), chunk)
        return self.give(found), memory


def to_one_length(x: Tensor) -> Tensor:
    """`x` with a mean square of 1 over its last dimension (Zhang and Sennrich 2019), without weights of its own."""
    return F.rms_norm(x.float(), x.shape[-1:], eps=SMALLEST)


def _with_blocks(part: Tensor, blocks: int) -> Tensor:
    more = blocks - len(part)
    return part if more <= 0 else torch.cat([part, part.new_zeros(more, *part.shape[1:])])


def _remember(memory: State, new: State, chunk: Chunk) -> None:
    """Write what is new (B, T, heads, width), and forget tunes that have ended."""
    ended = (chunk.begins[:, -1] >= 0).nonzero()[:, 0]
    rows, steps, blocks, columns = chunk.written
    for part, added in zip(memory, new, strict=True):
        if len(ended):
            part[:, ended] = 0
        part[blocks, rows, :, columns] = added.detach()[rows, steps].to(part.dtype)


def _attend(queries: Tensor, keys: Tensor, values: Tensor, before: State, chunk: Chunk) -> Tensor:
    """What the ids of a chunk take (B, T, width) from one another and from what is remembered."""
    blocks, allowed = chunk.blocks(chunk.counts), chunk.among
    queries, keys, values = (part.transpose(1, 2) for part in (queries, keys, values))  # (B, heads, T, width)
    if blocks:
        old = (part[:blocks].permute(1, 2, 0, 3, 4).flatten(2, 3).to(keys.dtype) for part in before)
        keys, values = (torch.cat([past, now], 2) for past, now in zip(old, (keys, values), strict=True))
        allowed = torch.cat([chunk.remembered(blocks * BLOCK), allowed], 2)  # (B, T, columns + T)
    if chunk.weights is not None:
        scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
        chunk.weights.append(scores.masked_fill(~allowed[:, None], -torch.inf).softmax(-1))
    found = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed[:, None])
    return found.transpose(1, 2).flatten(2)


def _attend_of_one(queries: Tensor, memory: State, chunk: Chunk) -> Tensor:
    """What one id of each row takes (B, 1, width) from what is remembered, itself included; in fp32."""
    held = chunk.held
    keys, values = (part[: len(held)] for part in memory)
    with torch.autocast(queries.device.type, enabled=False):
        asked = queries.float().transpose(1, 2) / queries.shape[-1] ** 0.5  # (B, heads, 1, width)
        scores = (asked @ keys.transpose(-1, -2)).masked_fill(~held, -torch.inf)  # (blocks, B, heads, 1, BLOCK)
        shares = (scores - scores.amax(-1, keepdim=True).amax(0)).exp()
        total = _in_order(shares.sum(-1, keepdim=True))
        found = _in_order(shares @ values) / total
    return found.transpose(1, 2).flatten(2)


def _in_order(blocks: Tensor) -> Tensor:
    """Their sum, one after the other, so that zeros at the end change no bit of it."""
    return reduce(torch.add, blocks.unbind())


# ------------------------------------------------------------------------------------------------ the past as a state


def start_past(rows: int, layers: int, heads: int, width: int, like: Tensor) -> State:
    """The past of rows that have read nothing; `width` of a head."""
    counts = torch.zeros(rows, dtype=torch.long, device=like.device)
    return (counts, *(like.new_zeros(0, rows, heads, BLOCK, width) for _ in range(2 * layers)))


def select_past(past: State, rows: Sequence[int]) -> State:
    """The past of these rows alone, a copy."""
    chosen = torch.tensor(list(rows), dtype=torch.long, device=past[0].device)
    return (past[0][chosen], *(part[:, chosen] for part in past[1:]))


def reset_past(past: State, rows: Sequence[int]) -> State:
    """The past, forgotten in these rows; written over."""
    chosen = list(rows)
    past[0][chosen] = 0
    for part in past[1:]:
        part[:, chosen] = 0
    return past
