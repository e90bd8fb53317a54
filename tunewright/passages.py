"""A tune as a model reads and foresees it, whichever tokens it is written in.

In: a tokenizer and tunes. Out: `Passage`s: ids, the rows that a model reads, and where the body begins that is scored;
also which tokenizer a config asks for and a run folder holds. This file knows no model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tunewright.config import Config
from tunewright.degrees import DegreeTokenizer
from tunewright.errors import TokenError
from tunewright.places import Columns, read_rows
from tunewright.tokens import CharTokenizer, body_start
from tunewright.tune import Tune

Tokenizer = CharTokenizer | DegreeTokenizer
Rows = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Passage:
    """A tune as scored: its ids with the end before and after, where its body begins, how many notes it has.

    `rows` (T, 1 + K) are what is read for each id; None where that is the id alone.
    """

    ids: tuple[int, ...]
    body: int  # place in `ids` of the first one of the body
    notes: int
    rows: Rows | None = field(default=None, compare=False)


def fit_tokenizer(config: Config, tunes: Iterable[Tune]) -> Tokenizer:
    """The tokenizer that a config asks for, fitted on training tunes."""
    if config.tokens == "degrees":
        kept = {"graces": config.grace_notes, "chords": config.chord_symbols}
        return DegreeTokenizer.fit(tunes, **kept, told_rhythms=True)
    return CharTokenizer.fit(tunes, config.text)


def tokenizer_from_json(text: str) -> Tokenizer:
    """The tokenizer that `to_json` wrote; TokenError for anything else."""
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None
    degrees = isinstance(stored, dict) and stored.get("kind") == "degrees"
    return DegreeTokenizer.from_json(text) if degrees else CharTokenizer.from_json(text)


def place_sizes(tokenizer: Tokenizer) -> tuple[int, ...]:
    """How many values each thing has that is read beside an id; none for characters."""
    return Columns(tokenizer).sizes if isinstance(tokenizer, DegreeTokenizer) else ()


def encode_passages(tokenizer: Tokenizer, tunes: Sequence[Tune], refused: Counter[str] | None = None) -> list[Passage]:
    """One `Passage` per tune that the tokens cover; the reasons for the others are counted in `refused`."""
    passages = []
    for tune in tunes:
        try:
            passages.append(_encode(tokenizer, tune))
        except TokenError as error:
            if refused is not None:
                refused[str(error)] += 1
    return passages


def _encode(tokenizer: Tokenizer, tune: Tune) -> Passage:
    if isinstance(tokenizer, CharTokenizer):
        text = tokenizer.text_of(tune)
        ids = (tokenizer.END, *tokenizer.encode_text(text), tokenizer.END)
        return Passage(ids, 1 + body_start(text), len(tune.notes))
    ids = (tokenizer.END, *tokenizer.encode(tune), tokenizer.END)
    rows = np.array(read_rows(Columns(tokenizer), ids), np.int16)
    body = 1 + len(tokenizer.encode_header(tokenizer.prepared(tune)))
    return Passage(ids, body, len(tune.notes), rows)
