"""What tunes state is what we would have inferred, mostly; and an unclear tune is left unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.real_tunes import collection
from tunewright.corpus.inference import LEAST_CONFIDENCE, infer_key, infer_mode, infer_rhythm
from tunewright.formats.abc import parse_abc
from tunewright.music.rhythms import known_rhythm
from tunewright.music.tune import Key, Tune


def tune(body: str, key: str = "C", meter: str = "4/4") -> Tune:
    return parse_abc(f"X:1\nM:{meter}\nL:1/8\nK:{key}\n{body}\n")[0]


@pytest.mark.parametrize(
    ("body", "meter", "name"),
    [
        ("GAB cde|", "6/8", "jig"),
        ("GAB cde def|", "9/8", "slip jig"),
        ("GABc defg|gfed cBAG|", "C|", "reel"),
        ("G>AB>c d>ef>g|g>fe>d c>BA>G|", "4/4", "hornpipe"),
        ("G<AB>c d<ef>g|g>fe<d c>BA<G|", "C", "strathspey"),
        ("GABc defg|G2G2 G4:|", "4/4", "hornpipe"),
    ],
)
def test_a_dance_is_told_by_its_metre_and_notes(body: str, meter: str, name: str) -> None:
    inferred = infer_rhythm(tune(body, meter=meter))
    assert inferred is not None
    assert inferred.value == name


@pytest.mark.parametrize("meter", ["3/4", "none", "5/8"])
def test_a_metre_of_many_dances_is_left_unknown(meter: str) -> None:
    assert infer_rhythm(tune("GABc|", meter=meter)) is None


@pytest.mark.parametrize(
    ("body", "key", "mode"),
    [
        ("CDEF GABc|cBAG FEDC|", "C", "major"),
        ("D=EFG AB=cd|d=cBA GFED|", "D", "dorian"),
        ("GABc de=fg|g=fed cBAG|", "G", "mixolydian"),
        ("A_Bcd e_fga|", "A", "minor"),
    ],
)
def test_a_mode_is_told_by_the_scale(body: str, key: str, mode: str) -> None:
    natural = tune(body.replace("=", "").replace("_", ""), key="none")
    found = infer_key(replace(natural, key=Key(key)))
    assert found is not None
    assert found[0] == Key(key, mode)


def test_three_notes_leave_the_mode_unknown() -> None:
    inferred = infer_mode(tune("C2 G2 C4|"))
    assert inferred is None or inferred.confidence < 0.8


def test_stated_rhythms_are_inferred_as_often_as_we_claim() -> None:
    said: dict[str, list[bool]] = {}
    for stated in collection("oneill"):
        known = known_rhythm(stated.rhythm)
        inferred = infer_rhythm(replace(stated, rhythm=""))
        if known and inferred:
            said.setdefault(inferred.value, []).append(known.name == inferred.value)
    for name in ("jig", "reel", "hornpipe"):
        assert sum(said[name]) / len(said[name]) > 0.75, name


def test_confident_modes_are_the_stated_ones() -> None:
    stated = [tune for tune in collection("aird") if tune.key.mode != "major" and tune.key.tonic]
    sure = [(tune, found) for tune in stated if (found := infer_key(replace(tune, key=Key(tune.key.tonic))))]
    right = [found[0].mode == tune.key.mode for tune, found in sure if found[1] > 0.9]
    assert len(right) > 80
    assert sum(right) / len(right) > 0.9


def test_what_is_unsure_is_not_said() -> None:
    inferred = [infer_mode(candidate) for candidate in collection("aird")[:200]]
    said = [one for one in inferred if one is not None]
    assert len(said) > 50
    assert all(one.confidence >= LEAST_CONFIDENCE for one in said)
