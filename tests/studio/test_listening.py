"""Listening tests through the API: made in a worker, taken by their link alone, read by their owner alone."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.blind_tests import NAMES, invented, simulated
from tests.support.places import ROOT
from tests.support.postgres import needs_postgres, postgres
from tests.support.real_tunes import real_tunes
from tests.support.shared_tests import put_test
from tests.support.studios import studio_in, wait_for
from tunewright.formats.abc import format_abc
from tunewright.judging.listening.answers import describe_rater
from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.studio.rates import Rates
from tunewright.studio.storage import listening
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTest

OWNER = "owner-of-the-test-123456"


def owner_of(client: TestClient) -> TestClient:
    client.cookies.set("tunewright_notebook", OWNER)
    return client


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("studio")
    before = Path.cwd()
    os.chdir(folder)
    try:
        with studio_in(folder / "studio") as client:
            yield owner_of(client)
    finally:
        os.chdir(before)


@pytest.fixture(autouse=True)
def patient(studio: TestClient) -> None:
    """One browser asks more in a minute here than any does elsewhere."""
    studio.app.state.guard.rates = Rates()  # type: ignore[attr-defined]


def database_of(client: TestClient) -> Database:
    found: Database = client.app.state.studio.database  # type: ignore[attr-defined]
    return found


def put(client: TestClient, kind: str = PAIRS, items: int = 3) -> tuple[StoredTest, BlindTest]:
    test = invented(kind, sources=2, items=items)
    return put_test(database_of(client), test, OWNER), test


class Rater:
    """One who listens, in a browser of their own."""

    def __init__(self, client: TestClient, share: str) -> None:
        self.client, self.share, self.cookie = client, share, ""

    def ask(self, method: str, path: str = "", **more: Any) -> Any:
        self.client.cookies.clear()
        headers = {"Cookie": self.cookie} if self.cookie else {}
        answer = self.client.request(method, f"/api/h/{self.share}{path}", headers=headers, **more)
        if told := answer.headers.get("set-cookie"):
            assert f"Path=/api/h/{self.share};" in told
            assert "HttpOnly" in told
            assert "SameSite=strict" in told
            self.cookie = told.partition(";")[0]
        owner_of(self.client)
        return answer

    def begin(self) -> Any:
        answer = self.ask("POST", "/begin", json={"consent": True, "language": "en"})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def say(self, heard: dict[str, Any], values: dict[str, Any], seconds: float = 12.5) -> Any:
        tunes = heard["tunes"]
        given = {"item": heard["item"], "first": tunes[0], "values": values, "seconds": seconds}
        return self.ask("PUT", "/answers", json=given | {"heard": [1.0] * len(tunes)})

    def take(self, choose: int = 0) -> None:
        for heard in self.begin()["order"]:
            assert self.say(heard, {"prefer": heard["tunes"][choose]}).status_code == 204
        assert self.ask("PUT", "/headphones", json={"right": 6}).status_code == 204
        assert self.ask("POST", "/finish").status_code == 200


# ------------------------------------------------------------------------------------------------ taking a test


def test_three_raters_one_by_file_and_the_owner_reads(studio: TestClient) -> None:
    stored, test = put(studio)
    Rater(studio, stored.share).take(0)
    Rater(studio, stored.share).take(1)
    [by_file] = simulated(test, (1.0, -1.0), 1)
    place = f"/api/tests/{stored.id}"
    files = [("files", ("answers.json", json.dumps(describe_rater(by_file, test)).encode()))]
    answer = studio.post(f"{place}/answers", files=files)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"read": 1, "raters": 3}
    again = studio.post(f"{place}/answers", files=files)
    assert again.status_code == 409
    assert "is there already" in again.json()["error"]

    found = studio.get(f"{place}/results").json()
    assert (found["raters"], found["finished"], found["by_file"], found["answers"]) == (3, 3, 1, 9)
    assert {one["name"] for one in found["sources"]} == {"real", "base"}
    rows = list(csv.DictReader(io.StringIO(studio.get(f"{place}/answers.csv").text)))
    assert len(rows) == 9
    assert sorted(row["value"] for row in rows if row["by_file"] == "0") == ["1"] * 3 + ["2"] * 3
    page = studio.get(f"/listen/{stored.id}/results?lang=zh")
    assert page.status_code == 200
    assert "排名" in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    static = studio.get(f"{place}/test.html")
    assert static.headers["content-disposition"].startswith("attachment")
    assert "data:audio/wav" in static.text
    told = studio.get(place).json()
    assert (told["raters"], told["finished"], told["state"]) == (3, 3, "ready")


def test_an_answer_is_changed_until_all_are_confirmed(studio: TestClient) -> None:
    stored, _ = put(studio, RATING, items=2)
    rater = Rater(studio, stored.share)
    first, second = rater.begin()["order"]
    ratings = dict.fromkeys(("melody", "structure", "playability", "memorability", "interest"), 3)
    assert rater.say(first, ratings).status_code == 204
    assert rater.say(first, ratings | {"melody": 5}).status_code == 204
    assert rater.ask("POST", "/finish").status_code == 409
    state = rater.ask("GET").json()
    assert state["answers"][first["item"]]["values"]["melody"] == 5
    assert list(state["answers"]) == [first["item"]]
    assert rater.begin()["order"] == [first, second]  # who has begun goes on
    assert rater.say(second, ratings).status_code == 204
    assert rater.ask("POST", "/finish").json()["finished"]
    for late in (
        rater.say(first, ratings),
        rater.ask("POST", "/finish"),
        rater.ask("PUT", "/headphones", json={"right": 1}),
    ):
        assert late.status_code == 409
    [kept] = listening.raters(database_of(studio), stored.id)
    assert {one.item: one.values["melody"] for one in kept.answers} == {first["item"]: 5, second["item"]: 3}


def test_each_rater_gets_the_next_sheet(studio: TestClient) -> None:
    stored, test = put(studio)
    orders = [Rater(studio, stored.share).begin()["order"] for _ in range(4)]
    assert orders == [test.order(number) for number in range(4)]


def test_a_closed_test_takes_no_more(studio: TestClient) -> None:
    stored, _ = put(studio)
    rater = Rater(studio, stored.share)
    heard = rater.begin()["order"][0]
    assert studio.patch(f"/api/tests/{stored.id}", json={"closed": True}).json()["closed"]
    assert rater.say(heard, {"prefer": heard["tunes"][0]}).status_code == 409
    assert Rater(studio, stored.share).ask("POST", "/begin", json={"consent": True}).status_code == 409
    assert studio.patch(f"/api/tests/{stored.id}", json={"closed": False}).status_code == 200
    assert rater.say(heard, {"prefer": heard["tunes"][0]}).status_code == 204


def test_without_consent_nobody_takes_part(studio: TestClient) -> None:
    stored, test = put(studio)
    rater = Rater(studio, stored.share)
    assert rater.ask("GET").json() is None
    assert rater.ask("POST", "/begin", json={"consent": False}).status_code == 422
    assert rater.say(test.order(0)[0], {"prefer": "t"}).status_code == 401
    assert rater.ask("POST", "/finish").status_code == 401


# ------------------------------------------------------------------------------------------------ what nobody may


def test_a_rater_sees_no_source_and_no_result(studio: TestClient) -> None:
    stored, test = put(studio)
    rater = Rater(studio, stored.share)
    rater.take()
    seen = rater.ask("GET").text + studio.get(f"/h/{stored.share}").text
    assert stored.id not in seen
    without_texts = seen[seen.index('id="listening"') :].partition('"texts"')[0] + rater.ask("GET").text
    assert not [name for name in (*NAMES, "its_source", "CDEF") if name in without_texts]
    studio.cookies.clear()
    for path in ("", "/results", "/answers.csv", "/test.html"):
        assert studio.get(f"/api/tests/{stored.id}{path}").status_code == 404
        assert studio.get(f"/api/h/{stored.share}{path or '/results'}").status_code == 404
    assert studio.get(f"/listen/{stored.id}/results").status_code == 404
    assert studio.delete(f"/api/tests/{stored.id}").status_code == 404
    assert studio.get("/api/tests").json() == []
    owner_of(studio)
    sound = rater.ask("GET", f"/sounds/{test.stimuli[0].id}.wav")
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.content[36:40] == b"data"


def test_one_share_opens_nothing_of_another(studio: TestClient) -> None:
    one, test = put(studio)
    other, _ = put(studio, RATING)
    rater = Rater(studio, one.share)
    rater.begin()
    stranger = Rater(studio, other.share)
    stranger.cookie = rater.cookie
    assert stranger.ask("GET").json() is None
    assert stranger.ask("POST", "/finish").status_code == 401
    assert stranger.ask("GET", "/sounds/t00000000.wav").status_code == 404
    assert studio.get(f"/h/{one.id}").status_code == 404  # the id is no share
    assert {one.id for one in test.stimuli}


def test_parts_of_a_sound_are_had_as_players_ask(studio: TestClient) -> None:
    stored, test = put(studio)
    path = f"/api/h/{stored.share}/sounds/{test.stimuli[0].id}.wav"
    whole = studio.get(path).content
    for asked, status, content in (
        ("bytes=0-1", 206, whole[:2]),
        ("bytes=100-", 206, whole[100:]),
        (f"bytes=5-{10**8}", 206, whole[5:]),
        (f"bytes={len(whole)}-", 200, whole),
        ("bytes=9-3", 200, whole),
        ("lines=1-2", 200, whole),
    ):
        answer = studio.get(path, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (status, content), asked


def test_with_a_token_the_link_alone_works_without_it(tmp_path: Path) -> None:
    with studio_in(tmp_path / "studio", token="secret-token-of-the-studio") as client:
        stored = put_test(database_of(client), invented(PAIRS, sources=2, items=2), OWNER)
        client.cookies.clear()
        assert client.get(f"/h/{stored.share}").status_code == 200
        assert client.get("/h/assets/rater.js").status_code == 200
        rater = Rater(client, stored.share)
        rater.take()
        client.cookies.clear()
        for path in ("/listen", "/api/tests", f"/api/tests/{stored.id}/results", "/api/tunes", "/"):
            assert client.get(path).status_code == 401, path


@pytest.mark.parametrize(
    "body",
    [
        {"item": "i", "values": {"prefer": "t"}}, {"values": {}}, {"values": {"prefer": 3}},
        {"values": {"prefer": True}},
        {"values": {"prefer": "t", "x": 1}}, {"first": "t"}, {"seconds": -1}, {"seconds": 1e9}, {"heard": []},
        {"heard": [2, 0]}, {"heard": [0, 0, 0]}, {"more": 1}, {"item": "x" * 10_000}, {"values": None},
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(studio: TestClient, body: dict[str, Any]) -> None:
    stored, _ = put(studio)
    rater = Rater(studio, stored.share)
    heard = rater.begin()["order"][0]
    usual = {"item": heard["item"], "first": heard["tunes"][0], "seconds": 1, "heard": [1, 1]}
    answer = rater.ask("PUT", "/answers", json=usual | {"values": {"prefer": heard["tunes"][0]}} | body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert rater.ask("GET").json()["answers"] == {}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"null", b"[" * 200_000, b'{"format": 1e999}', b"x" * 400_000]
)
def test_a_hostile_file_of_answers_is_refused(studio: TestClient, content: bytes) -> None:
    stored, test = put(studio)
    [good] = simulated(test, (1.0, -1.0), 1)
    files = [
        ("files", ("good.json", json.dumps(describe_rater(good, test)).encode())),
        ("files", ("<script>.json", content)),
    ]
    answer = studio.post(f"/api/tests/{stored.id}/answers", files=files)
    assert answer.status_code == 422
    assert "not the answers of a rater" in answer.json()["error"]
    assert listening.raters(database_of(studio), stored.id) == []  # all or none


@pytest.mark.parametrize(
    "body",
    [
        {}, {"sources": []}, {"sources": [{"kind": "model", "name": "../../etc"}]}, {"sources": [{"kind": "run"}]},
        {"sources": [{"kind": "tunes", "tunes": ["x"]}]}, {"sources": [{"kind": "abc", "abc": "X"}], "real": ""},
        {"sources": [{"kind": "abc", "abc": "X"}], "real": "own"}, {"sources": [{"kind": "abc"}], "real": "/etc"},
        {"sources": [{"kind": "abc"}] * 2, "items": 1}, {"sources": [{"kind": "abc"}] * 2, "bars": 0},
        {"sources": [{"kind": "abc"}] * 2, "questions": "all"}, {"sources": [{"kind": "abc"}] * 9},
        {"sources": [{"kind": "abc"}] * 2, "real": "", "questions": "machine"}, {"sources": "base"}, {"seed": "x"},
    ],
)  # fmt: skip
def test_a_test_that_cannot_be_is_refused(studio: TestClient, body: dict[str, Any]) -> None:
    before = len(studio.get("/api/tests").json())
    answer = studio.post("/api/tests", json=body)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["error"]
    assert len(studio.get("/api/tests").json()) == before


# ------------------------------------------------------------------------------------------------ making a test


def texts() -> list[dict[str, Any]]:
    tunes = real_tunes(40)
    return [
        {"kind": "abc", "name": f"<b>file {number}</b>", "abc": "\n".join(map(format_abc, tunes[number::2]))}
        for number in range(2)
    ]


@pytest.mark.slow
def test_a_test_is_made_in_a_worker_and_what_cannot_be_made_says_why(studio: TestClient) -> None:
    asked = {"title": "Two files", "sources": texts(), "real": "", "items": 2, "bars": 2, "seed": 3}
    made = studio.post("/api/tests", json=asked)
    assert made.status_code == 201, made.text
    place = f"/api/tests/{made.json()['id']}"
    assert studio.get(f"{place}/results").status_code in (200, 409)
    wait_for(lambda: studio.get(place).json()["state"] == "ready")
    told = studio.get(place).json()
    assert told["sources"] == ["<b>file 0</b>", "<b>file 1</b>"]
    Rater(studio, told["share"].removeprefix("/h/")).take()
    assert studio.get(f"{place}/results").json()["raters"] == 1

    long = studio.post("/api/tests", json=asked | {"bars": 64, "items": 30}).json()["id"]
    failed = wait_for(lambda: (one := studio.get(f"/api/tests/{long}").json())["state"] == "failed" and one)
    assert "whole bars" in failed["error"]
    assert studio.get(failed["share"]).status_code == 404
    for one in (long, made.json()["id"]):
        assert studio.delete(f"/api/tests/{one}").status_code == 204
        assert studio.get(f"/api/tests/{one}").status_code == 404


def test_nobody_has_answered_is_said(studio: TestClient) -> None:
    stored, _ = put(studio, MACHINE, items=2)
    answer = studio.get(f"/api/tests/{stored.id}/results")
    assert answer.status_code == 422
    assert "nobody has answered yet" in answer.json()["error"]


@needs_postgres
def test_all_of_it_is_kept_in_postgresql_too() -> None:
    with postgres() as address:
        database = Database(address)
        test = invented(PAIRS, 2, 6)
        stored = put_test(database, test)
        found = listening.shared(database, stored.share)
        assert found is not None
        assert found.design == json.loads(json.dumps(test.described()))
        rater = listening.begin(database, stored.id, 4, "en")
        assert rater is not None
        [one] = simulated(test, (1.0, -1.0), 1)
        for said in (*one.answers, *one.answers):
            listening.keep_answer(database, rater.id, said)
        assert listening.find_rater(database, stored.id, "x") is None
        assert listening.keep_raters(database, stored.id, [one]) == ""
        assert listening.keep_raters(database, stored.id, [one]) == one.id
        assert [len(one.answers) for one in listening.raters(database, stored.id)] == [6, 6]
        assert listening.count_raters(database, [stored.id]) == {stored.id: (2, 1)}
        listening.remove(database, stored.id)
        assert listening.raters(database, stored.id) == []
        database.close()


# ------------------------------------------------------------------------------------------------ killed

KILLED = """
import sys
from pathlib import Path
from tests.support.blind_tests import invented, simulated
from tests.support.shared_tests import put_test
from tunewright.studio.rates import Rates
from tunewright.studio.storage import listening
from tunewright.studio.storage.database import Database

