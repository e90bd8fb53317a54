"""A small network that says how much a tune sounds like a real one.

In: rows of notes and of bars (`measuring.impressions`), padded. Out: a number for each tune, the log odds that it is
real. Convolutions over the notes, the greatest and the mean of each bar beside what the bar has in common with earlier
ones, convolutions over the bars, and the greatest and the mean of those. This file knows no music and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NOTE_WIDTH, BAR_WIDTH = 48, 64
_EMBEDDED = 12  # numbers for each of the integers of a row


class Heard(NamedTuple):
    """Tunes side by side, the shorter ones filled up with zeros."""

    notes: Tensor  # (tunes, notes, columns) of integers
    heights: Tensor  # (tunes, notes)
    bar_of: Tensor  # (tunes, notes)
    note_there: Tensor  # (tunes, notes), 1 where there is a note
    bars: Tensor  # (tunes, bars, columns) of integers
    likeness: Tensor  # (tunes, bars, numbers)
    bar_there: Tensor  # (tunes, bars)


class CriticNet(nn.Module):
    """The network; `note_sizes` and `bar_sizes` say of how many values each integer of a row is."""

    def __init__(
        self, note_sizes: Sequence[int], bar_sizes: Sequence[int], likenesses: int, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.note_tables = nn.ModuleList(nn.Embedding(size, _EMBEDDED) for size in note_sizes)
        self.bar_tables = nn.ModuleList(nn.Embedding(size, _EMBEDDED) for size in bar_sizes)
        self.note_1 = nn.Conv1d(_EMBEDDED * len(note_sizes) + 1, NOTE_WIDTH, 5, padding=2)
        self.note_2 = nn.Conv1d(NOTE_WIDTH, NOTE_WIDTH, 5, padding=2)
        self.join = nn.Linear(2 * NOTE_WIDTH + _EMBEDDED * len(bar_sizes) + likenesses, BAR_WIDTH)
        self.bar_1 = nn.Conv1d(BAR_WIDTH, BAR_WIDTH, 3, padding=1)
        self.bar_2 = nn.Conv1d(BAR_WIDTH, BAR_WIDTH, 3, padding=4, dilation=4)
        self.hidden = nn.Linear(2 * BAR_WIDTH, BAR_WIDTH)
        self.verdict = nn.Linear(BAR_WIDTH, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, heard: Heard) -> Tensor:
        """The log odds that each tune is real, (tunes,)."""
        notes = torch.cat([*_looked_up(self.note_tables, heard.notes), heard.heights[..., None]], -1)
        rows = notes.transpose(1, 2) * heard.note_there[:, None]  # (tunes, numbers, notes)
        rows = F.relu(self.note_1(self.dropout(rows))) * heard.note_there[:, None]
        rows = F.relu(self.note_2(self.dropout(rows))) * heard.note_there[:, None]
        within = _by_bar(rows.transpose(1, 2), heard)  # (tunes, bars, numbers)
        about = [within, *_looked_up(self.bar_tables, heard.bars), heard.likeness]
        bars = F.relu(self.join(self.dropout(torch.cat(about, -1)))).transpose(1, 2)
        bars = bars * heard.bar_there[:, None]
        bars = bars + F.relu(self.bar_1(self.dropout(bars))) * heard.bar_there[:, None]
        bars = bars + F.relu(self.bar_2(self.dropout(bars))) * heard.bar_there[:, None]
        mean = bars.sum(2) / heard.bar_there.sum(1, keepdim=True).clamp(min=1)
        whole = torch.cat([bars.amax(2), mean], 1)  # nothing in them is below 0
        found: Tensor = self.verdict(self.dropout(F.relu(self.hidden(self.dropout(whole)))))[:, 0]
        return found


def _looked_up(tables: nn.ModuleList, rows: Tensor) -> list[Tensor]:
    return [table(rows[..., column]) for column, table in enumerate(tables)]


def _by_bar(notes: Tensor, heard: Heard) -> Tensor:
    """The greatest and the mean of the notes of each bar, 0 for one without; nothing in them is below 0."""
    place = heard.bar_of[..., None].expand_as(notes)
    empty = notes.new_zeros(len(notes), heard.bars.shape[1], notes.shape[2])
    counts = empty[..., 0].scatter_add(1, heard.bar_of, heard.note_there)
    mean = empty.scatter_add(1, place, notes) / counts.clamp(min=1)[..., None]
    return torch.cat([empty.scatter_reduce(1, place, notes, "amax"), mean], -1)
