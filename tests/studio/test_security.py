"""The guard: what may pass, what every answer carries; each rule by what happens when it is broken."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from tests.support.open_studios import served
from tunewright.studio import bodies, rates, serving
from tunewright.studio.app import create_app
from tunewright.studio.rates import DRAWING, FOLLOWING, KINDS, READING, TOGETHER, UPLOADING, Crowd, Kind, Rates, kind_of
from tunewright.studio.security import HEADERS, NOTEBOOK, TOKEN, Guard
from tunewright.studio.settings import Settings
from tunewright.support.errors import ConfigError

SECRET = "a-token-for-tests"
extra = APIRouter()


class Asked(BaseModel):
    n: int = Field(1, ge=1, le=8)
    key: str = ""
    locked: list[int] = []


@extra.post("/api/echo")
def echo(asked: Asked, request: Request) -> dict[str, str]:
    return {"notebook": request.state.notebook}


@extra.get("/api/who")
def who(request: Request) -> dict[str, str]:
    return {"notebook": request.state.notebook}


@extra.get("/api/h/abc/who")
def shared_who(request: Request) -> dict[str, str]:
    return {"notebook": request.state.notebook}


@extra.get("/h/abc")
def shared() -> str:
    return "a test"


@extra.delete("/api/echo")
def forget() -> None:
    return None


@extra.get("/api/broken")
def broken() -> None:
    raise RuntimeError("the secret of the house")


@extra.get("/api/surrogate")
def surrogate() -> None:
    "\ud800".encode()


def studio(**settings: str) -> TestClient:
    """A studio without its workers, with some routes more."""
    app = create_app(Settings(**settings))  # type: ignore[arg-type]
    app.include_router(extra)
    return TestClient(app, base_url="http://127.0.0.1:8765", raise_server_exceptions=False)


def routes(client: TestClient) -> Iterator[tuple[str, str, APIRoute]]:
    """Every method and path that a studio answers to, an id in the place of each variable."""
    for part in client.app.routes:  # type: ignore[attr-defined]
        for route in getattr(part, "original_router", part).routes if hasattr(part, "original_router") else [part]:
            if isinstance(route, APIRoute):
                for method in route.methods:
                    yield method, re.sub(r"\{\w+(:\w+)?\}", "an-id", route.path), route


def _is_stream(route: APIRoute) -> bool:
    return route.response_class is EventSourceResponse


@pytest.fixture
def local() -> TestClient:
    return studio()


@pytest.fixture
def guarded() -> TestClient:
    return studio(host="0.0.0.0", token=SECRET)


# ----------------------------------------------------------------------------------------------------- names

OWN_NAMES = ["127.0.0.1:8765", "localhost:1", "localhost", "LOCALHOST:8765", "[::1]:8765"]


@pytest.mark.parametrize("host", OWN_NAMES)
def test_it_answers_to_its_own_names(local: TestClient, host: str) -> None:
    assert local.get("/api/who", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost@evil.example", "", "[", "a/b"]
)
def test_another_name_leads_nowhere(local: TestClient, host: str) -> None:
    answer = local.get("/api/who", headers={"Host": host})
    assert answer.status_code == 403
    assert "notebook" not in answer.json()


def test_with_a_token_it_may_be_reached_by_any_name(guarded: TestClient) -> None:
    headers = {"Host": "studio.example", "Authorization": f"Bearer {SECRET}"}
    assert guarded.get("/api/who", headers=headers).status_code == 200


# --------------------------------------------------------------------------------------------------- origins


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(local: TestClient, headers: dict[str, str]) -> None:
    assert local.post("/api/echo", json={}, headers=headers).status_code == 403
    assert local.delete("/api/echo", headers=headers).status_code == 403


def test_our_own_pages_and_programs_may(local: TestClient) -> None:
    ours = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert local.post("/api/echo", json={}, headers=ours).status_code == 200
    assert local.post("/api/echo", json={}).status_code == 200
    assert local.delete("/api/echo").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_what_a_form_of_another_site_can_send_is_not_taken(local: TestClient, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert local.post("/api/echo", content=b"{}", headers=headers).status_code == 415


# ----------------------------------------------------------------------------------------------------- token


def test_without_the_token_nothing_is_open_but_shared_links(guarded: TestClient) -> None:
    asked = [(method, path) for method, path, _ in routes(guarded) if not path.startswith(("/h/", "/api/h/"))]
    assert len(asked) > 8
    for method, path in asked:
        status = guarded.request(method, path, json={} if method == "POST" else None).status_code
        assert status == 401, f"{method} {path}: {status}"
    assert guarded.get("/api/openapi.json").status_code == 401
    assert guarded.get("/api/nothing").status_code == 401
    assert guarded.get("/static/css/studio.css").status_code == 200
    assert guarded.get("/h/abc").status_code != 401
    assert guarded.get("/api/h/abc/who").status_code == 200


@pytest.mark.parametrize("path", ["/h/../api/who", "/h/%2e%2e/api/who", "/static/../api/who", "/h//api/who", "/H/abc"])
def test_no_way_leads_from_a_shared_link_to_the_rest(guarded: TestClient, path: str) -> None:
    request = guarded.build_request("GET", "http://127.0.0.1:8765/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = guarded.send(request)
    assert answer.status_code in (401, 404)
    assert "notebook" not in answer.text


@pytest.mark.parametrize("wrong", ["", SECRET[:-1], SECRET + "x", SECRET.upper(), "\u00e9"])
def test_another_token_does_not_open(guarded: TestClient, wrong: str) -> None:
    answer = guarded.get("/api/who", headers={"Authorization": b"Bearer " + wrong.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.get("/api/who", params={"token": wrong}).status_code == 401
    assert guarded.get("/api/who", headers={"Cookie": f"{TOKEN}={wrong}".encode()}).status_code == 401


def test_the_token_opens_as_a_bearer_and_in_the_address_of_programs(guarded: TestClient) -> None:
    assert guarded.get("/api/who", headers={"Authorization": f"bearer {SECRET}"}).status_code == 200
    assert guarded.get("/api/who", params={"token": SECRET}).status_code == 200


def test_in_the_address_of_a_page_it_becomes_a_cookie_and_is_gone_from_it(guarded: TestClient) -> None:
    answer = guarded.get("/learn", params={"token": SECRET, "lang": "zh"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/learn?lang=zh"
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(TOKEN)]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert guarded.get("/learn").status_code == 200  # by the cookie alone


def test_the_way_without_the_token_never_leads_to_another_site(guarded: TestClient) -> None:
    for path in ("//evil.example", "/\\evil.example", "///evil.example"):
        request = guarded.build_request("GET", "http://127.0.0.1:8765/")
        request.url = request.url.copy_with(raw_path=f"{path}?token={SECRET}".encode())
        place = guarded.send(request, follow_redirects=False).headers["location"]
        assert urlsplit(place).netloc == ""
        assert place.startswith("/")
        assert place[1:2] not in ("/", "\\")


def test_beyond_this_machine_there_is_always_a_token() -> None:
    assert len(serving.with_token(Settings(host="0.0.0.0")).token) >= 24
    assert serving.with_token(Settings(host="0.0.0.0")).token != serving.with_token(Settings(host="0.0.0.0")).token
    assert serving.with_token(Settings()).token == ""
    assert serving.with_token(Settings(token=SECRET)).token == SECRET
    for weak in ("short", "with spaces in it", "semi;colon;semi", "x" * 201):
        with pytest.raises(ConfigError, match="--token"):
            serving.with_token(Settings(token=weak))


def test_the_address_that_is_printed_can_be_opened_elsewhere() -> None:
    assert serving.address_of(Settings(), 1) == "http://127.0.0.1:1/"
    assert serving.address_of(Settings(host="::1"), 1) == "http://[::1]:1/"
    printed = serving.address_of(Settings(host="0.0.0.0", token=SECRET), 1)
    assert "0.0.0.0" not in printed
    assert printed.endswith(f":1/?token={SECRET}")


# ------------------------------------------------------------------------------------------------- notebooks


def test_each_browser_has_one_notebook_that_no_script_reads(local: TestClient) -> None:
    answer = local.get("/api/who")
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith(NOTEBOOK)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    again = local.get("/api/who")
    assert again.json() == answer.json()
    assert "set-cookie" not in again.headers


def test_over_https_the_cookie_is_secure(local: TestClient) -> None:
    cookie = local.get("https://127.0.0.1/api/who").headers["set-cookie"]
    assert "; Secure" in cookie


def test_a_link_from_another_site_does_not_take_the_notebook_away(local: TestClient) -> None:
    answer = local.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("told", ["x", "../../etc/passwd0", "a" * 33, "<script>alert(1)</script>", 'a"b;c' * 4])
def test_a_notebook_that_we_never_gave_is_none(local: TestClient, told: str) -> None:
    found = local.get("/api/who", headers={"Cookie": f"{NOTEBOOK}={told}"}).json()["notebook"]
    assert found != told
    assert len(found) == 24


def test_who_answers_a_shared_test_has_no_notebook(local: TestClient) -> None:
    own = local.get("/api/who").json()["notebook"]
    answer = local.get("/api/h/abc/who")
    assert answer.json()["notebook"] != own
    assert "set-cookie" not in answer.headers


# --------------------------------------------------------------------------------------------------- headers

PLACES = [
    ("GET", "/", 200),
    ("GET", "/programs", 200),
    ("GET", "/static/css/studio.css", 200),
    ("GET", "/static/nothing.js", 404),
    ("GET", "/api/nothing", 404),
    ("PUT", "/api/echo", 405),
    ("GET", "/api/broken", 500),
]


@pytest.mark.parametrize(("method", "path", "status"), PLACES)
def test_every_answer_has_the_headers(local: TestClient, method: str, path: str, status: int) -> None:
    answer = local.request(method, path)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"]


def test_refusals_of_the_guard_have_them_too(guarded: TestClient) -> None:
    answer = guarded.get("/")
    assert answer.status_code == 401
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_what_browsers_take_of_https_alone_is_sent_where_they_take_it(guarded: TestClient) -> None:
    name = "cross-origin-opener-policy"
    assert name not in guarded.get("/").headers
    assert name in guarded.get("https://studio.example/").headers
    assert name in studio().get("/").headers


def test_the_policy_lets_no_script_run_but_files_of_ours() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "http:" not in HEADERS["Content-Security-Policy"]


def test_files_are_asked_for_again_but_not_sent_again(local: TestClient) -> None:
    answer = local.get("/static/css/studio.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-cache"
    again = local.get("/static/css/studio.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


# ---------------------------------------------------------------------------------------------------- errors


def test_errors_have_one_form(local: TestClient) -> None:
    asked: list[Callable[[], httpx.Response]] = [
        lambda: local.get("/api/nothing"),
        lambda: local.put("/api/echo"),
        lambda: local.post("/api/echo", json={"n": 9}),
        lambda: local.post("/api/echo", content=b"{", headers={"Content-Type": "application/json"}),
        lambda: local.post("/api/echo", content=b"[" * 100_000, headers={"Content-Type": "application/json"}),
        lambda: local.get("/api/broken"),
        lambda: local.get("/api/surrogate"),
        lambda: local.get("/static/nothing"),
    ]
    for ask in asked:
        answer = ask()
        assert answer.status_code >= 400
        assert list(answer.json()) == ["error"]
        assert answer.json()["error"]
        assert "\n" not in answer.json()["error"]


def test_what_was_wrong_is_said_in_words(local: TestClient) -> None:
    def told(**body: object) -> str:
        answer = local.post("/api/echo", json=body)
        assert answer.status_code == 422
        return str(answer.json()["error"])

    assert told(n=9) == "n: found 9; expected at most 8"
    assert told(n="many") == "n: found 'many'; expected a whole number"
    assert told(key=7, n=0) == "n: found 0; expected at least 1; key: found 7; expected text"
    assert told(locked=[1, "x"]) == "locked[1]: found 'x'; expected a whole number"
    assert len(told(n="x" * 100_000)) < 200
    assert local.post("/api/echo", json=[1]).json()["error"] == "what was sent: found [1]; expected an object of JSON"


def test_a_mistake_of_ours_shows_nothing_of_the_house(local: TestClient) -> None:
    answer = local.get("/api/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("language", "text"), [("en", "Nothing is here"), ("zh", "这里什么也没有")])
def test_people_get_a_page(local: TestClient, language: str, text: str) -> None:
    headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": language}
    answer = local.get("/nothing<script>", headers=headers)
    assert answer.status_code == 404
    assert text in answer.text
    assert "nothing<script>" not in answer.text
    assert local.get("/api/nothing", headers=headers).json()["error"]


# ---------------------------------------------------------------------------------------------------- bodies


def test_too_large_a_body_is_refused_by_what_it_says_and_by_what_comes(local: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    large = b'{"key": "' + b"x" * READING.largest + b'"}'
    assert local.post("/api/echo", content=large, headers=headers).status_code == bodies.TOO_LARGE

    def pieces() -> Iterator[bytes]:
        for begin in range(0, len(large), 65536):
            yield large[begin : begin + 65536]

    answer = local.post("/api/echo", content=pieces(), headers=headers)
    assert answer.status_code == bodies.TOO_LARGE
    assert answer.json()["error"].startswith("what was sent is too large")
    lies = {"Content-Length": "9" * 30, **headers}
    assert local.post("/api/echo", content=b"{}", headers=lies).status_code == bodies.TOO_LARGE


def test_a_body_as_large_as_may_be_passes(local: TestClient) -> None:
    body = b'{"key": "' + b"x" * (READING.largest - 11) + b'"}'
    assert len(body) == READING.largest
    assert local.post("/api/echo", content=body, headers={"Content-Type": "application/json"}).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> list[int]:
        sent: list[int] = []

        async def receive() -> dict[str, object]:
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                sent.append(int(str(message["status"])))

        app = create_app(Settings())
        app.include_router(extra)
        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", b"9")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/echo",
            "raw_path": b"/api/echo",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)  # type: ignore[arg-type]
        return sent

    monkeypatch.setattr("tunewright.studio.security.kind_of", lambda *_: Kind("slow", 60, 10, 5, seconds=0.2))
    begun = time.monotonic()
    assert asyncio.run(told()) == [bodies.TOO_SLOW]
    assert time.monotonic() - begun < 10


# ----------------------------------------------------------------------------------------------------- rates


def test_buckets_empty_and_fill() -> None:
    now = [0.0]
    kind = Kind("some", per_minute=60, burst=3, at_once=1)
    buckets = Rates(lambda: now[0])
    assert [buckets.wait("a", kind) for _ in range(5)] == [0, 0, 0, 1, 1]
    assert buckets.wait("b", kind) == 0
    now[0] = 1.0
    assert [buckets.wait("a", kind) for _ in range(2)] == [0, 1]
    now[0] = 1000.0
    assert [buckets.wait("a", kind) for _ in range(4)] == [0, 0, 0, 1]
    assert [buckets.wait("c", kind, times=10) for _ in range(31)].index(1) == 30


def test_no_more_is_remembered_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_CLIENTS", 10)
    buckets = Rates()
    for client in range(1000):
        buckets.wait(str(client), READING)
    assert len(buckets._full) == 10


def test_a_household_of_ipv6_is_one_client() -> None:
    assert rates.address_of(("2001:db8:1:2::5", 1)) == rates.address_of(("2001:db8:1:2:ffff::1", 1))
    assert rates.address_of(("2001:db8:1:2::5", 1)) != rates.address_of(("2001:db8:1:3::5", 1))
    assert rates.address_of(("::ffff:10.0.0.1", 1)) == rates.address_of(("10.0.0.1", 1)) == "10.0.0.1"
    assert rates.address_of(None) == ""


def test_too_much_is_refused_with_a_time_to_wait(local: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunewright.studio.security.kind_of", lambda *_: Kind("few", 60, 2, 5))
    local.get("/api/who")  # has a notebook from now on, which is counted
    answers = [local.get("/api/who") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    local.cookies.clear()  # another browser of the same address has its own
    assert local.get("/api/who").status_code == 200
    for _ in range(2 * TOGETHER):
        local.cookies.clear()
        last = local.get("/api/who")
    assert last.status_code == 429  # but all of one address have a limit, too


def test_so_many_at_once_and_no_more() -> None:
    crowd = Crowd()
    kind = Kind("some", 60, 10, at_once=2)
    with crowd.inside(["a"], kind):
        assert crowd.has_room("a", kind)
        with crowd.inside(["a"], kind):
            assert not crowd.has_room("a", kind)
            assert crowd.has_room("b", kind)
        assert crowd.has_room("a", kind)
    assert not crowd._inside


def test_every_stream_is_of_a_kind_that_is_bounded_at_once() -> None:
    streams = [(method, path) for method, path, route in routes(studio()) if _is_stream(route)]
    assert streams
    for method, path in streams:
        assert kind_of(method, path) in (DRAWING, FOLLOWING), path
    assert all(kind.at_once <= 6 for kind in (DRAWING, FOLLOWING))


def test_no_kind_takes_what_it_need_not() -> None:
    assert {kind.name for kind in KINDS if kind.largest > 2 * rates.MEGABYTE} == {UPLOADING.name}
    assert kind_of("POST", "/api/tunes") is DRAWING
    assert kind_of("GET", "/api/tunes") is READING
    assert kind_of("POST", "/api/collections") is UPLOADING


# ---------------------------------------------------------------------------------------- as a server of its own

ENDLESS = """
import asyncio, sys
from pathlib import Path
from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
import socket
from tunewright.studio import serving
from tunewright.studio.app import create_app
from tunewright.studio.settings import Settings

