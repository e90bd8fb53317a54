"""What models share that read ids with context features: embeddings, blanks, and what is said to the logits directly.

In: ids (…) or, where K context features stand beside each, (…, 1 + K). Out: their embeddings, and logits with what the
ids themselves add to them. This file has no layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunewright.models.contract import Model
from tunewright.models.settings import ModelSettings

DIRECT_SCALE = 8.0  # Adam moves a weight by about its rate in a step: too little to rule out a token in some hundred


class EmbeddingModel(Model):
    """A model that begins with embeddings.

    What is read beside an id has embeddings of its own (`places`: how many of each), which are added to the id's.
    Where there are such, the id and the first `direct` of them also speak to the logits themselves, past the layers: a
    bar that is full, or a slur just opened, rules tokens out whatever the melody is. While it learns, a share of the
    ids read has no embedding, and a share of what is said to the logits is not heard.
    """

    place_embeddings: nn.ModuleList
    direct: nn.Parameter | None

    def __init__(self, settings: ModelSettings, vocab_size: int) -> None:
        super().__init__()
        self.sizes = (vocab_size,)
        self.dropout, self.input_dropout = settings.dropout, settings.input_dropout
        self.direct_dropout = settings.direct_dropout
        self.embedding = nn.Embedding(vocab_size, settings.embedding_dim)

    def embed_context(self, places: Sequence[int], direct: int) -> None:
        """Have context features read beside each id; built last, so that a seed gives the weights that it gave."""
        vocab_size, width = self.embedding.weight.shape
        self.sizes = (vocab_size, *places)
        self.place_embeddings = nn.ModuleList(nn.Embedding(number, width) for number in places)
        told = [vocab_size, *places[:direct]] if places else []
        self.direct = nn.Parameter(torch.zeros(sum(told), vocab_size)) if told else None
        self.direct_starts = [0, *accumulate(told)][: len(told)]

    def embedded(self, ids: Tensor) -> Tensor:
        """The embeddings (B, T, embedding) of ids (B, T) or (B, T, 1 + K); in training some ids are blank."""
        if not self.place_embeddings:
            return self._blanked(self.embedding(ids))
        numbers = ids.unbind(-1)
        embedded = self._blanked(self.embedding(numbers[0]))
        for embedding, places in zip(self.place_embeddings, numbers[1:], strict=True):
            embedded = embedded + embedding(places)
        return embedded

    def with_direct(self, logits: Tensor, ids: Tensor) -> Tensor:
        """The logits (…, vocab) and what ids (…, 1 + K) add to them themselves."""
        if self.direct is None:
            return logits
        starts = torch.tensor(self.direct_starts, device=ids.device)
        rows = (ids[..., : len(starts)] + starts).flatten(0, -2)
        heard = None
        if self.training and self.direct_dropout:
            heard = F.dropout(self.direct.new_ones(rows.shape), self.direct_dropout)
        said = F.embedding_bag(rows, self.direct, mode="sum", per_sample_weights=heard)
        return logits + DIRECT_SCALE * said.view(logits.shape)

    def drop(self, hidden: Tensor) -> Tensor:
        """The output of a layer, with dropout while it learns."""
        return F.dropout(hidden, self.dropout, self.training)

    def tokens(self, ids: Tensor) -> Tensor:
        """The ids alone (B, T), without what stands beside them."""
        return ids[..., 0] if self.place_embeddings else ids

    def _blanked(self, inputs: Tensor) -> Tensor:
        """The inputs (B, T, width), some of them zero as a whole."""
        if not (self.training and self.input_dropout):
            return inputs
        return inputs * F.dropout(inputs.new_ones(*inputs.shape[:2], 1), self.input_dropout)
