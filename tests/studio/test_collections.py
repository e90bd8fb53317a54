"""Collections that are brought: what is read, what is left out and why, and everything that nobody should send."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.small_runs import real_tunes
from tests.support.studios import files_of, once_read, read_collection, studio_in
from tunewright.studio.routes import collections as routes
from tunewright.studio.work import learning as work
from tunewright.studio.work import uploads

GOOD = b"X:1\nT:Good <b>one</b>\nR:reel\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2c2 B4|DEFG ABcd|d2c2 d4|]\n"
OTHER = b"X:2\nT:Another\nM:6/8\nL:1/8\nK:G\nGAB cde|dcB A3|GAB cde|dBG G3|]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collections") / "studio"


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[TestClient]:
    with studio_in(folder) as client:
        yield client


@pytest.fixture
def client(shared: TestClient) -> TestClient:
    """Another browser for each test."""
    shared.cookies.clear()
    shared.get("/learn")
    return shared


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def a_zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> list[Any]:
    return [("files", ("tunes.zip", zipped(*members)))]


def codes(collection: dict[str, Any]) -> dict[str, int]:
    return collection["about"]["left_out"]["counted"]


def stored(folder: Path, collection: dict[str, Any]) -> set[str]:
    """The files of a collection, as paths in its folder."""
    own = folder / "collections" / collection["id"]
    return {path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------------------ what is read


def test_files_are_read_and_told_by_the_names_that_they_had(client: TestClient) -> None:
    files = [("files", ("sets/kesh.abc", GOOD)), ("files", ("sets/more/two.ABC", OTHER))]
    found = read_collection(client, files)
    assert (found["state"], found["name"], found["files"]) == ("read", "sets", 2)
    about = found["about"]
    assert (about["tunes"], about["families"], sum(about["split"].values())) == (2, 2, 2)
    assert about["meters"] == [{"name": "4/4", "count": 1}, {"name": "6/8", "count": 1}]
    assert about["rhythms"][0] == {"name": "jig", "count": 1} or {"name": "reel", "count": 1} in about["rhythms"]
    assert [one["title"] for one in about["first"]] == ["Good <b>one</b>", "Another"]


def test_one_good_tune_in_a_bad_file_is_read_and_the_others_say_where_and_why(client: TestClient) -> None:
    text = b"X:1\nT:No key\nhello\n\n" + GOOD + b"\nX:3\nM:4/4\nK:G\n[[[[ |||| @@@\n\n" + GOOD.replace(b"X:1", b"X:4")
    about = read_collection(client, [("files", ("my tunes/bad.abc", text))])["about"]
    assert (about["tunes"], about["duplicates"], about["dropped_count"]) == (2, 1, 2)
    assert [(one["file"], one["line"]) for one in about["dropped"]] == [
        ("my tunes/bad.abc", "1"),
        ("my tunes/bad.abc", "16"),
    ]
    assert "K:" in about["dropped"][0]["reason"]
    assert about["merged"][0]["kept"].startswith("my tunes/bad.abc:")


def test_a_name_may_be_given(client: TestClient) -> None:
    assert read_collection(client, [("files", ("a.abc", GOOD))], name="  My\ntunes ")["name"] == "My tunes"


def test_real_tunes_are_divided_and_the_first_are_drawn(client: TestClient) -> None:
    found = read_collection(client, files_of(list(real_tunes()[:30]), 3))
    split = found["about"]["split"]
    assert sum(split.values()) == found["about"]["tunes"] == 30
    assert split["train"] > split["valid"] + split["test"] > 0
    scores = client.get(f"/api/collections/{found['id']}/scores").json()
    assert len(scores) == 3
    assert all(one["image"].startswith("data:image/svg+xml;base64,") for one in scores)


def test_a_built_in_collection_is_offered_with_its_terms(client: TestClient) -> None:
    offered = {one["id"]: one for one in client.get("/api/collections").json()["built_in"]}
    assert list(offered) == ["oneill", "ryan", "aird", "essen"]
    assert [name for name, one in offered.items() if one["non_commercial"]] == ["essen"]


@pytest.mark.slow
def test_a_built_in_collection_is_read_when_it_is_asked_for(client: TestClient) -> None:
    found = once_read(client, "ryan")
    assert (found["state"], found["built_in"], found["about"]["tunes"]) == ("read", True, 1059)
    assert client.delete("/api/collections/ryan").status_code == 404


# ------------------------------------------------------------------------------------------------ zips


def test_a_zip_is_unpacked_under_names_of_our_own(client: TestClient, folder: Path) -> None:
    members = (
        ("../../../../evil.abc", GOOD),
        ("/etc/absolute.abc", OTHER),
        ("C:\\windows\\three.abc", GOOD + b"\n" + OTHER),
    )
    found = read_collection(client, a_zip(*members))
    assert found["state"] == "read"
    assert stored(folder, found) == {"names.json", "music/00001.abc", "music/00002.abc", "music/00003.abc"}
    assert not list(folder.parent.parent.rglob("evil.abc"))
    assert found["about"]["tunes"] == 4  # two of them again
    assert {one["kept"].partition(":")[0] for one in found["about"]["merged"]} <= {
        "../../../../evil.abc",
        "/etc/absolute.abc",
    }


def test_links_zips_in_zips_and_other_files_are_left_out_with_the_reason(client: TestClient) -> None:
    link = zipfile.ZipInfo("link.abc")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    inner = zipped(("inner.abc", GOOD))
    members = (
        *((link, b"/etc/passwd"), ("inner.zip", inner), ("disguised.abc", inner), ("cover.jpg", b"\xff\xd8")),
        *((".hidden.abc", GOOD), (f"{'deep/' * 40}deep.abc", GOOD), ("good.abc", GOOD)),
    )
    found = read_collection(client, a_zip(*members))
    assert found["about"]["tunes"] == 1
    assert codes(found) == {"link": 1, "zip_inside": 2, "not_music": 1, "hidden": 1, "too_deep": 1}
    assert {"name": "cover.jpg", "code": "not_music", "values": {}} in found["about"]["left_out"]["files"]


def test_a_zip_bomb_is_refused_whatever_it_says_of_itself(client: TestClient, folder: Path) -> None:
    found = read_collection(client, a_zip(("bomb.abc", b"A" * (12 * 2**20)), ("good.abc", GOOD)))
    assert (found["state"], found["error"]["code"], found["bytes"]) == ("failed", "bomb", 0)
    assert stored(folder, found) == set()


def test_much_that_is_packed_little_is_refused_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 1000)  # of what comes as it is; zips are the worker's
    answer = client.post("/api/collections", files=[("files", ("long.abc", GOOD * 20))])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_much_unpacked")


def test_a_broken_zip_and_a_broken_member_are_said(client: TestClient) -> None:
    packed = bytearray(zipped(("one.abc", bytes(range(256)) * 40), ("good.abc", GOOD)))
    packed[60:80] = b"\0" * 20
    found = read_collection(client, [("files", ("a.zip", bytes(packed))), ("files", ("b.zip", b"PK nothing"))])
    assert found["about"]["tunes"] == 1
    assert codes(found) == {"broken_member": 1, "broken_zip": 1}


def test_a_locked_member_is_said(client: TestClient) -> None:
    packed = bytearray(zipped(("locked.abc", GOOD)))
    packed[6] |= 1
    packed[packed.rfind(b"PK\x01\x02") + 8] |= 1
    found = read_collection(client, [("files", ("a.zip", bytes(packed)))])
    assert (found["state"], found["error"]["code"], codes(found)) == ("failed", "no_files", {"encrypted": 1})


def test_a_zip_of_too_many_files_is_refused(client: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.txt", b"")
    found = read_collection(client, [("files", ("many.zip", packed.getvalue()))])
    assert (found["state"], found["error"]["code"]) == ("failed", "too_many_files")


# ------------------------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil.abc",
        "/etc/passwd.abc",
        "C:\\Users\\x\\evil.abc",
        "<img src=x onerror=alert(1)>.abc",
        "a" * 5000 + ".abc",
        "nul\x00byte.abc",
        "line\nbreak.abc",
        "‮gnp.abc",
        "名字 ♫.abc",
        "%2e%2e%2fescape.abc",
    ],
)
def test_no_name_that_comes_with_a_file_is_opened(client: TestClient, folder: Path, name: str) -> None:
    before = {path for path in folder.parent.rglob("*") if "collections/" not in path.as_posix()}
    answer = client.post("/api/collections", files=[("files", (name, GOOD))])
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        found = once_read(client, answer.json()["id"])
        assert found["about"].get("tunes") == 1
        assert stored(folder, found) == {"names.json", "music/00001.abc"}
        assert len(found["name"]) <= uploads.LONGEST_NAME
        assert found["name"].isprintable()
    after = {path for path in folder.parent.rglob("*") if "collections/" not in path.as_posix()}
    assert {path.name for path in after - before} <= {"studio.sqlite-wal", "studio.sqlite-shm", "collections"}


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 422, "no_files"),
        ([("other", ("a.abc", GOOD))], 422, "no_files"),
        ([("files", (f"{number}.abc", b"")) for number in range(10_001)], 413, "too_many_files"),
        ([("files", (f"{number}.zip", b"")) for number in range(5)], 413, "too_many_zips"),
        ([("files", ("a.abc", b"x" * (67 * 2**20)))], 413, "too_large_body"),
    ],
    ids=["none", "another field", "10,001", "five zips", "67 MB"],
)
def test_what_is_too_little_or_too_much_is_refused(client: TestClient, files: Any, status: int, code: str) -> None:
    answer = client.post("/api/collections", files=files or {"x": ("", b"")})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["error"]
    assert client.get("/api/collections").json()["brought"] == []


def test_a_body_without_a_length_is_counted(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.abc"\r\n\r\n'
        for _ in range(70):
            yield b"x" * 2**20

    told = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/api/collections", content=endless(), headers=told)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large_body")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"nothing"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n\xff\r\n--x--"),
        ("", b""),
    ],
)
def test_what_is_no_form_is_refused(client: TestClient, kind: str, body: bytes) -> None:
    answer = client.post("/api/collections", content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 5000, bytes(range(256)) * 50, b"hello", b"X:1\n" * 3000, b"MThd\x00\x00", b"K:\xff\xfe\n|||"],
)
@pytest.mark.parametrize("ending", ["abc", "mid"])
def test_what_is_not_music_is_said(client: TestClient, content: bytes, ending: str) -> None:
    found = read_collection(client, [("files", (f"not music.{ending}", content))])
    assert (found["state"], found["error"]["code"]) == ("failed", "no_music")
    assert all(one["file"] == f"not music.{ending}" for one in found["about"]["dropped"])


def test_files_that_are_no_music_by_their_names_are_said(client: TestClient) -> None:
    found = read_collection(client, [("files", ("a.txt", GOOD)), ("files", ("b", GOOD)), ("files", (".DS_Store", b""))])
    assert (found["state"], found["error"]["code"], codes(found)) == (
        "failed",
        "no_files",
        {"not_music": 2, "hidden": 1},
    )


def test_reading_that_takes_too_long_is_ended_and_said(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "READING_SECONDS", 0.0)
    found = read_collection(client, files_of(list(real_tunes()) * 40, 40))
    assert (found["state"], found["error"]["code"]) == ("failed", "unread")
    monkeypatch.undo()
    assert read_collection(client, [("files", ("a.abc", GOOD))])["state"] == "read"  # by another process


# ------------------------------------------------------------------------------------------------ whose they are


def test_another_browser_sees_nothing_of_it(client: TestClient) -> None:
    found = read_collection(client, [("files", ("a.abc", GOOD))])
    client.cookies.clear()
    assert client.get("/api/collections").json()["brought"] == []
    for method, path in (("GET", ""), ("GET", "/scores"), ("DELETE", "")):
        answer = client.request(method, f"/api/collections/{found['id']}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_collection")


def test_what_is_deleted_is_gone_from_the_disk(client: TestClient, folder: Path) -> None:
    found = read_collection(client, [("files", ("a.abc", GOOD))])
    assert stored(folder, found)
    assert client.delete(f"/api/collections/{found['id']}").status_code == 204
    assert not (folder / "collections" / found["id"]).exists()
    assert client.get(f"/api/collections/{found['id']}").status_code == 404


def test_a_notebook_has_room_for_so_much_and_no_more(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(routes, "MOST_KEPT", 2 * len(GOOD))
    monkeypatch.setattr(routes, "MOST_COLLECTIONS", 3)
    for _ in range(2):
        assert client.post("/api/collections", files=[("files", ("a.abc", GOOD))]).status_code == 201
    before = set((folder / "collections").iterdir())
    answer = client.post("/api/collections", files=[("files", ("a.abc", GOOD))])
    assert (answer.status_code, answer.json()["code"]) == (413, "full")
    assert client.post("/api/collections", files=[("files", ("a.abc", b""))]).status_code == 201
    answer = client.post("/api/collections", files=[("files", ("a.abc", b""))])
    assert (answer.status_code, answer.json()["code"]) == (413, "many")
    assert len(set((folder / "collections").iterdir()) - before) <= 1


def test_what_was_brought_before_a_server_ended_is_read_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before, studio_in(tmp_path / "studio") as client:
        before.setattr(work.Learning, "read", lambda *_: None)
        made = client.post("/api/collections", files=[("files", ("a.abc", GOOD))]).json()
        cookies = dict(client.cookies)
        assert client.get(f"/api/collections/{made['id']}").json()["state"] == "reading"
    with studio_in(tmp_path / "studio") as client:
        client.cookies.update(cookies)
        assert once_read(client, made["id"])["about"]["tunes"] == 1


def test_files_that_a_killed_server_had_not_confirmed_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "studio" / "collections"
    for name in ("left over", "just now"):
        (folder / name / "music").mkdir(parents=True)
    os.utime(folder / "left over", (0, 0))
    with studio_in(tmp_path / "studio") as client:
        kept = read_collection(client, [("files", ("a.abc", GOOD))])["id"]
    os.utime(folder / kept, (0, 0))
    with studio_in(tmp_path / "studio"):
        assert {path.name for path in folder.iterdir()} == {"just now", kept}
