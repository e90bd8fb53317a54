"""Tunes that are drawn in the studio: what is asked for comes out or is refused, what is to stay stays."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.studio_server import Browser, Refused, Served, served
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.validity import fault_of
from tunewright.music.elements import Element, Ending, Note
from tunewright.music.tune import Tune
from tunewright.studio.work import drawing
from tunewright.studio.work.given import read_given, spans, start_to
from tunewright.support.errors import ConfigError, TunewrightError
from tunewright.training.base import BASE, has_base, run_folder

__all__ = ["served"]

pytestmark = pytest.mark.skipif(not has_base(), reason="there is no model in the box")


def bars_of(tune: Tune) -> dict[int, tuple[Element, ...]]:
    """What stands in each bar."""
    return {measure.number: tune.music[measure.start : measure.stop] for measure in tune.measures}


def sounds(elements: tuple[Element, ...]) -> list[Any]:
    """The pitches and lengths of notes."""
    return [(note.pitches, note.length) for note in elements if isinstance(note, Note)]


def read(abc: str) -> Tune:
    """The one tune of a text."""
    (tune,) = parse_abc(abc)
    return tune


# ------------------------------------------------------------------------------------------------ tunes that are given


def _has_pickup(tune: Tune) -> bool:
    return tune.measures[0].number == 0


def _has_endings(tune: Tune) -> bool:
    return any(isinstance(element, Ending) for element in tune.music)


def _has_repeats(tune: Tune) -> bool:
    return any(measure.closing and measure.closing.ends_repeat for measure in tune.measures)


def regular(kind: Callable[[Tune], bool]) -> list[Tune]:
    """Some real tunes of this kind whose bars add up."""
    tunes = [tune for tune in real_tunes(25) if not fault_of(tune) and kind(tune)]
    assert len(tunes) > 3
    return tunes[:3]


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    """The model in the box, as the process that draws is told."""
    folder = run_folder(BASE).resolve()
    return {"run": str(folder), "stamp": drawing.stamp_of(folder)}


def drawn(events: list[dict[str, Any]]) -> Tune:
    """The tune that came out, after every bar that was told on the way could be read and none came twice."""
    shown = [event["bar"]["bars"] for event in events if "bar" in event]
    assert shown == sorted(set(shown))
    for event in events:
        if "bar" in event:
            assert read(event["bar"]["abc"]).measures
    assert [event for event in events if "failed" in event] == []
    (tune,) = [event["tune"] for event in events if "tune" in event]
    assert tune["about"]["error"] == fault_of(read(tune["abc"]))
    return read(tune["abc"])


@pytest.mark.parametrize("kind", [_has_pickup, _has_endings, _has_repeats])
def test_bars_that_are_locked_are_the_very_same(
    kind: Callable[[Tune], bool], model: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(kind.__name__)
    changed = 0
    for given in regular(kind):
        abc = format_abc(given)
        tune = read(abc)
        numbers = [measure.number for measure in tune.measures]
        locked = sorted(rng.sample(numbers, rng.randrange(1, len(numbers))))
        try:
            new = drawn(list(drawing.draw(**model, seed=rng.randrange(1000), parent=abc, locked=tuple(locked))))
        except ConfigError as error:
            if "slur" not in str(error):  # the one reason for which a tune like these is refused
                raise
            continue
        before, after = bars_of(tune), bars_of(new)
        assert [measure.number for measure in new.measures] == numbers
        assert {number: after[number] for number in locked} == {number: before[number] for number in locked}
        assert [m.closing for m in new.measures] == [m.closing for m in tune.measures]
        assert (new.key, new.meter, new.title) == (tune.key, tune.meter, tune.title)
        changed += sum(sounds(before[number]) != sounds(after[number]) for number in numbers)
    assert changed > 3


def test_what_is_gone_on_from_stays_and_the_rest_is_new(
    model: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place, given in enumerate(regular(_has_repeats)):
        abc = format_abc(given)
        tune = read(abc)
        bar = (2, 5, tune.measures[-2].number)[place]
        new = drawn(list(drawing.draw(**model, seed=place, parent=abc, go_on_from=bar)))
        before, after = bars_of(tune), bars_of(new)
        for number in before:
            if number <= bar:
                assert sounds(after[number]) == sounds(before[number])
        assert max(after) > bar
        assert (new.key, new.meter) == (tune.key, tune.meter)


def test_a_variation_keeps_its_frame_and_the_more_the_less_it_may_change(
    model: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    abc = format_abc(regular(_has_pickup)[0])
    tune = read(abc)
    kept = []
    for amount in (0.0, 0.3, 1.0):
        new = drawn(list(drawing.draw(**model, seed=3, parent=abc, vary=amount)))
        assert [m.closing for m in new.measures] == [m.closing for m in tune.measures]
        kept.append(sum(one == other for one, other in zip(sounds(tune.music), sounds(new.music), strict=False)))
    assert kept[0] == len(tune.notes)
    assert kept[0] > kept[1] > kept[2]


def test_what_a_tune_says_of_how_it_was_drawn_does_not_pile_up(model: dict[str, Any]) -> None:
    abc = "X:1\nT:Mine\nN:by hand\nM:4/4\nL:1/8\nK:D\n" + "dAFA dAFA|gece gece|" * 4 + "|\n"
    for seed in range(3):
        (event,) = [one for one in drawing.draw(**model, seed=seed, parent=abc, locked=(1, 3)) if "tune" in one]
        abc = event["tune"]["abc"]
    notes = [line for line in abc.split("\n") if line.startswith("N:")]
    assert len(notes) == 2
    assert notes[0] == "N:by hand"
    assert notes[1].startswith("N:seed 2, ")
    assert "bars 2-2, 4-8 anew" in notes[1]
    varied = abc
    for seed in range(2):
        (event,) = [one for one in drawing.draw(**model, seed=seed, parent=varied, vary=0.5) if "tune" in one]
        varied = event["tune"]["abc"]
    assert read(varied).title == "Mine, varied"


def test_stretches_are_what_is_not_locked() -> None:
    tune = read("X:1\nM:2/4\nL:1/8\nK:C\nG|CDEF|GABc|1 cBAG:|2 c4||CDEF|GABc|]\n")
    numbers = {measure.number for measure in tune.measures}
    rng = random.Random(1)
    for _ in range(200):
        locked = rng.sample(sorted(numbers), rng.randrange(len(numbers)))
        found = spans(tune, locked)
        assert {bar for first, last in found for bar in range(first, last + 1)} == numbers - set(locked)
        assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
    with pytest.raises(ConfigError, match="every bar is to stay"):
        spans(tune, numbers)
    with pytest.raises(ConfigError, match="bar 9 was to stay; the tune has bars 0 to 6"):
        spans(tune, [9])


def test_a_start_is_the_bars_and_what_they_need() -> None:
    tune = read_given("X:1\nT:Mine\nC:Me\nR:polka\nM:2/4\nL:1/16\nK:Edor\nE2|E2F2 G2A2|B2c2 d2e2|]\n")
    assert start_to(tune, 1) == "M:2/4\nL:1/16\nK:Edor\nE2 | E2F2 G2A2 |"
    assert start_to(tune, 2).endswith("||")  # what goes on does not end there
    with pytest.raises(ConfigError, match="bar 3 was to be gone on from; the tune has bars 0 to 2"):
        start_to(tune, 3)
    with pytest.raises(ConfigError, match="key or metre change"):
        start_to(read("X:1\nM:2/4\nL:1/8\nK:C\nCDEF|[K:G]GABc|d4|]\n"), 2)
    with pytest.raises(TunewrightError):
        read_given("X:1\nK:C\nz4|]\n")


# ------------------------------------------------------------------------------------------------ through the server


@pytest.fixture
def browser(served: Served) -> Browser:
    """Somebody who comes for the first time to a studio that has its model at hand."""
    somebody = served.browser()
    if not served.used:
        somebody.tune(seed=0)
        served.used = True
    return somebody


def test_bars_are_told_as_they_are_written_and_the_tune_is_stored(browser: Browser) -> None:
    events = browser.draw(seed=1, key="G", rhythm="reel", meter="4/4", parts="AABB", bars=8)
    assert [event.name for event in events if event.name not in ("bar", "waiting")] == ["tune", "done"]
    bars = [event for event in events if event.name == "bar"]
    assert len(bars) > 8
    tune = next(event.data for event in events if event.name == "tune")
    written = [sounds(read(event.data["abc"]).music) for event in bars]
    whole = sounds(read(tune["abc"]).music)
    for before, after in zip(written, [*written[1:], whole], strict=True):  # what was shown once never changes
        assert after[: len(before)] == before
    assert [event.data["bars"] for event in bars] == sorted({event.data["bars"] for event in bars})
    assert bars[0].seconds < 0.8 * events[-1].seconds  # and not all at the end
    expected = {"key": "G major", "meter": "4/4", "rhythm": "reel", "valid": True, "error": "", "made_by": "drawn"}
    assert {name: tune[name] for name in expected} == expected
    assert tune["bars"] >= 16
    assert tune["log_likelihood_per_note"] < 0
    assert 0 <= tune["removed_mass"] < 1
    assert tune["settings"]["rhythm"] == "reel"
    assert tune["kept"] is False


def test_the_same_settings_give_the_same_tune_again(browser: Browser, served: Served) -> None:
    first = browser.tune(rhythm="jig")  # of a seed that the studio chose
    assert served.browser().tune(**first["settings"])["abc"] == first["abc"]
    for more in ({"vary": 0.5}, {"locked": [1, 2, 7]}, {"go_on_from": 3}, {"best_of": 3}, {"temperature": "1,5:1.3"}):
        parent = {"parent": first["id"]} if more.keys() & {"vary", "locked", "go_on_from"} else {}
        one = browser.tune(seed=77, **more, **parent)
        other = browser.tune(**one["settings"])
        assert (one["abc"], one["id"] == other["id"]) == (other["abc"], False)
        assert one["parent"] == parent.get("parent")
    made = {browser.tune(parent=first["id"], seed=1, **more)["made_by"] for more in ({"vary": 0.1}, {"locked": [1]})}
    assert made == {"varied", "redrawn"}


def test_several_tunes_are_those_of_the_seeds_that_follow(browser: Browser) -> None:
    events = browser.draw(n=3, seed=40)
    tunes = [event.data for event in events if event.name == "tune"]
    assert [tune["seed"] for tune in tunes] == [40, 41, 42]
    assert [tune["index"] for tune in tunes] == [0, 1, 2]
    assert browser.tune(**tunes[2]["settings"])["abc"] == tunes[2]["abc"]
    order = [event.data["index"] for event in events if event.name == "bar"]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2}


def test_what_is_chosen_among_several_is_not_shown_before(browser: Browser) -> None:
    events = browser.draw(best_of=3, seed=5)
    assert [event.name for event in events if event.name != "waiting"] == ["tune", "done"]


def test_options_have_their_effect(browser: Browser) -> None:
    low, high = 62, 76
    tune = read(browser.tune(range="D4-E5", seed=1)["abc"])
    assert all(low <= pitch.midi <= high for note in tune.notes for pitch in note.pitches)
    assert sounds(read(browser.tune(start="GABc dedB|", key="G", seed=1)["abc"]).music)[:8] == sounds(
        read("X:1\nL:1/8\nM:C\nK:G\nGABc dedB|\n").music
    )
    planned = browser.tune(plan="A B A C A B A D", seed=1)
    found = bars_of(read(planned["abc"]))
    assert sounds(found[1]) == sounds(found[3]) == sounds(found[5])
    like = browser.tune(like=planned["id"], seed=9)
    assert (like["key"], like["meter"], like["rhythm"]) == (planned["key"], planned["meter"], planned["rhythm"])
    calm = [browser.tune(temperature=0.01, top_k=1, seed=seed, key="G", rhythm="jig")["abc"] for seed in (1, 2)]
    assert sounds(read(calm[0]).music) == sounds(read(calm[1]).music)
    assert browser.tune(free=True, seed=3)["removed_mass"] is None


REFUSED = {
    "key": {"key": "H"},
    "goes together": {"rhythm": "reel", "meter": "6/8"},
    "n": {"n": 9},
    "n of none": {"n": 0},
    "unknown option": {"wildness": 3},
    "model": {"model": "no such"},
    "path": {"model": "../../etc"},
    "parent": {"parent": "nobody", "vary": 0.5},
    "no parent": {"locked": [1]},
    "two ways": {"parent": "x", "locked": [1], "vary": 0.5},
    "temperature": {"temperature": "hot"},
    "plan": {"plan": "A B C'"},
    "too long": {"start": "C" * 10_001},
    "too many": {"n": 8, "best_of": 64},
    "seed": {"seed": -1},
    "start": {"start": "z4|"},
    "free range": {"free": True, "range": "D4-B5"},
    "two plans": {"plan": "A B", "plan_like": "x"},
    "not JSON": b"{",
    "a list": [1],
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_had_is_refused_before_anything_is_told(asked: Any, browser: Browser) -> None:
    with pytest.raises(Refused) as refused:
        list(browser.events("/api/tunes", asked))
    answer = refused.value.answer
    assert answer.status == 422
    assert set(answer.json) == {"error"}
    assert answer.json["error"].strip()
    assert "\n" not in answer.json["error"]


def test_redrawing_is_refused_with_the_reason(browser: Browser) -> None:
    tune = browser.tune(seed=1)
    for asked, reason in (
        ({"locked": [999]}, "bar 999 was to stay"),
        ({"locked": [1], "rhythm": "waltz"}, "settles key, metre and form"),
        ({"go_on_from": 999}, "bar 999"),
        ({"go_on_from": read(tune["abc"]).measures[-1].number}, "is the last"),
        ({"go_on_from": 2, "key": "A"}, "expected no key"),
        ({"vary": 0.5, "free": True}, "need the grammar"),
    ):
        with pytest.raises(Refused, match=reason):
            browser.draw(parent=tune["id"], **asked)


def test_whoever_leaves_costs_others_nothing(browser: Browser, served: Served) -> None:
    for _ in range(3):
        events = browser.events("/api/tunes", {"n": 8, "seed": 1, "parts": "AABBCCDD"})
        assert any(event.name == "bar" for event in events)  # and no further
        events.close()  # type: ignore[attr-defined]
    begun = time.monotonic()
    alone = served.browser().draw(seed=1)
    assert alone[-1].name == "done"
    assert time.monotonic() - begun < 10


def test_who_waits_is_told_the_place(browser: Browser, served: Served) -> None:
    at_work = browser.events("/api/tunes", {"n": 8, "seed": 1, "parts": "AABBCCDD"})
    assert next(at_work).name == "bar"
    second, third = (served.browser().events("/api/tunes", {"seed": seed}) for seed in (1, 2))
    assert (first := next(second)).name == "waiting"
    assert first.data == {"place": 1}
    assert next(third).data == {"place": 2}
    at_work.close()  # type: ignore[attr-defined]
    rest = [(event.name, event.data.get("place")) for event in third]
    assert rest[0] == ("waiting", 1)
    assert rest[-1][0] == "done"
    assert [event.name for event in second][-2:] == ["tune", "done"]


def test_the_model_in_the_box_is_named_in_the_language_of_the_reader(browser: Browser) -> None:
    (base,) = browser.get("/api/models")
    assert (base["name"], base["kind"]) == ("base", "base")
    assert "oneill" in base["about"]
    (chinese,) = browser.get("/api/models?lang=zh")
    assert chinese["title"] != base["title"]
