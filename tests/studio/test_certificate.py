"""The certificate of a tune says what is so, once, and is kept with the tune."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.small_runs import corpus_of, real_tunes
from tests.support.studio_server import Browser, Served, browser, served
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.transposing import transpose
from tunewright.studio.settings import DATABASE
from tunewright.studio.storage import tunes
from tunewright.studio.storage.database import Database
from tunewright.studio.work import certifying
from tunewright.training.base import has_base

__all__ = ["browser", "served"]

NOTHING = "X:1\nT:Nothing\nK:C\n"


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run that learned from twenty real tunes, ten held out; which runs were asked for."""
    corpus = corpus_of(real_tunes()[:20], real_tunes()[20:25], real_tunes()[25:30])
    asked: list[str] = []

    class Learned:
        config = type("Config", (), {"data": type("Data", (), {"melody": ""})})

    monkeypatch.setattr(certifying, "sources_of", lambda run: [str(run)])
    monkeypatch.setattr(certifying, "load_run", lambda _run: Learned)

    def read(*sources: str, melody: str) -> Any:
        asked.extend(sources)
        return corpus

    monkeypatch.setattr(certifying, "read_corpus", read)
    certifying._known.cache_clear()
    return asked


def pitches(abc: str) -> list[int]:
    """The notes of a text as numbers."""
    (tune,) = parse_abc(abc)
    return [note.pitch.midi for note in tune.notes]


def test_a_copy_in_another_key_is_found_and_its_notes_are_named(learned: list[str]) -> None:
    copied = real_tunes()[7]
    abc = format_abc(transpose(copied, 2))
    found = certifying.certify("a run", abc)
    nearest = found["nearest"]
    assert nearest["title"] == copied.title
    assert nearest["share"] == 1
    assert nearest["percentile"] == 100
    own, theirs = pitches(abc), pitches(nearest["abc"])
    apart = {own[here] - theirs[there] for here, there in zip(nearest["notes"], nearest["abc_notes"], strict=True)}
    assert len(apart) == 1  # the same notes, in another key
    assert nearest["notes"] == list(range(len(own)))
    assert found["known"] is True
    certifying.certify("a run", abc)
    assert learned == ["a run"]  # read once


def test_shared_notes_are_the_same_melody_in_both(learned: list[str]) -> None:
    assert learned == []
    for tune in real_tunes()[30:40]:
        abc = format_abc(tune)
        nearest = certifying.certify("a run", abc)["nearest"]
        if nearest is None:
            continue
        own, theirs = pitches(abc), pitches(nearest["abc"])
        apart = {own[one] - theirs[two] for one, two in zip(nearest["notes"], nearest["abc_notes"], strict=False)}
        if len(nearest["notes"]) == len(nearest["abc_notes"]) == nearest["length"]:  # no repeat is in it
            assert len(apart) == 1
        assert all(0 <= note < len(own) for note in nearest["notes"])
        assert all(0 <= note < len(theirs) for note in nearest["abc_notes"])
        assert 0 <= nearest["percentile"] <= 100
        assert 0 < nearest["share"] <= 1


def test_without_what_was_learned_from_nobody_claims_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying, "sources_of", lambda _run: [])
    certifying._known.cache_clear()
    found = certifying.certify("another run", format_abc(real_tunes()[0]))
    assert (found["known"], found["nearest"]) == (False, None)
    assert found["plan"].startswith("A ")


def test_what_is_no_tune_has_a_certificate_that_says_so() -> None:
    for abc in ("", NOTHING, "no music at all", "X:1\nK:C\nz4|\n"):
        found = certifying.certify("", abc)
        assert found["well_formed"]["valid"] is False
        assert found["well_formed"]["error"]
        assert (found["nearest"], found["plan"]) == (None, "")


@pytest.mark.skipif(not has_base(), reason="there is no model in the box")
def test_a_certificate_is_made_once_and_kept(browser: Browser, served: Served) -> None:
    tune = browser.tune(seed=1)
    found = certificate(browser, tune["id"])
    (read,) = parse_abc(tune["abc"])
    assert len(found["surprise"]) == len(read.notes)
    assert all(bits is None or bits >= 0 for bits in found["surprise"])
    assert found["removed_mass"] == tune["removed_mass"]
    assert found["well_formed"] == {"valid": True, "error": ""}
    assert found["known"] is True
    assert len(found["plan"].split()) in (tune["bars"], tune["bars"] + 1, tune["bars"] - 1)
    nearest = found["nearest"]
    assert nearest is None or max(nearest["notes"]) < len(read.notes)
    database = Database(f"sqlite:///{served.folder / DATABASE}")
    try:
        stored = tunes.find(database, tune["id"])
    finally:
        database.close()
    assert stored is not None
    assert stored.about["certificate"]["plan"] == found["plan"]
    assert stored.about["removed_mass"] == tune["removed_mass"]  # what was known before is still there
    begun = time.monotonic()
    assert served.browser().get(f"/api/tunes/{tune['id']}/certificate") == found  # who has the id may read it
    assert time.monotonic() - begun < 1


def certificate(browser: Browser, tune: str) -> Any:
    """A certificate, waited for."""
    until = time.monotonic() + 300
    while True:
        answer = browser.ask("GET", f"/api/tunes/{tune}/certificate")
        if answer.status == 200:
            return answer.json
        assert answer.status == 202
        assert answer.json["pending"] is True
        assert answer.headers["retry-after"]
        assert time.monotonic() < until
        time.sleep(0.5)


def test_a_tune_that_is_not_there_has_none(browser: Browser) -> None:
    answer = browser.ask("GET", "/api/tunes/nobody/certificate")
    assert (answer.status, set(answer.json)) == (404, {"error"})
    assert browser.ask("GET", f"/api/tunes/{'x' * 17}/certificate").status == 422
