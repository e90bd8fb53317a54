"""Trainings: they learn, stop, go on, outlive killed processes and servers, and say honestly what came of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.small_base import boxed, made_base  # noqa: F401
from tests.support.small_runs import real_tunes
from tests.support.studios import PATIENCE, Served, files_of, read_collection, studio_in, wait_for
from tunewright.studio.routes import trainings as routes
from tunewright.studio.work.curves import Follower, curve, measured

MANY = 100_000  # steps: more than any test waits for


@pytest.fixture
def place(tmp_path: Path, made_base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A folder to work in, where "base" is a small model that takes no time: processes begun here find it, too."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made_base, tmp_path / "base")
    return tmp_path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, made_base: Path) -> Path:  # noqa: F811
    """The same for the studio that most tests share."""
    folder = tmp_path_factory.mktemp("trainings")
    shutil.copytree(made_base, folder / "base")
    return folder


@pytest.fixture(scope="module")
def shared(home: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as here:
        here.chdir(home)
        with studio_in(home / "studio") as client:
            yield client


@pytest.fixture
def client(shared: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Another browser for each test."""
    monkeypatch.chdir(home)
    shared.cookies.clear()
    shared.get("/learn")
    return shared


@dataclass(frozen=True)
class Learned:
    """What one browser has had learned: three steps from the small base."""

    client: TestClient
    cookies: dict[str, str]
    collection: str
    training: str


@pytest.fixture(scope="module")
def learned_once(shared: TestClient) -> Learned:
    shared.cookies.clear()
    shared.get("/learn")
    collection = collection_of(shared)
    training = begin(shared, collection, name="  My <b>tunes</b> ")
    ended(shared, training)
    return Learned(shared, dict(shared.cookies), collection, training)


@pytest.fixture
def learned(learned_once: Learned, home: Path, monkeypatch: pytest.MonkeyPatch) -> Learned:
    """The same, asked by its own browser."""
    monkeypatch.chdir(home)
    learned_once.client.cookies.clear()
    learned_once.client.cookies.update(learned_once.cookies)
    return learned_once


def collection_of(client: Any, many: int = 24) -> str:
    return str(read_collection(client, files_of(list(real_tunes()[:many]), 3))["id"])


