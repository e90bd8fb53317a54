"""Where a run looks while it writes: of each note of a tune, to which note of earlier bars.

In: a generator whose model attends, and a tune. Out: `Look`s, from a note to an earlier one, with the share of all that
the run attends to which lies there. Shares are means over heads and layers, summed over the ids that say the earlier
note; the run looks from where it is about to write each id of the later one. A note is always looked at by those just
after it, so that looks are those that reach back over a bar or more. This file draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt

from tunewright.generation.generator import Generator
from tunewright.models.likelihood import rows_of
from tunewright.music.tune import Note, Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.contract import Passage

MOST_IDS = 2048  # of a tune: weights of every id to every other are kept, of each head and layer

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """From a note of a tune to an earlier one, by their places in `tune.notes`."""

    note: int
    back_to: int
    share: float  # of all that is attended to, 0 to 1
    times: float  # as much as if all ids before were attended to alike


def looks(generator: Generator, tune: Tune) -> list[Look]:
    """The note that each looks at most, of those that lie a bar or more before it; those that stand out most first.

    ConfigError where the model does not attend, or the tune has more ids than are looked at; TokenError where the
    tokens of the run do not cover it. Empty for a tune of which the text does not say which signs are of which note.
    """
    (shares, even), places = note_shares(generator, tune), _places(tune)
    found = []
    for note in range(len(shares)):
        back = [other for other in range(note) if _a_bar_back(places[note], places[other])]
        if back:
            most = max(back, key=lambda other: float(shares[note, other]))
            share = float(shares[note, most])
            if share:  # none where what the run reads ends less than a bar back
                found.append(Look(note, most, share, share / float(even[note, most])))
    return sorted(found, key=lambda look: -look.times)


def note_shares(generator: Generator, tune: Tune) -> tuple[Shares, Shares]:
    """The share of what each note looks at that lies on each other one (notes, notes), and that of an even look.

    The rest of each row lies on what is no note: bar lines, the header. Raises what `looks` raises; no notes where it
    finds none.
    """
    passage = generator.tokenizer.passage(tune)
    if len(passage.ids) > MOST_IDS:
        raise ConfigError(f"{tune.source or tune.title}: {len(passage.ids):,} ids; expected at most {MOST_IDS:,}")
    weights = generator.model.attention(rows_of(passage)[None].to(generator.model.device))
    if weights is None:
        found = f"{generator.name}: its cell {generator.config.model.cell} does not attend to what it has written"
        raise ConfigError(f"{found}; expected a run that does, as of cell transformer")
    said = _said(generator, tune, passage)  # (notes, T)
    ids = said.sum(1, keepdims=True)
    mean = weights.double().mean((0, 1)).cpu().numpy()  # (T, T)
    shares = said[:, 1:] @ mean[:-1] / ids  # an id is written by the one before it
    read = said @ np.arange(len(passage.ids)) / ids[:, 0]  # ids before a note is written
    return shares @ said.T, ids.T / read[:, None]


def _said(generator: Generator, tune: Tune, passage: Passage) -> Shares:
    """Which ids say each note (notes, T), 1 where one does: what `note_bits` adds up; empty where that is not known."""
    each = cast(Sequence[float], list(np.eye(len(passage.ids))))
    rows = generator.tokenizer.note_bits(tune, passage, each)
    known = all(isinstance(row, np.ndarray) for row in rows)
    return np.array(rows if known else []).reshape(-1, len(passage.ids))


def _places(tune: Tune) -> list[tuple[int, Fraction]]:
    """Of each note its bar, and how far into it the note begins."""
    found = []
    for bar, measure in enumerate(tune.measures):
        filled = Fraction(0)
        for element in tune.music[measure.start : measure.stop]:
            if isinstance(element, Note):
                found.append((bar, filled))
            filled += getattr(element, "length", 0)
    return found


def _a_bar_back(place: tuple[int, Fraction], other: tuple[int, Fraction]) -> bool:
    return other <= (place[0] - 1, place[1])
