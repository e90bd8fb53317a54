"""Where bar lines may stand: walks at random come out well formed and in the form asked for; real tunes pass."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from tests.support.abc2midi import complaints
from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.form import FEWEST_BARS, Form, Place, Section, begin, form_of
from tunewright.music.tune import FREE, Bar, Element, Ending, Key, Meter, MeterChange, Note, Part, Pitch, Rest, Tune

METERS = (Meter(4, 4), Meter(6, 8), Meter(3, 4), Meter(2, 4), Meter(9, 8))
PITCH = (Pitch("C", 0, 5),)
EIGHTH = Fraction(1, 8)


def walk(rng: random.Random, place: Place, meter: Meter) -> Tune:
    """Anything that may come, until the end."""
    music: list[Element] = []
    eager = rng.random()  # for the end
    while not (place.may_end and (not place.goes_on or rng.random() < eager)):
        moves: list[Element] = [Bar(line) for line in sorted(place.lines)]
        moves += [Ending((number,)) for number in sorted(place.endings)]
        if place.goes_on:
            moves += [Note(PITCH, length) for length in lengths(rng, place)]
        assert moves, f"a dead end: {place}"
        music.append(rng.choice(moves))
        place = after(place, music[-1])
        assert len(music) < 5000
    return Tune(tuple(music), key=Key("C"), meter=meter, unit=EIGHTH)


def lengths(rng: random.Random, place: Place) -> Iterator[Fraction]:
    """Lengths that leave a bar that can be filled in eighths."""
    goals = [total - place.filled for total in place.needs() if total > place.filled]
    yield rng.choice(goals or [EIGHTH])
    if goals and max(goals) >= EIGHTH:
        yield EIGHTH


def after(place: Place, element: Element) -> Place:
    if isinstance(element, Note | Rest):
        return place.with_length(element.length)
    if isinstance(element, Bar):
        return place.with_line(element.line)
    assert isinstance(element, Ending)
    return place.with_ending(element.numbers[0])


def any_form(rng: random.Random) -> Form:
    while True:
        form = Form(tuple(Section(rng.randint(1, 8), rng.random() < 0.6) for _ in range(rng.randint(1, 4))))
        if form.bars >= FEWEST_BARS:
            return form


def walks(seed: int, count: int) -> Iterator[tuple[Tune, Form | None, bool, int]]:
    """Tunes, with what was asked for: a form or none, exactly or not, and the most bars."""
    rng = random.Random(seed)
    for _ in range(count):
        meter, exact, most = rng.choice(METERS), rng.random() < 0.5, rng.choice((8, 12, 20))
        form = any_form(rng) if rng.random() < 0.5 else None
        yield walk(rng, begin(meter, form, exact=exact, most_bars=most), meter), form, exact, most


def test_walks_come_out_well_formed() -> None:
    for tune, form, exact, most in walks(1, 60):
        [read] = parse_abc(format_abc(tune))
        assert read == tune
        assert not read.repairs
        assert not read.bar_errors, format_abc(tune)
        assert not read.form_errors, format_abc(tune)
        assert len(read.measures) >= FEWEST_BARS
        assert form is not None or len(read.measures) <= most
        if form:
            assert form_of(read) == form, format_abc(tune)
        if form and exact:
            assert not any(isinstance(element, Ending) for element in tune.music)
            assert whole_bars(tune) == form.bars


def whole_bars(tune: Tune) -> Fraction:
    assert tune.meter.length is not None
    return sum((note.length for note in tune.notes), Fraction(0)) / tune.meter.length


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed")
def test_abc2midi_finds_nothing_wrong(tmp_path: Path) -> None:
    tunes = [format_abc(replace(tune, number=n)) for n, (tune, *_) in enumerate(walks(2, 100), 1)]
    assert complaints(tmp_path, tunes) == []
    assert complaints(tmp_path, ["X:1\nM:4/4\nL:1/8\nK:C\nC8|C7|C8|]\n"])


def test_free_metre_goes_on_until_it_ends() -> None:
    place = begin(FREE)
    assert place.room is None
    for length in (Fraction(1, 8), Fraction(9, 4), Fraction(1), Fraction(1, 16)):
        assert place.goes_on
        place = place.with_length(length)
        assert "|" in place.lines
        place = place.with_line("|")
    assert place.may_end


def test_real_tunes_are_let_through() -> None:
    tunes = [tune for tune in real_tunes(25) if not tune.bar_errors and not tune.form_errors]
    tunes = [t for t in tunes if not any(isinstance(element, MeterChange | Part) for element in t.music)]
    accepted = [tune for tune in tunes if let_through(tune, begin(tune.meter))]
    assert len(tunes) > 45
    assert len(accepted) >= 0.94 * len(tunes)  # abc2midi finds most of the others wrong
    said = [(tune, form) for tune in accepted if (form := form_of(tune))]
    assert len(said) > 0.95 * len(accepted)
    assert sum(let_through(tune, begin(tune.meter, form, exact=False)) for tune, form in said) >= 0.98 * len(said)


def let_through(tune: Tune, place: Place) -> bool:
    for element in tune.music:
        if isinstance(element, Note | Rest) and not place.goes_on:
            return False
        if isinstance(element, Bar) and element.line not in place.lines:
            return False
        if isinstance(element, Ending) and not set(element.numbers) <= place.endings:
            return False
        if isinstance(element, Note | Rest | Bar | Ending):
            place = after(place, element)
    return place.may_end


@pytest.mark.parametrize(
    ("music", "form"),
    [
        ("A2|B8|c8|d8|e6:|f2|g8|a8|b8|c'6|]", ((4, True), (4, False))),
        ("A8|B8|c8|d8||e8|f8|", ((4, False), (2, False))),
        ("A8|B8|[1c8|d8:|[2e8|f8||", ((4, True),)),
        ("A2|:B8|c8|d8|e8:|", ((4, True),)),
        ("|:A8|B8||c8|d8:|", None),  # a repeat around two sections
        ("A8|B8|c8|]", None),  # too short
        ("A8|B7|c8|d8|]", None),  # a bar that does not add up
    ],
)
def test_form_of(music: str, form: tuple[tuple[int, bool], ...] | None) -> None:
    [tune] = parse_abc(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}\n")
    assert form_of(tune) == (form and Form(tuple(Section(*section) for section in form)))


def test_a_section_that_ends_short_is_completed_by_the_next() -> None:
    place = begin(Meter(4, 4))
    for _ in range(3):
        place = place.with_length(Fraction(1)).with_line("|")
    short = place.with_length(Fraction(3, 4)).with_line("||")
    assert short.room == Fraction(1, 4)
    assert short.with_length(Fraction(1, 4)).lines >= {"|"}
    assert short.with_length(EIGHTH).lines == frozenset()
    assert not short.may_end


def test_a_repeat_ends_short_by_its_pickup() -> None:
    place = begin(Meter(3, 4)).with_length(EIGHTH).with_line("|")
    for _ in range(3):
        place = place.with_length(Fraction(3, 4)).with_line("|")
    assert ":|" in place.with_length(Fraction(5, 8)).lines
    assert ":|" not in place.with_length(Fraction(3, 4)).lines


@cache
def outlook(place: Place) -> object:
    """What may come at a place and, for every way to fill its bar, after it."""
    here = place.lines, place.endings, place.may_end, place.needs(), place.goes_on
    totals = sorted({*place.needs(), Fraction(1, 4)}) if place.goes_on else []
    closed = [place.with_length(total - place.filled) for total in totals if total > place.filled]
    onward = ["|" in one.lines and one.with_line("|").goes_on for one in closed]
    return here, [(one.lines, one.may_end) for one in closed], onward


@pytest.mark.parametrize("formed", [False, True])
def test_a_place_may_be_reduced_to_what_still_makes_a_difference(formed: bool) -> None:
    rng = random.Random(11)
    seen, reduced = set(), set()
    for _ in range(20):
        form = any_form(rng) if formed else None
        place = begin(rng.choice(METERS), form, exact=rng.random() < 0.5, most_bars=rng.choice((12, 20)))
        while True:
            small = place.reduced()
            assert outlook(small) == outlook(place)
            assert small.filled or outlook(small.near()) == outlook(place)
            seen.add(place)
            reduced.add(small)
            moves: list[Element] = [Bar(line) for line in sorted(small.lines)]
            moves += [Ending((number,)) for number in sorted(small.endings)]
            moves += [Note(PITCH, length) for length in lengths(rng, place)] if place.goes_on else []
            if not moves:
                break
            move = rng.choice(moves)
            place = after(place, move)
            assert outlook(after(small, move)) == outlook(place)  # and all that follows is alike
    assert len(reduced) < len(seen)