def begin(client: Any, collection: str, **asked: Any) -> str:
    answer = client.post("/api/trainings", json={"collection": collection, "from": "base", "steps": 3} | asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def told(client: Any, training: str) -> dict[str, Any]:
    answer = client.get(f"/api/trainings/{training}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def once(client: Any, training: str, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """A training, as soon as something is so of it."""

    def found() -> dict[str, Any] | None:
        now = told(client, training)
        return now if is_so(now) else None

    return wait_for(found)


def ended(client: Any, training: str) -> dict[str, Any]:
    return once(client, training, lambda now: now["state"] not in ("waiting", "running"))


def stepped(client: Any, training: str, steps: int = 1) -> dict[str, Any]:
    """The training once it has made some steps."""
    return once(client, training, lambda now: (now["now"].get("progress") or {}).get("step", 0) >= steps)


def heard(client: Any, training: str) -> list[tuple[str, Any]]:
    """All events of a training that has ended."""
    blocks = client.get(f"/api/trainings/{training}/events").text.strip().split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[:9]) for block in blocks]
    return [(one["event"], json.loads(one["data"])) for one in fields if "event" in one]


# ------------------------------------------------------------------------------------------------ learning


def test_a_model_learns_tunes_and_says_what_came_of_it(learned: Learned, home: Path) -> None:
    client, training = learned.client, learned.training
    found = told(client, training)
    assert (found["state"], found["error"], found["name"]) == ("finished", "", "My <b>tunes</b>")
    about = found["about"]
    assert about["steps"] == 3
    assert about["bits_per_note"] <= about["bits_before"]
    assert (found["can_draw"], found["can_resume"], found["model"]) == (True, False, training)
    events = heard(client, training)
    points = [point for name, data in events if name == "points" for point in data["points"]]
    assert [point["step"] for point in points] == [0, 1, 2, 3]
    assert all("valid_loss" in point for point in points)
    assert events[-1][1]["state"] == "finished"
    assert client.get(f"/api/trainings/{training}/curve").json() == points
    record = json.loads((home / "studio" / "runs" / training / "record.json").read_text())
    assert record["sources"] == [str((home / "studio" / "collections" / found["collection"] / "music").resolve())]


def test_a_tune_of_the_latest_weights_is_stored_in_the_notebook(learned: Learned) -> None:
    training = learned.training
    answer = learned.client.post(f"/api/trainings/{training}/tune")
    assert answer.status_code == 201, answer.text
    tune = answer.json()
    assert (tune["model"], tune["step"]) == (training, 3)
    assert f"N:seed {tune['seed']}" in tune["abc"]


@pytest.mark.slow
def test_it_can_be_heard_while_it_learns_and_the_weights_are_the_newest(client: TestClient) -> None:
    training = begin(client, collection_of(client), steps=MANY)
    stepped(client, training)
    first = client.post(f"/api/trainings/{training}/tune").json()
    once(client, training, lambda now: now["state"] != "running" or now["about"]["steps"] > (first["step"] or 0))
    second = client.post(f"/api/trainings/{training}/tune").json()
    assert second["step"] > first["step"]
    client.post(f"/api/trainings/{training}/stop")
    ended(client, training)


def test_one_that_has_no_weights_yet_says_so(client: TestClient) -> None:
    collection = collection_of(client)
    first, second = begin(client, collection, steps=MANY), begin(client, collection)
    answer = client.post(f"/api/trainings/{second}/tune")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_weights")
    for training in (second, first):
        client.post(f"/api/trainings/{training}/stop")
    ended(client, first)


@pytest.mark.slow
def test_it_stops_when_it_is_told_and_goes_on_from_there(client: TestClient) -> None:
    training = begin(client, collection_of(client), steps=MANY)
    stepped(client, training, 2)
    assert client.post(f"/api/trainings/{training}/stop").status_code == 200
    stopped = ended(client, training)
    if stopped["state"] == "interrupted":  # unless it has found that it learns no more
        assert (stopped["reason"], stopped["can_resume"], stopped["can_draw"]) == ("asked", True, True)
        steps = stopped["about"]["steps"]
        assert client.post(f"/api/trainings/{training}/resume", json={"steps": steps + 2}).status_code == 200
        again = ended(client, training)
        assert again["state"] in ("finished", "early_stopped")
        assert again["about"]["steps"] > steps
        points = [point for name, data in heard(client, training) if name == "points" for point in data["points"]]
        assert [point["step"] for point in points] == sorted({point["step"] for point in points})
    for act in ("stop", "resume"):
        assert client.post(f"/api/trainings/{training}/{act}").status_code == 409


@pytest.mark.slow
def test_others_wait_in_a_queue_of_bounded_length(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_WAITING", 3)
    collection = collection_of(client)
    first = begin(client, collection, steps=MANY)
    once(client, first, lambda now: now["state"] == "running")
    second, third = begin(client, collection), begin(client, collection)
    assert [told(client, one)["place"] for one in (first, second, third)] == [None, 1, 2]
    assert len({told(client, one)["name"] for one in (first, second, third)}) == 3
    answer = client.post("/api/trainings", json={"collection": collection})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]
    assert client.post(f"/api/trainings/{second}/stop").json()["state"] == "interrupted"
    assert told(client, third)["place"] == 1
    answer = client.delete(f"/api/collections/{collection}")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert client.delete(f"/api/trainings/{third}").status_code == 409
    client.post(f"/api/trainings/{first}/stop")
    ended(client, first)
    assert ended(client, third)["state"] in ("finished", "early_stopped")


def test_it_may_begin_with_a_run_of_the_studio(learned: Learned, home: Path) -> None:
    client, first = learned.client, learned.training
    second = begin(client, learned.collection, **{"from": first, "steps": 1})
    found = ended(client, second)
    assert (found["state"], found["origin_name"]) == ("finished", told(client, first)["name"])
    record = json.loads((home / "studio" / "runs" / second / "record.json").read_text())
    assert record["from"]["run"].endswith(first)


@pytest.mark.slow
def test_it_may_begin_with_nothing(client: TestClient) -> None:
    training = begin(client, collection_of(client), **{"from": "nothing", "preset": "default", "steps": 1})
    found = ended(client, training)
    assert (found["state"], found["preset"], found["about"]["steps"]) == ("finished", "default", 1)
    assert "bits_before" not in found["about"]


# ------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"collection": "nowhere"}, 404),
        ({"from": "../../etc"}, 404),
        ({"from": "/etc"}, 404),
        ({"preset": "default"}, 422),
        ({"from": "nothing", "preset": "../base"}, 422),
        ({"minutes": 0}, 422),
        ({"minutes": 1e9}, 422),
        ({"minutes": "NaN"}, 422),
        ({"steps": 0}, 422),
        ({"name": "x" * 1000}, 422),
    ],
    ids=str,
)
def test_what_cannot_be_had_is_refused(learned: Learned, asked: dict[str, Any], status: int) -> None:
    before = len(learned.client.get("/api/trainings").json())
    answer = learned.client.post("/api/trainings", json={"collection": learned.collection} | asked)
    assert answer.status_code == status, answer.text
    assert len(learned.client.get("/api/trainings").json()) == before


def test_another_browser_can_do_nothing_with_it(learned: Learned) -> None:
    client, training = learned.client, learned.training
    own = {model["name"]: model["title"] for model in client.get("/api/models").json()}
    assert own[training] == "My <b>tunes</b>"
    client.cookies.clear()
    assert training not in [model["name"] for model in client.get("/api/models").json()]
    assert client.get("/api/trainings").json() == []
    ways = ("GET", ""), ("GET", "/events"), ("POST", "/stop"), ("POST", "/resume"), ("POST", "/tune"), ("DELETE", "")
    for method, path in ways:
        assert client.request(method, f"/api/trainings/{training}{path}").status_code == 404, path
    assert client.post("/api/reports", json={"kind": "scorecard", "trainings": [training]}).status_code == 404
    client.cookies.clear()
    client.cookies.update(learned.cookies)
    assert told(client, training)["state"] == "finished"


def test_a_training_that_fails_says_why(place: Path) -> None:
    shutil.rmtree(place / "base")
    (place / "base").mkdir()
    (place / "base" / "summary.json").write_text("{}")  # a run, and a broken one
    with studio_in(place / "studio") as client:
        client.get("/learn")
        found = ended(client, begin(client, collection_of(client, 6)))
    assert found["state"] == "failed"
    assert "base" in found["error"]
    assert "Traceback" not in found["error"]
    assert found["can_resume"]


def test_what_is_deleted_is_gone_with_its_run(client: TestClient, home: Path) -> None:
    training = begin(client, collection_of(client, 6), steps=1)
    ended(client, training)
    assert (home / "studio" / "runs" / training).is_dir()
    assert client.delete(f"/api/trainings/{training}").status_code == 204
    assert not (home / "studio" / "runs" / training).exists()
    assert client.get(f"/api/trainings/{training}").status_code == 404


@pytest.mark.slow
def test_one_whose_tunes_are_deleted_stays_but_cannot_go_on(client: TestClient) -> None:
    collection = collection_of(client)
    training = begin(client, collection, steps=MANY)
    stepped(client, training)
    client.post(f"/api/trainings/{training}/stop")
    ended(client, training)
    assert client.delete(f"/api/collections/{collection}").status_code == 204
    found = told(client, training)
    assert (found["collection"], found["can_resume"], found["can_draw"]) == (None, False, True)
    assert client.post(f"/api/trainings/{training}/resume").status_code == 409
    assert client.post(f"/api/trainings/{training}/tune").status_code == 201


# ------------------------------------------------------------------------------------------------ killed


@pytest.mark.slow
def test_a_process_that_is_killed_is_said_and_gone_on_with(client: TestClient) -> None:
    training = begin(client, collection_of(client), steps=MANY)
    stepped(client, training, 2)
    process = client.app.state.studio.learning.trainer.process  # type: ignore[attr-defined]
    os.kill(process, signal.SIGKILL)
    found = ended(client, training)
    assert (found["state"], found["reason"], found["can_resume"]) == ("interrupted", "died", True)
    client.post(f"/api/trainings/{training}/resume", json={"steps": found["about"]["steps"] + 2})
    again = ended(client, training)
    assert again["state"] in ("finished", "early_stopped"), again
    assert again["about"]["steps"] > found["about"]["steps"]


@pytest.mark.slow
def test_a_studio_that_closes_has_it_saved_and_the_next_one_goes_on(place: Path) -> None:
    with studio_in(place / "studio") as client:
        client.get("/learn")
        training = begin(client, collection_of(client), steps=MANY)
        waiting = begin(client, told(client, training)["collection"], steps=1)
        stepped(client, training, 2)
        cookies = dict(client.cookies)
    with studio_in(place / "studio") as client:
        client.cookies.update(cookies)
        found = told(client, training)
        assert found["state"] in ("interrupted", "early_stopped")
        assert found["about"]["steps"] >= 2
        assert found["reason"] in ("closed", "")
        assert ended(client, waiting)["state"] == "finished"  # what waited waited on


@pytest.mark.slow
def test_a_server_that_is_killed_knows_afterwards_what_there_was(place: Path) -> None:
    served = Served(place / "studio")
    try:
        training = begin(served.client, collection_of(served.client), steps=MANY)
        stepped(served.client, training, 2)
        served.kill()
        served.begin()
        found = told(served.client, training)
        assert found["name"]
        assert found["state"] in ("interrupted", "early_stopped")
        if found["state"] == "interrupted":
            assert (found["reason"], found["can_resume"]) == ("killed", True)
            steps = max(found["about"]["steps"], 2)
            served.client.post(f"/api/trainings/{training}/resume", json={"steps": steps + 40})
            again = ended(served.client, training)
            assert again["state"] in ("finished", "early_stopped"), again
    finally:
        served.end()


# ------------------------------------------------------------------------------------------------ pages


@pytest.mark.slow
def test_pages_are_made_when_they_are_asked_for(client: TestClient) -> None:
    collection = collection_of(client, 40)
    trainings = [begin(client, collection, steps=2, name=name) for name in ("First <i>", "Second")]
    for training in trainings:
        ended(client, training)

    def made(kind: str, which: list[str], language: str = "en") -> dict[str, Any]:
        answer = client.post(f"/api/reports?lang={language}", json={"kind": kind, "trainings": which})
        assert answer.status_code == 201, answer.text
        report = answer.json()["id"]

        def found() -> dict[str, Any] | None:
            now = client.get(f"/api/reports/{report}").json()
            return None if now["state"] == "waiting" else now

        return wait_for(found, 4 * PATIENCE)

    card = made("scorecard", trainings[:1], "zh")
    assert card["state"] == "ready", card
    page = client.get(card["address"])
    assert "First &lt;i&gt;" in page.text
    assert 'lang="zh-CN"' in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    both = made("comparison", trainings)
    assert both["state"] == "ready", both
    assert "Second" in client.get(both["address"]).text
    one = made("run", trainings[1:])
    assert one["state"] == "ready", one
    folder = one["address"].rpartition("/")[0]
    for path in (
        "../../../studio.sqlite",
        "..%2f..%2fstudio.sqlite",
        "%2e%2e/%2e%2e/studio.sqlite",
        "/etc/passwd",
        "nothing",
    ):
        assert client.get(f"{folder}/{path}").status_code == 404
    assert [len(client.get("/api/reports").json()), client.delete(f"/api/reports/{one['id']}").status_code] == [3, 204]
    assert client.get(one["address"]).status_code == 404


@pytest.mark.parametrize(
    ("kind", "which", "status"),
    [
        ("comparison", ["mine"], 422),
        ("comparison", ["mine", "mine"], 422),
        ("run", [], 422),
        ("party", ["mine"], 422),
        ("scorecard", ["nobody"], 404),
        ("scorecard", ["../../etc"], 404),
        ("comparison", ["mine"] * 9, 422),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(learned: Learned, kind: str, which: list[str], status: int) -> None:
    asked = [learned.training if one == "mine" else one for one in which]
    answer = learned.client.post("/api/reports", json={"kind": kind, "trainings": asked})
    assert answer.status_code == status, answer.text


# ------------------------------------------------------------------------------------------------ curves


def test_a_reader_follows_what_is_written_and_begins_anew_where_it_is_replaced(tmp_path: Path) -> None:
    def line(step: int, **more: float) -> str:
        return json.dumps({"step": step, "seconds": step / 2, "loss": 1.0, "train_loss": 2.0 / step} | more) + "\n"

    file = tmp_path / "metrics.jsonl"
    follower = Follower(tmp_path)
    assert follower.read() == (False, [])
    file.write_text(line(1) + line(2)[:10])
    assert [point["step"] for point in follower.read()[1]] == [1]
    file.write_text(line(1) + line(2) + line(3))
    assert [point["step"] for point in follower.read()[1]] == [2, 3]
    assert follower.read() == (False, [])
    (tmp_path / "new").write_text(line(1) + line(4))
    (tmp_path / "new").replace(file)
    anew, points = follower.read()
    assert anew
    assert [point["step"] for point in points] == [1, 4]
    file.write_text("nonsense\n[1]\n{}\n" + line(1))
    assert [point["step"] for point in follower.read()[1]] == [1]


def test_a_long_curve_is_thinned_and_keeps_every_look(tmp_path: Path) -> None:
    lines = [
        {"step": step, "train_loss": 1.0} | ({"valid_loss": 2.0} if step % 100 == 0 else {}) for step in range(1, 5001)
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    points = curve(tmp_path)
    assert len(points) < 1000
    assert [point["step"] for point in points if "valid_loss" in point] == list(range(100, 5001, 100))
    assert points[-1]["step"] == 5000


def test_a_run_that_is_broken_measures_nothing(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("[")
    assert measured(tmp_path) == {}
    assert measured(tmp_path / "nowhere") == {}
