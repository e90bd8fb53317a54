"""The grammar of the musical tokens: whatever it lets through is well formed and ends; real tunes are let through."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.support.abc2midi import complaints
from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.form import FEWEST_BARS, Form, Section, form_of
from tunewright.music.tune import Meter, Note, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.degrees.grammar import Constraints, Grammar
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.degrees.vocabulary import BODY

FORMS = (None, None, Form((Section(8, True), Section(8, True))), Form((Section(3, False), Section(4, True))))
STYLES = ("anything", "short", "long", "signs")
LONGEST = 12000  # tokens


@cache
def grammar() -> Grammar:
    regular = [tune for tune in real_tunes(40) if not tune.bar_errors]
    return Grammar(DegreeTokenizer.fit(regular, chords=False))


def walk(rng: random.Random, constraints: Constraints, style: str) -> list[int]:
    """Ids at random, by a bad habit, until the end."""
    rules, ids = grammar(), list[int]()
    state = rules.start(constraints)
    while True:
        allowed = np.flatnonzero(rules.masks.table[state.row]).tolist()
        assert allowed, f"a dead end after {spelled(ids)}"
        chosen = rng.choice(liked(allowed, style) if rng.random() < 0.9 else allowed)
        if chosen == rules.tokenizer.END:
            return ids
        ids.append(chosen)
        state = state.after(chosen)
        assert len(ids) < LONGEST


def liked(allowed: Sequence[int], style: str) -> Sequence[int]:
    """Those of the ids that this habit prefers; all where it finds none."""
    tokenizer = grammar().tokenizer
    if style == "signs":
        found = [number for number in allowed if number not in tokenizer.timed and number not in tokenizer.bar_lines]
    elif style == "anything":
        found = []
    else:
        lengths = {n: tokenizer.lengths[tokenizer.timed[n][0]] for n in allowed if n in tokenizer.timed}
        best = min if style == "short" else max
        found = [n for n, length in lengths.items() if length == best(lengths.values())]
    return found or allowed


def spelled(ids: Sequence[int]) -> str:
    return " ".join(grammar().tokenizer.vocab[number] for number in ids[-40:])


def decoded(ids: Sequence[int], meter: Meter) -> Tune:
    tokenizer = grammar().tokenizer
    header = ("R:", f"M:{meter}", "mode:major", "tonic:D", "home:4", "bars:?", BODY)
    return tokenizer.decode([*(tokenizer.ids[token] for token in header), *ids])


@cache
def walks(count: int) -> tuple[tuple[Tune, Form | None], ...]:
    return tuple(_walks(count))


def _walks(count: int) -> Iterator[tuple[Tune, Form | None]]:
    rng = random.Random(4)
    tokenizer = grammar().tokenizer
    meters = [meter for meter in tokenizer.meters.values() if not meter.free]
    near = frozenset(number for number, (offset, _) in tokenizer.pitches.items() if -4 <= offset <= 11)
    for number in range(count):
        meter, form, style = rng.choice(meters), rng.choice(FORMS), STYLES[number % len(STYLES)]
        yield decoded(walk(rng, Constraints(meter, form, near), style), meter), form


def test_walks_come_out_well_formed() -> None:
    for tune, form in walks(12):
        [read] = parse_abc(format_abc(tune))
        assert read == tune
        assert not read.repairs, format_abc(tune)
        assert not read.bar_errors, format_abc(tune)
        assert not read.form_errors, format_abc(tune)
        assert len(read.measures) >= FEWEST_BARS
        assert form is None or form_of(read) == form


def test_free_metre_ends_too() -> None:
    meter = next(meter for meter in grammar().tokenizer.meters.values() if meter.free)
    tune = decoded(walk(random.Random(2), Constraints(meter), "long"), meter)
    assert len(tune.measures) >= FEWEST_BARS


def test_pitches_stay_within_those_allowed() -> None:
    tokenizer = grammar().tokenizer
    allowed = frozenset(
        number for number, (offset, alter) in tokenizer.pitches.items() if 0 <= offset <= 4 and not alter
    )
    ids = walk(random.Random(3), Constraints(Meter(6, 8), None, allowed), "anything")
    used = {tokenizer.timed.get(number, (0, number))[1] for number in ids} & set(tokenizer.pitches)
    assert used
    assert used <= allowed


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed")
def test_abc2midi_finds_nothing_wrong(tmp_path: Path) -> None:
    tunes = [format_abc(replace(unbroken(tune), number=n)) for n, (tune, _) in enumerate(walks(12), 1)]
    assert complaints(tmp_path, tunes, "-NFER", "-NGRA") == []


def unbroken(tune: Tune) -> Tune:
    """The tune without dots: abc2midi cannot read one before a broken rhythm."""
    kept = [
        replace(e, decorations=tuple(d for d in e.decorations if d != "staccato")) if isinstance(e, Note) else e
        for e in tune.music
    ]
    return replace(tune, music=tuple(kept))


def test_real_tunes_are_let_through() -> None:
    rules, refused, count = grammar(), 0, 0
    for tune in real_tunes(40):
        if tune.bar_errors or tune.form_errors:
            continue
        try:
            ids = rules.tokenizer.encode(tune)
        except TokenError:
            continue
        body = ids[ids.index(rules.tokenizer.ids[BODY]) + 1 :]
        count += 1
        refused += rules.refused([*body, rules.tokenizer.END], Constraints(tune.meter)) is not None
    assert count > 60
    assert refused <= 0.06 * count  # of those that abc2midi finds right, less than one in a hundred


def test_a_bar_that_is_not_full_is_refused() -> None:
    rules = grammar()
    [tune] = parse_abc("X:1\nM:4/4\nL:1/8\nK:D\nD8|E8|F8|D8|]\n")
    ids = rules.tokenizer.encode(tune)
    body = ids[ids.index(rules.tokenizer.ids[BODY]) + 1 :]
    assert rules.refused([*body, rules.tokenizer.END], Constraints(tune.meter)) is None
    assert rules.refused([*body, rules.tokenizer.END], Constraints(Meter(3, 4))) is not None
    longer = Constraints(tune.meter, Form((Section(5, False),)))
    assert rules.refused([*body, rules.tokenizer.END], longer) is not None


def test_a_settled_note_is_not_sounded_across() -> None:
    rules = grammar()
    tokenizer = rules.tokenizer
    state = rules.start(Constraints(Meter(4, 4)))
    pitch = tokenizer.ids["1"]
    ahead = rules.tables.lengths[tokenizer.ids["1/4"]]
    before = state.row_before(ahead, pitch)
    allowed = set(np.flatnonzero(rules.masks.table[before]).tolist())
    lengths = {tokenizer.lengths[tokenizer.timed[number][0]] for number in allowed if number in tokenizer.timed}
    assert lengths
    assert max(lengths) <= Fraction(1, 4)
    here = state.row_before(0, pitch)
    there = set(np.flatnonzero(rules.masks.table[here]).tolist())
    assert {tokenizer.timed[number][1] for number in there if number in tokenizer.timed} == {pitch}
