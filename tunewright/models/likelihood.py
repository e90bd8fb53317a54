"""How well a model foresees tunes: nats per token, which may be a character, and bits per note.

In: a model and whole tunes as `Passage`s, each read from a zero state. Out: `Likelihood`. A tune's header is
given and not scored in bits per note; its body and its end are. The same with the context cut short tells how far
back a model looks. This file draws nothing and keeps nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from tunewright.models.contract import Forward, Model, State
from tunewright.support.pace import Pace
from tunewright.tokens.contract import Passage

ROWS = 64  # tunes read at once
PIECE = 256  # characters read at once
CUT_ROWS, CUT_PIECE = 512, 32  # the same where the context is cut: many short rows

RESAMPLES = 1000
TAILS = (0.025, 0.975)
RATIOS = ("nats_per_character", "body_nats_per_character", "bits_per_note")


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What a model makes of a set of tunes, over all of them; NaN where there are none."""

    nats_per_character: float  # header, body and end; per token where tokens are not characters
    body_nats_per_character: float  # body and end
    bits_per_note: float  # of body and end
    characters: int
    notes: int
    unseen: int  # characters that the tokenizer does not know

    @property
    def perplexity(self) -> float:
        """Per character, or per token where tokens are not characters; header, body and end."""
        return math.exp(self.nats_per_character)