database = Database(f"sqlite:///{Path(sys.argv[1]) / 'studio.sqlite'}")
test = invented("pairs", sources=2, items=30)
stored = put_test(database, test)
[one] = simulated(test, (1.0, -1.0), 1)
rater = listening.begin(database, stored.id, 4, "en")
print(stored.id, rater.id, flush=True)
for answer in one.answers:
    listening.keep_answer(database, rater.id, answer)
    print(answer.item, flush=True)
"""


def test_what_was_confirmed_outlives_a_killed_server(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    test, rater = process.stdout.readline().split()
    confirmed = [process.stdout.readline().strip() for _ in range(7)]
    process.send_signal(signal.SIGKILL)
    confirmed += [line.strip() for line in process.stdout]
    process.wait()
    process.stdout.close()
    database = Database(f"sqlite:///{tmp_path / 'studio.sqlite'}")
    try:
        assert set(filter(None, confirmed)) <= set(listening.answers_of(database, rater))
        [found] = listening.raters(database, test)
        assert len(found.answers) >= 7
        assert len(listening.sounds(database, test)) == 60
        listening.remove(database, test)
        assert listening.raters(database, test) == []
        assert listening.sounds(database, test) == {}
    finally:
        database.close()


def test_what_was_left_unmade_is_made_when_the_studio_opens_again(tmp_path: Path) -> None:
    (tmp_path / "studio").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'studio' / 'studio.sqlite'}")
    order = {"kind": "pairs", "questions": ["prefer"], "items": 2, "bars": 2, "seed": 1, "language": "en", "title": ""}
    sources = [{"kind": "tunes", "name": one["name"], "abc": [one["abc"]]} for one in texts()]
    asked = {"order": order, "sources": sources, "real": "", "real_sources": []}
    left = StoredTest(notebook=OWNER, title="", state="making", error="", closed=False, asked=asked, design={})
    assert listening.store(database, left, most=1)
    assert not listening.store(database, StoredTest(notebook=OWNER, title="", asked={}), most=1)
    database.close()
    with studio_in(tmp_path / "studio") as client:
        owner_of(client)
        wait_for(lambda: client.get(f"/api/tests/{left.id}").json()["state"] == "ready")
