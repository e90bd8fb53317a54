"""A character Transformer of nanoGPT's shape and size: 4 layers, 4 heads, 128 wide, learned positions, 0.8 M weights.

In: ids. Out: logits, as `models.likelihood` asks for them, and one step at a time with keys and values kept. Layer
norms before, GELU, tied head, no biases, as in GPT-2 (Radford et al. 2019) and nanoGPT's small setting for one
processor, with a window of 256 ids for its 64, so that a tune fits nearly whole: whoever reads on sees the last half of
a window, and at most all of it. Written here in plain PyTorch; nothing of Tunewright's models is in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 256
HALF = WINDOW // 2
LAYERS, HEADS, WIDTH = 4, 4, 128
DROPOUT = 0.1

Kept = list[tuple[Tensor, Tensor]]  # keys and values (B, heads, T, width of a head) of each layer


class Block(nn.Module):
    """Attention and a layer that works on each place alone, both added to what comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_mlp = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor, kept: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What comes out (B, T, width), and the keys and values so far; with some kept, T is 1."""
        rows, length = x.shape[:2]
        q, k, v = (
            part.view(rows, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.qkv(self.before_attention(x)).split(WIDTH, -1)
        )  # (B, heads, T, width of a head)
        if kept is not None:
            k, v = torch.cat([kept[0], k], 2), torch.cat([kept[1], v], 2)
        seen = F.scaled_dot_product_attention(
            q, k, v, is_causal=kept is None, dropout_p=DROPOUT if self.training else 0.0
        )
        x = x + self._drop(self.out(seen.transpose(1, 2).reshape(rows, length, WIDTH)))
        x = x + self._drop(self.narrow(F.gelu(self.widen(self.before_mlp(x)))))
        return x, (k, v)

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, DROPOUT, self.training)


@dataclass
class Reading:
    """Where the reading of some rows stands: the ids in sight (B, T) and what the layers keep of them."""

    seen: Tensor
    kept: Kept


class CharTransformer(nn.Module):
    """The model."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab_size, WIDTH), nn.Embedding(WINDOW, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.last = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                ends = name.endswith(("out.weight", "narrow.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * LAYERS) if ends else 0.02)

    def window(self, ids: Tensor) -> Tensor:
        """Logits (B, T, vocab) of ids (B, T), at most a window of them."""
        return self._read(ids)[0]

    def _read(self, ids: Tensor) -> tuple[Tensor, Kept]:
        places = torch.arange(ids.shape[1], device=ids.device)
        x = F.dropout(self.tokens(ids) + self.places(places), DROPOUT, self.training)
        kept: Kept = []
        for block in self.blocks:
            x, keys = block(x)
            kept.append(keys)
        return F.linear(self.last(x), self.tokens.weight), kept

    def forward(self, ids: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits (B, T, vocab) of ids (B, T) that go on after `state`: the last ids read, at most half a window.

        Each id sees half a window before it, if there is so much, and at most a whole one.
        """
        before = ids[:, :0] if state is None else state[0]
        logits = []
        for start in range(0, ids.shape[1], HALF):
            piece = ids[:, start : start + HALF]
            logits.append(self.window(torch.cat([before, piece], 1))[:, before.shape[1] :])
            before = torch.cat([before, piece], 1)[:, -HALF:]
        return torch.cat(logits, 1), (before,)

    def begin(self, ids: Tensor) -> tuple[Tensor, Reading]:
        """Logits (B, vocab) after ids (B, T), and where reading stands."""
        logits, kept = self._read(ids)
        return logits[:, -1], Reading(ids, kept)

    def step(self, ids: Tensor, reading: Reading) -> tuple[Tensor, Reading]:
        """Logits (B, vocab) after one more id of each row (B,); a full window is first cut to its last half."""
        seen = torch.cat([reading.seen, ids[:, None]], 1)
        if seen.shape[1] > WINDOW:
            return self.begin(seen[:, -HALF:])
        place = torch.tensor(seen.shape[1] - 1, device=ids.device)
        x = (self.tokens(ids) + self.places(place))[:, None]
        kept: Kept = []
        for block, keys in zip(self.blocks, reading.kept, strict=True):
            x, now = block(x, keys)
            kept.append(now)
        return F.linear(self.last(x), self.tokens.weight)[:, -1], Reading(seen, kept)


def select(reading: Reading, rows: Tensor) -> Reading:
    """Where the reading of some of the rows stands."""
    return Reading(reading.seen[rows], [(keys[rows], values[rows]) for keys, values in reading.kept])
