"""The notebook through its API: what is stored is found again, only one's own changes, and everything is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tunewright.formats.abc import parse_abc
from tunewright.studio.app import create_app
from tunewright.studio.routes import notebook as routes
from tunewright.studio.settings import Settings
from tunewright.studio.storage import tunes

TUNE = "X:1\nT:The Test\nR:reel\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2cB AGFE|DEFG ABcd|d4 d4|]\n"
Asked = dict[str, Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A studio that draws nothing, and one browser."""
    settings = Settings(folder=tmp_path_factory.mktemp("studio"), drawers=0)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def browser(app: TestClient) -> TestClient:
    """A browser that comes for the first time."""
    return TestClient(app.app, base_url="http://127.0.0.1")


@pytest.fixture
def other(app: TestClient) -> TestClient:
    """Somebody else's."""
    return TestClient(app.app, base_url="http://127.0.0.1")


def brought(browser: TestClient, abc: str = TUNE, **more: Any) -> Asked:
    answer = browser.post("/api/tunes/edited", json={"abc": abc} | more)
    assert answer.status_code == 200, answer.text
    told: Asked = answer.json()
    return told


def listed(browser: TestClient, query: str = "") -> list[str]:
    return [tune["id"] for tune in browser.get(f"/api/tunes{query}").json()]


def test_a_tune_that_is_brought_is_found_again_with_what_stands_in_it(browser: TestClient) -> None:
    tune = brought(browser)
    assert {name: tune[name] for name in ("title", "key", "meter", "rhythm", "bars", "made_by", "valid", "mine")} == {
        "title": "The Test",
        "key": "D major",
        "meter": "4/4",
        "rhythm": "reel",
        "bars": 4,
        "made_by": "brought",
        "valid": True,
        "mine": True,
    }
    assert browser.get(f"/api/tunes/{tune['id']}").json() == tune
    assert len(tune["id"]) == 16


def test_the_newest_comes_first_and_kept_ones_can_be_asked_for_alone(browser: TestClient) -> None:
    first, second = brought(browser)["id"], brought(browser, kept=True)["id"]
    third = brought(browser)["id"]
    assert listed(browser) == [third, second, first]
    assert listed(browser, "?kept=true") == [second]
    assert listed(browser, "?most=1") == [third]


def test_an_edited_tune_knows_its_parent_and_outlives_it(browser: TestClient) -> None:
    parent = brought(browser)
    edited = brought(browser, TUNE.replace("d4 d4", "d8"), parent=parent["id"])
    assert (edited["made_by"], edited["parent"]) == ("edited", parent["id"])
    assert browser.delete(f"/api/tunes/{parent['id']}").status_code == 204
    assert browser.get(f"/api/tunes/{parent['id']}").status_code == 404
    assert browser.get(f"/api/tunes/{edited['id']}").json()["parent"] is None


@pytest.mark.parametrize(
    ("abc", "line"),
    [(TUNE.replace("d2cB", "d2cB ((((("), 7), ("nothing at all", 1), ("", 1), (f"{TUNE}\n{TUNE}", 9)],
)
def test_what_cannot_be_read_is_refused_with_its_place_and_not_stored(browser: TestClient, abc: str, line: int) -> None:
    answer = browser.post("/api/tunes/edited", json={"abc": abc})
    if answer.status_code == 200:  # brackets that nothing closes are read with a repair
        assert not answer.json()["valid"]
        return
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert [problem["line"] for problem in answer.json()["problems"]][-1] == line
    assert listed(browser) == []


def test_a_text_without_a_number_is_stored_with_one(browser: TestClient) -> None:
    tune = brought(browser, TUNE.removeprefix("X:1\n"))
    assert parse_abc(tune["abc"]) == parse_abc(TUNE)


def test_a_title_is_put_into_the_text_whatever_it_is(browser: TestClient) -> None:
    tune = brought(browser)
    changed = browser.patch(f"/api/tunes/{tune['id']}", json={"title": "A \\1 <b>\nK:G & más 曲", "kept": True}).json()
    assert changed["title"] == "A \\1 <b> K:G & más 曲"
    assert changed["kept"] is True
    (read,) = parse_abc(changed["abc"])
    assert read == parse_abc(TUNE)[0]
    assert read.title == changed["title"]


@pytest.mark.parametrize("title", ["New", ""])
def test_a_tune_without_a_title_gets_one(title: str) -> None:
    assert routes.titled("X:1\nK:C\nC|", title) == f"X:1\nT:{title}\nK:C\nC|"