def reading(model: Model, precision: str) -> Forward:
    """The model as it is read here, and while it learns: its products in `precision`, bf16 or fp32."""

    def forward(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits, state = model(ids, state)
        return logits, state

    return forward


def paced(forward: Forward, device: torch.device) -> Forward:
    """The same, each time with as many threads as go quickest just now; where the device is no CPU, with one."""
    pace = Pace(torch.get_num_threads() if device.type == "cpu" else 1)

    def stepping(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        with pace.step(ids.numel()):
            return forward(ids, state)

    return stepping


def likelihood(forward: Forward, passages: Sequence[Passage], device: torch.device) -> Likelihood:
    """Likelihood of whole tunes; `forward` is a model in evaluation mode, under whatever autocast it needs."""
    return _likelihood(_sums(forward, passages, device).sum(0), passages)


def likelihood_interval(
    forward: Forward, passages: Sequence[Passage], device: torch.device, seed: int = 0
) -> tuple[Likelihood, Likelihood, Likelihood]:
    """Likelihood of whole tunes, and the two ends of its 95 % interval: tunes are drawn again, as many, 1,000 times.

    Each number of the ends is that number's own 2.5th or 97.5th percentile (Efron 1979); NaN for fewer than two tunes.
    """
    sums = _sums(forward, passages, device)
    found = _likelihood(sums.sum(0), passages)
    count = len(passages)
    if count < 2:
        nothing = replace(found, nats_per_character=math.nan, body_nats_per_character=math.nan, bits_per_note=math.nan)
        return found, nothing, nothing
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    drawn = np.array([_ratios(one) for one in weights @ sums])  # (resamples, 3)
    low, high = (replace(found, **dict(zip(RATIOS, row, strict=True))) for row in np.quantile(drawn, TAILS, axis=0))
    return found, low, high


def _sums(forward: Forward, passages: Sequence[Passage], device: torch.device) -> npt.NDArray[np.float64]:
    """For each tune: nats, ids scored, the same of its body, notes (tunes, 5)."""
    losses = token_losses(forward, passages, device)
    bodies = (row[passage.body - 1 :] for row, passage in zip(losses, passages, strict=True))
    return np.array(
        [
            (float(row.sum()), len(row), float(body.sum()), len(body), passage.notes)
            for row, body, passage in zip(losses, bodies, passages, strict=True)
        ]
    ).reshape(-1, 5)


def _ratios(sums: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """The numbers of `RATIOS` from summed sums."""
    total, ids, body, scored, notes = map(float, sums)
    return (
        total / ids if ids else math.nan,
        body / scored if scored else math.nan,
        body / math.log(2) / notes if notes else math.nan,
    )


def _likelihood(sums: npt.NDArray[np.float64], passages: Sequence[Passage]) -> Likelihood:
    unseen = sum(passage.unseen for passage in passages)
    return Likelihood(*_ratios(sums), int(sums[1]), int(sums[4]), unseen)


def token_losses(forward: Forward, passages: Sequence[Passage], device: torch.device) -> list[Tensor]:
    """Nats of every id after the first of each passage (T - 1,), in the order of the passages."""
    order = sorted(range(len(passages)), key=lambda number: len(passages[number].ids))
    found: dict[int, Tensor] = {}
    for start in range(0, len(order), ROWS):
        numbers = order[start : start + ROWS]
        found |= zip(numbers, _losses(forward, [passages[number] for number in numbers], device), strict=True)
    return [found[number] for number in range(len(passages))]


@torch.no_grad()
def _losses(forward: Forward, chunk: Sequence[Passage], device: torch.device) -> Iterator[Tensor]:
    """Nats of every id after the first of each passage, fp64 on the CPU; read in pieces to bound memory."""
    longest = max(len(passage.ids) for passage in chunk)
    ids = torch.zeros(len(chunk), longest, dtype=torch.long)  # (B, T)
    read = torch.zeros(len(chunk), longest, *rows_of(chunk[0]).shape[1:], dtype=torch.long)  # (B, T) or (B, T, 1 + K)
    for row, passage in enumerate(chunk):
        ids[row, : len(passage.ids)] = torch.tensor(passage.ids)
        read[row, : len(passage.ids)] = rows_of(passage)
    ids, read = ids.to(device), read.to(device)
    state: State | None = None
    losses = []
    for start in range(0, longest - 1, PIECE):
        stop = min(start + PIECE, longest - 1)
        logits, state = forward(read[:, start:stop], state)
        targets = ids[:, start + 1 : stop + 1]
        losses.append(F.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none"))  # (B, piece)
    table = torch.cat(losses, 1).double().cpu()
    yield from (row[: len(passage.ids) - 1] for row, passage in zip(table, chunk, strict=True))


def rows_of(passage: Passage) -> Tensor:
    """What is read for each id (T,) or (T, 1 + K)."""
    return torch.tensor(passage.ids) if passage.rows is None else torch.from_numpy(passage.rows).long()


# ------------------------------------------------------------------------------------------------ context cut short


def bits_per_note_by_context(
    forward: Forward,
    passages: Sequence[Passage],
    contexts: Sequence[int],
    device: torch.device,
    positions: int = 1000,
) -> list[float]:
    """Bits per note where every scored character sees only the `context` characters before it, for each of `contexts`.

    The state starts from zero there; near the beginning of a tune there are fewer. A short context hides the header
    too, so that what it costs is memory of the key and metre as well as of the music. What a cut costs is measured at
    about `positions` places of the bodies, evenly spaced and the same for every context, as the difference to what
    the whole context gives there, and added to the ordinary bits per note: a context longer than every tune gives
    exactly those. What a model is told of a place beside the ids is not cut. NaN without notes.
    """
    in_order = sorted(passages, key=lambda passage: len(passage.ids))
    places = [(passage, place) for passage in in_order for place in range(passage.body, len(passage.ids))]
    notes = sum(passage.notes for passage in passages)
    if not places or not notes:
        return [math.nan] * len(contexts)
    count = min(positions, len(places))
    chosen = [len(places) * number // count for number in range(count)]
    whole = torch.cat(list(_body_losses(forward, in_order, device)))  # one per place
    at_chosen = float(whole[chosen].mean())
    cuts = (_mean_nats(forward, [places[index] for index in chosen], context, device) for context in contexts)
    scale = len(places) / math.log(2) / notes
    return [(float(whole.mean()) + cut - at_chosen) * scale for cut in cuts]


def _body_losses(forward: Forward, in_order: Sequence[Passage], device: torch.device) -> Iterator[Tensor]:
    """Nats of the characters of each body, read whole."""
    for start in range(0, len(in_order), ROWS):
        chunk = in_order[start : start + ROWS]
        for passage, losses in zip(chunk, _losses(forward, chunk, device), strict=True):
            yield losses[passage.body - 1 :]


def _mean_nats(forward: Forward, places: Sequence[tuple[Passage, int]], context: int, device: torch.device) -> float:
    """Mean nats of the ids at these places, each after no more than `context` ids."""
    read = ((rows_of(passage)[max(0, place - context) : place], passage.ids[place]) for passage, place in places)
    rows = sorted(read, key=_length)
    chunks = (rows[start : start + CUT_ROWS] for start in range(0, len(rows), CUT_ROWS))
    return sum(_nats_after(forward, chunk, device) for chunk in chunks) / len(rows)


def _length(row: tuple[Tensor, int]) -> int:
    return len(row[0])


@torch.no_grad()
def _nats_after(forward: Forward, rows: Sequence[tuple[Tensor, int]], device: torch.device) -> float:
    """Sum over the rows of the nats of the id that follows what each row reads."""
    lengths = torch.tensor([len(read) for read, _ in rows], device=device)
    longest = int(lengths.max())
    ids = pad_sequence([read for read, _ in rows], batch_first=True).to(device)  # (B, T) or (B, T, 1 + K)
    targets = torch.tensor([target for _, target in rows], device=device)
    state: State | None = None
    total = 0.0
    for start in range(0, longest, CUT_PIECE):
        logits, state = forward(ids[:, start : start + CUT_PIECE], state)
        last = lengths - 1 - start
        here = (last >= 0) & (last < logits.shape[1])
        losses = F.cross_entropy(logits[here, last[here]].float(), targets[here], reduction="none")
        total += float(losses.double().sum())
    return total