serving.HEAD_SECONDS = 1.0
app = create_app(Settings(folder=Path("studio"), drawers=0, renderers=0))
router = APIRouter()

@router.get("/api/x/events", response_class=EventSourceResponse)
async def events():
    while True:
        yield ServerSentEvent(event="tick", data=1)
        await asyncio.sleep(0.05)

app.include_router(router)
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
told = f"http://127.0.0.1:{listening.getsockname()[1]}/"
if __name__ == "__main__":
    serving.Server(app, lambda: print(told, file=sys.stderr, flush=True)).run(sockets=[listening])
"""


def test_ctrl_c_ends_streams_within_two_seconds_and_then_itself(tmp_path: Path) -> None:
    with served(tmp_path, script=ENDLESS) as server, httpx.Client(base_url=server.address, timeout=10) as client:
        with client.stream("GET", "/api/x/events") as one, client.stream("GET", "/api/x/events") as other:
            lines = one.iter_lines(), other.iter_lines()
            assert all(next(of) for of in lines)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGINT)
            for of in lines:
                with contextlib.suppress(httpx.RemoteProtocolError):  # it ends in the middle
                    assert list(of)
            assert time.monotonic() - begun < 2.0
            assert server.process.wait(10) is not None
        assert "timeout graceful" not in "".join(server.said)


def test_who_asks_for_nothing_is_let_go_and_who_asks_in_pieces_is_not_waited_for(tmp_path: Path) -> None:
    with served(tmp_path, script=ENDLESS) as server:
        place = urlsplit(server.address)
        assert place.hostname
        assert place.port
        for begun in (b"", b"GET /api/openapi.json HTTP/1.1\r\nHost: 127"):
            with socket.create_connection((place.hostname, place.port), timeout=15) as connection:
                connection.sendall(begun)
                since = time.monotonic()
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(1000) == b""
                assert 0.5 < time.monotonic() - since < 5


def test_a_stream_is_refused_where_a_browser_has_enough_of_them(tmp_path: Path) -> None:
    with served(tmp_path, script=ENDLESS) as server, httpx.Client(base_url=server.address, timeout=10) as client:
        client.get("/")
        streams = [client.stream("GET", "/api/x/events") for _ in range(FOLLOWING.at_once)]
        try:
            assert {stream.__enter__().status_code for stream in streams} == {200}
            refused = client.get("/api/x/events")
            assert refused.status_code == 429
        finally:
            for stream in streams:
                stream.__exit__(None, None, None)
        for _ in range(50):
            with client.stream("GET", "/api/x/events") as again:
                if again.status_code == 200:
                    break
            time.sleep(0.1)
        assert again.status_code == 200  # who leaves makes room


def test_the_guard_is_outside_of_everything() -> None:
    assert isinstance(create_app(Settings()).build_middleware_stack(), Guard)