def test_moved_to_another_key_it_is_the_same_tune_there(browser: TestClient) -> None:
    tune = brought(browser)
    moved = browser.post(f"/api/tunes/{tune['id']}/transposed", json={"key": "E"}).json()
    assert (moved["made_by"], moved["parent"], moved["key"]) == ("transposed", tune["id"], "E major")
    here, there = (parse_abc(one["abc"])[0].notes for one in (tune, moved))
    assert {b.pitch.midi - a.pitch.midi for a, b in zip(here, there, strict=True)} == {2}


@pytest.mark.parametrize("key", ["E minor", "H", ""])
def test_a_key_that_it_cannot_have_is_refused_in_words(browser: TestClient, key: str) -> None:
    answer = browser.post(f"/api/tunes/{brought(browser)['id']}/transposed", json={"key": key})
    assert answer.status_code == 422
    assert "expected" in answer.json()["error"]


def test_another_reads_a_tune_and_changes_nothing_of_it(browser: TestClient, other: TestClient) -> None:
    tune = brought(browser)
    seen = other.get(f"/api/tunes/{tune['id']}").json()
    assert (seen["abc"], seen["mine"]) == (TUNE, False)
    assert other.get(f"/t/{tune['id']}").status_code == 200
    assert other.patch(f"/api/tunes/{tune['id']}", json={"title": "Mine"}).status_code == 404
    assert other.delete(f"/api/tunes/{tune['id']}").status_code == 404
    assert listed(other) == []
    assert browser.get(f"/api/tunes/{tune['id']}").json() == tune


def test_taken_on_it_is_the_others_own(browser: TestClient, other: TestClient) -> None:
    tune = brought(browser)
    taken = other.post(f"/api/tunes/{tune['id']}/taken").json()
    assert (taken["abc"], taken["parent"], taken["kept"], taken["mine"]) == (TUNE, tune["id"], True, True)
    other.patch(f"/api/tunes/{taken['id']}", json={"title": "Mine"})
    assert browser.get(f"/api/tunes/{tune['id']}").json() == tune


def test_kept_tunes_come_out_as_one_tunebook(browser: TestClient) -> None:
    for title in ("One", "Two", "Three"):
        brought(browser, TUNE.replace("The Test", title), kept=title != "Two")
    answer = browser.get("/api/notebook.abc")
    assert "attachment" in answer.headers["content-disposition"]
    book = parse_abc(answer.text)
    assert [(tune.number, tune.title) for tune in book] == [(1, "One"), (2, "Three")]
    assert set(book) == set(parse_abc(TUNE))


def test_an_empty_notebook_is_an_empty_tunebook(browser: TestClient) -> None:
    assert browser.get("/api/notebook.abc").text == ""


def test_what_is_brought_is_bounded(browser: TestClient) -> None:
    too_long = TUNE + "% " + "x" * routes.LONGEST_ABC
    assert browser.post("/api/tunes/edited", json={"abc": too_long}).status_code == 422
    tune = brought(browser)
    assert browser.patch(f"/api/tunes/{tune['id']}", json={"title": "x" * 301}).status_code == 422


def test_of_too_many_tunes_the_oldest_that_are_not_kept_are_forgotten(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunes, "MOST_TUNES", 3)
    oldest = brought(browser, kept=True)["id"]
    ids = [brought(browser)["id"] for _ in range(4)]
    assert listed(browser) == [ids[3], ids[2], oldest]


def test_no_more_are_kept_than_may_be(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunes, "MOST_KEPT", 1)
    brought(browser, kept=True)
    second = brought(browser, kept=True)
    assert second["kept"] is False
    answer = browser.patch(f"/api/tunes/{second['id']}", json={"kept": True})
    assert answer.status_code == 409
    assert "1 tunes are kept already" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/notebook", "/t/nothing"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_page_is_there_in_each_language(browser: TestClient, path: str, language: str) -> None:
    answer = browser.get(path, params={"lang": language})
    assert answer.status_code == (404 if path == "/t/nothing" else 200)
    assert ("曲本" in answer.text) == (language == "zh")


def test_what_stands_in_an_address_is_escaped(browser: TestClient) -> None:
    text = browser.get('/t/"><img src=x onerror=alert(1)>').text
    assert "onerror" in text
    assert "<img" not in text
