"""What is settled of a tune before it is drawn: what is asked for, what it begins with, what is given of it."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.support.musical import regular_tunes, tokenizer
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.beats import metrical_level
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, Key, Note, Pitch, Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.degrees.context import begun_in
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.grammar import Grammar
from tunewright.tokens.degrees.plan import Plan, fit_start, guess_key, plan_infill, plan_tune, plan_variation
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.degrees.vocabulary import BODY
from tunewright.tokens.requests import Request, build_request


def words(ids: tuple[int, ...] | None) -> list[str]:
    return [tokenizer().vocab[number] for number in ids or ()]


# ------------------------------------------------------------------------------------------------ a new tune


def test_what_is_asked_for_is_settled_and_the_rest_is_left_to_the_model() -> None:
    assert plan_tune(tokenizer(), Request()) == Plan()
    asked = build_request(key="E dorian", meter="6/8", rhythm="jig", parts="AAB", bars="8,4")
    plan, ids = plan_tune(tokenizer(), asked), tokenizer().ids
    assert (plan.rhythm, plan.meter, plan.mode) == (ids["R:jig"], ids["M:6/8"], ids["mode:dorian"])
    assert plan.tonic == ids["tonic:E"]
    assert words(plan.form) == ["bars:8:|", "bars:4"]
    assert (plan.home, plan.music, plan.piece) == (None, (), ())


@pytest.mark.parametrize(("low", "high"), [("D3", "B4"), ("G3", "D5"), ("D4", "B5"), ("A4", "E6")])
@pytest.mark.parametrize("tonic", ["C", "Eb", "F#", "A", "B"])
def test_the_home_of_a_range_leaves_the_scale_in_the_middle_of_it(tonic: str, low: str, high: str) -> None:
    request = build_request(key=tonic, pitch_range=f"{low}-{high}")
    home = tokenizer().homes[plan_tune(tokenizer(), request).home or -1]
    assert request.low is not None
    assert request.high is not None
    middle = Pitch(tonic[0], {"": 0, "b": -1, "#": 1}[tonic[1:]], home).midi + 5
    assert abs(middle - (request.low.midi + request.high.midi) / 2) <= 6.5


@pytest.mark.parametrize("meter", ["13/16", "20/4"])
def test_a_metre_without_a_token_is_refused(meter: str) -> None:
    with pytest.raises(ConfigError, match=f"metre {meter} was asked for"):
        plan_tune(tokenizer(), build_request(meter=meter))


def test_a_start_is_the_music_that_a_tune_begins_with() -> None:
    for tune in regular_tunes()[:40]:
        bars = [place for place, element in enumerate(tune.music) if isinstance(element, Bar)]
        begun = replace(tune, music=tune.music[: bars[2] + 1])
        plan = plan_tune(tokenizer(), Request(), format_abc(begun))
        home = tokenizer().homes[plan.home or -1]
        assert plan.music == tuple(tokenizer().encode_music(tokenizer().prepared(begun), home=home))
        assert (plan.request.key, plan.request.meter) == (tune.key, tune.meter)


def test_a_start_without_header_gets_the_asked_key_or_a_guessed_one() -> None:
    asked = plan_tune(tokenizer(), build_request(key="G", meter="4/4"), "GABc dedB|")
    assert words(asked.music)[:3] == ["1:1/8", "2:1/8", "3:1/8"]
    guessed = plan_tune(tokenizer(), Request(), "GABc dedB|")
    assert guessed.request.key == Key("G")
    headed = plan_tune(tokenizer(), Request(), "R:jig\nM:6/8\nL:1/16\nK:Ador\nA2B2c2 d6|")
    assert headed.request == Request(
        key=Key("A", "dorian"), meter=parse_abc("X:1\nM:6/8\nK:C\nC")[0].meter, rhythm="jig"
    )
    assert words(headed.music) == ["1:1/8", "2:1/8", "3:1/8", "4:3/8", "|"]


@pytest.mark.parametrize(
    ("start", "words_", "reason"),
    [
        ("K:C", {}, "no notes"),
        ("|:", {}, "no notes"),
        ("ABc [K:D]def|", {}, "change of key"),
        ("[CE]2 G2|", {}, "sound together"),
        ("M:nonsense\nK:D\nA2", {}, "cannot be read"),
        ("C,2 D2 E4|", {"pitch_range": "D4-B5"}, "outside D4-B5"),
        ("R:reel\nM:9/8\nK:D\nA3 A3 A3|", {}, "a reel in 9/8"),
    ],
)
def test_starts_that_cannot_be_had_are_refused(start: str, words_: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        plan_tune(tokenizer(), build_request(**words_), start)


def test_a_start_leaves_the_metres_that_it_fits() -> None:
    grammar = Grammar(tokenizer())

    def left(start: str, **asked: str) -> set[str]:
        plan = fit_start(plan_tune(tokenizer(), build_request(**asked), start), grammar)
        assert plan.meters is not None
        return {str(tokenizer().meters[number]) for number in plan.meters}

    assert left("K:D\nA3 d3|f3 a3|") >= {"6/8"}
    assert not left("K:D\nA3 d3|f3 a3|") & {"4/4", "2/4", "9/8", "none"}
    assert left("K:D\nA2 d2 f2 a2|") >= {"4/4", "C", "C|"}
    assert left("K:D\nA2", meter="6/8") == {"6/8"}
    for start, asked in (("K:D\nA2 d2 f2 a2|a4|g4|", {}), ("K:D\nA3 d3|f3 a3|", {"meter": "4/4"})):
        with pytest.raises(ConfigError, match="does not fit"):
            left(start, **asked)


@pytest.mark.parametrize("key", [Key("D"), Key("A", "minor"), Key("A", "mixolydian"), Key("A", "dorian")])
def test_a_guessed_key_moves_with_the_notes(key: Key) -> None:
    tunes = [tune for tune in regular_tunes() if tune.key == key][:8]
    assert tunes
    for tune in tunes:
        guessed = guess_key(tune)
        for semitones in (-2, 3, 5):
            moved = guess_key(transpose(tune, semitones))
            assert moved.mode == guessed.mode
            assert (_pitch_class(moved) - _pitch_class(guessed) - semitones) % 12 == 0


def _pitch_class(key: Key) -> int:
    assert key.tonic is not None
    return Pitch(key.tonic[0], key.tonic.count("#") - key.tonic.count("b"), 4).midi % 12


def test_most_keys_are_guessed_right_from_the_whole_tune() -> None:
    tunes = regular_tunes()[::3]
    right = sum(guess_key(tune).sharps == tune.key.sharps for tune in tunes)
    assert right > 0.8 * len(tunes)


# ------------------------------------------------------------------------------------------------ filling in


def test_filling_in_begins_with_what_stands_before_and_knows_what_stands_after() -> None:
    rng, features = random.Random(3), ContextFeatures(tokenizer())
    for tune in regular_tunes()[:60]:
        numbers = [measure.number for measure in tune.measures]
        first = rng.choice(numbers)
        last = rng.choice([number for number in numbers if first <= number <= first + 3])
        plan = plan_infill(tokenizer(), tune, first, last)
        chosen = [measure for measure in tune.measures if first <= measure.number <= last]
        ids = [tokenizer().END, *tokenizer().encode(tune)]
        body = ids.index(tokenizer().ids[BODY]) + 1
        assert tuple(ids[body:])[: len(plan.music)] == plan.music
        assert [bar.total for bar in plan.piece] == [int(measure.length * 6720) for measure in chosen]
        before = sum(isinstance(element, Note) for element in tune.music[: chosen[0].start])
        inside = sum(isinstance(e, Note) for m in chosen for e in tune.music[m.start : m.stop])
        begun = begun_in(features, ids)
        rests = len(begun) - len(tune.notes)
        assert len(tune.notes) - before - inside <= len(plan.known) <= len(tune.notes) - before - inside + rests
        assert all(plan.known[one.onset] == one.sound for one in begun if one.onset in plan.known)
        assert plan.splice is not None
        assert plan.splice[0] is tune
        header = (plan.rhythm, plan.meter, plan.mode, plan.tonic, plan.home, *(plan.form or ()))
        assert header == tuple(ids[1 : body - 1])


@pytest.mark.parametrize(("first", "last"), [(5, 4), (-1, 3), (3, 99), (99, 99)])
def test_bars_that_are_not_there_are_refused(first: int, last: int) -> None:
    with pytest.raises(ConfigError, match="it has bars"):
        plan_infill(tokenizer(), regular_tunes()[0], first, last)


def slurred(music: str) -> Tune:
    return parse_abc(f"X:1\nM:4/4\nL:1/4\nK:C\n{music}\n")[0]


def test_a_tie_or_slur_into_the_bars_goes_on_in_them() -> None:
    tune = slurred("CDEF-|FEDC|(CDEF|G)FED|C4|]")
    assert words((plan_infill(tokenizer(), tune, 2, 2).tie,)) == ["4"]
    assert [plan_infill(tokenizer(), tune, bar, bar).slurs for bar in (1, 2, 4, 5)] == [0, 0, 1, 0]
    assert [plan_infill(tokenizer(), tune, bar, bar).tie for bar in (1, 4, 5)] == [0, 0, 0]
    assert plan_infill(tokenizer(), tune, 3, 4).slurs == 0
    with pytest.raises(ConfigError, match="a slur leads on"):
        plan_infill(tokenizer(), tune, 3, 3)


def test_a_slur_over_all_of_the_bars_is_left_alone() -> None:
    assert plan_infill(tokenizer(), slurred("C4|(CDEF|GFED|C4)|C4|]"), 3, 3).slurs == 0


def test_a_model_without_chord_symbols_fills_in_the_right_bars() -> None:
    tune = slurred('"C"CDEF|"F"F4|"G7"G4|"C"C4|"F"FGFA|]')
    bare = DegreeTokenizer(chords=False)
    plan = plan_infill(bare, tune, 3, 3)
    assert [bare.vocab[number] for number in plan.music].count("|") == 2
    assert [bar.after for bar in plan.piece] == [bare.ids["|"]]
    assert len(plan.known) == 5


# ------------------------------------------------------------------------------------------------ varying


AMOUNTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def test_what_stays_shrinks_with_the_amount_and_strong_places_stay_longest() -> None:
    for tune in regular_tunes()[:30]:
        ids = [tokenizer().END, *tokenizer().encode(tune)]
        begun = {one.onset: one.sound for one in begun_in(ContextFeatures(tokenizer()), ids)}
        plans = [plan_variation(tokenizer(), tune, amount, seed=4) for amount in AMOUNTS[1:]]
        for amount, plan, wilder in zip(AMOUNTS[1:], plans, [*plans[1:], Plan()], strict=True):
            assert len(plan.known) == round((1 - amount) * len(begun))
            assert set(wilder.known.items()) <= set(plan.known.items()) <= set(begun.items())
            assert set(plan.anchors) <= set(plan.known)
            gone = [metrical_level(into, tune.meter) for bar, into in set(begun) - set(plan.known)]
            stays = [metrical_level(into, tune.meter) for bar, into in plan.known]
            assert max(gone) <= min(stays, default=5) + 1
            if 0.25 <= amount <= 0.75:
                assert np.mean(stays) > np.mean(gone)
        assert not plans[-1].known
        assert not plans[-1].anchors


def test_another_seed_keeps_other_notes() -> None:
    plans = [plan_variation(tokenizer(), regular_tunes()[0], 0.5, seed) for seed in range(3)]
    assert plans[0] == plan_variation(tokenizer(), regular_tunes()[0], 0.5, 0)
    assert len({frozenset(plan.known) for plan in plans}) == 3


def test_the_frame_of_a_variation_is_that_of_the_tune() -> None:
    for tune in regular_tunes()[:60]:
        plan = plan_variation(tokenizer(), tune, 1.0, 0)
        assert [bar.total for bar in plan.piece] == [int(measure.length * 6720) for measure in tune.measures]
        closing = [tokenizer().bar_lines.get(bar.after) for bar in plan.piece]
        assert closing == [measure.closing.line if measure.closing else None for measure in tune.measures]


def test_nothing_changed_is_the_tune_itself() -> None:
    for tune in regular_tunes()[:20]:
        plan = plan_variation(tokenizer(), tune, 0, 3)
        assert plan.same is tune
        assert plan.music == (*tokenizer().encode_music(tokenizer().prepared(tune)), tokenizer().END)


@pytest.mark.parametrize("amount", [-0.1, 1.01, float("nan")])
def test_an_amount_that_is_no_share_is_refused(amount: float) -> None:
    with pytest.raises(ConfigError, match="the amount is"):
        plan_variation(tokenizer(), regular_tunes()[0], amount, 0)


def test_tunes_that_tokens_do_not_cover_or_that_do_not_add_up_are_refused() -> None:
    chord, irregular = slurred("[CE]4|C4|C4|C4|]"), slurred("C4|C3|C4|C4|]")
    for tune, reason in ((chord, "sound together"), (irregular, "bar 2 lasts 3/4")):
        with pytest.raises(ConfigError, match=reason):
            plan_infill(tokenizer(), tune, 1, 2)
        with pytest.raises(ConfigError, match=reason):
            plan_variation(tokenizer(), tune, 0.5, 0)
