"""A model that is one short file: each id foretells the next, and so do all that were read, the latest the most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tunewright.models.contract import Model, State

KEPT = 0.8  # of what was read, from one id to the next


class ToyModel(Model):
    """A bigram with a fading memory of what was read (rows, vocab)."""

    def __init__(self, vocab_size: int, context_sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.sizes = (vocab_size, *context_sizes)
        self.tables = nn.ModuleList(nn.Embedding(size, vocab_size) for size in self.sizes)
        self.of_memory = nn.Linear(vocab_size, vocab_size)

    def start(self, rows: int) -> State:
        return (torch.zeros(rows, self.sizes[0], device=self.device),)

    def select(self, state: State, rows: Sequence[int]) -> State:
        return (state[0][list(rows)],)

    def reset(self, state: State, rows: Sequence[int]) -> State:
        memory = state[0].clone()
        memory[list(rows)] = 0
        return (memory,)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        (memory,) = self.start(len(ids)) if state is None else state
        columns = ids.unbind(-1) if len(self.sizes) > 1 else (ids,)
        read = torch.stack([table(column) for table, column in zip(self.tables, columns, strict=True)]).sum(0)
        logits = []
        for now in read.unbind(1):  # (rows, vocab) at each time
            memory = KEPT * memory + (1 - KEPT) * now
            logits.append(now + self.of_memory(memory))
        return torch.stack(logits, 1), (memory,)
