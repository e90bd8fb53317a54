"""Scores, sounds and files over HTTP, held against what reads them again."""

from __future__ import annotations

import io
import re
import wave
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.real_tunes import real_tunes
from tests.support.score_pages import rendering_studio
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi.tunes import parse_midi
from tunewright.studio.routes.scores import INSTRUMENTS, disposition
from tunewright.studio.storage import tunes

REEL = 'X:1\nT:Bär & "Böse" / 1\nR:reel\nM:4/4\nL:1/8\nK:G\n|:"G"G2 BG dGBG|"C"cBAG "D"FDEF|"G"G8:|\n'

PLAIN = "X:1\nM:4/4\nL:1/8\nK:C\nCEGE CEGE|FAcA FAcA|c8|\n"


class Open(NamedTuple):
    """A studio, and a client of it."""

    studio: Any
    client: httpx.Client

    def keep(self, abc: str, title: str = "") -> str:
        stored = tunes.store(self.studio.database, "n" * 24, abc, "brought", title=title)
        found: str = stored.id
        return found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with (
        rendering_studio(tmp_path_factory.mktemp("studio")) as (address, studio),
        httpx.Client(base_url=address, timeout=120) as client,
    ):
        yield Open(studio, client)


def seconds(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as file:
        assert file.getsampwidth() == 2
        return file.getnframes() / file.getframerate()


def test_a_score_says_when_everything_in_it_sounds(there: Open) -> None:
    found = there.client.post("/api/scores", json={"abc": REEL}).json()
    assert [bar["number"] for bar in found["bars"]] == [1, 2, 3]
    assert [len(bar["times"]) for bar in found["bars"]] == [2, 2, 2]
    assert found["bars"][1]["start"] == found["bars"][0]["end"]
    assert {note["index"] for note in found["notes"]} == set(range(16))
    assert all(f'id="{note["id"]}"' in found["svg"] for note in found["notes"])
    assert (found["chords"], found["tempo"], found["problems"]) == (True, 200, [])
    sound = there.client.post("/api/sounds", json={"abc": REEL})
    assert seconds(sound.content) == pytest.approx(found["seconds"], abs=0.05)
    counted = there.client.post("/api/sounds", json={"abc": REEL, "count_in": True})
    assert seconds(counted.content) == pytest.approx(found["seconds"] + found["count_in"]["seconds"], abs=0.05)


def test_a_stored_tune_gives_the_same(there: Open) -> None:
    tune = there.keep(REEL)
    assert (
        there.client.get(f"/api/tunes/{tune}/score").json()
        == there.client.post("/api/scores", json={"abc": REEL}).json()
    )
    sound = there.client.get(f"/api/tunes/{tune}/sound.wav", params={"tempo": 120, "chords": True, "program": 40})
    posted = there.client.post("/api/sounds", json={"abc": REEL, "tempo": 120, "chords": True, "program": 40})
    assert sound.content == posted.content


def test_a_narrow_score_has_more_lines(there: Open) -> None:
    lines = [
        there.client.post("/api/scores", json={"abc": REEL, "width": width}).json()["svg"].count('class="system"')
        for width in (840, 340)
    ]
    assert lines == [1, 2]


def test_a_browser_that_has_a_sound_is_sent_none(there: Open) -> None:
    path = f"/api/tunes/{there.keep(REEL)}/sound.wav"
    first = there.client.get(path)
    assert there.client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    other = there.client.get(path, params={"metronome": True}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert other.content != first.content


@pytest.mark.parametrize("number", [0, 7, 20])
def test_every_file_of_a_tune_opens_again(there: Open, number: int) -> None:
    tune = real_tunes(10)[number]
    kept = there.keep(format_abc(tune), 'Bär & "Böse" / 1')
    files = {}
    for kind in ("abc", "mid", "musicxml", "wav", "svg", "pdf"):
        answer = there.client.get(f"/api/tunes/{kept}/file.{kind}")
        assert answer.status_code == 200
        assert f'filename="Bar & Bose 1.{kind}"' in answer.headers["content-disposition"]
        files[kind] = answer.content
    assert parse_abc(files["abc"].decode()) == [tune]
    assert parse_midi(files["mid"], "file.mid").notes
    assert ET.fromstring(files["musicxml"]).tag == "score-partwise"
    assert _verovio_draws(files["musicxml"].decode())
    assert seconds(files["wav"]) > 1
    assert ET.fromstring(files["svg"]).tag.endswith("svg")
    assert files["pdf"].startswith(b"%PDF-")


def _verovio_draws(musicxml: str) -> bool:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    return bool(toolkit.loadData(musicxml)) and "notehead" in toolkit.renderToSVG(1)


def test_as_abc_a_tune_is_what_was_written(there: Open) -> None:
    written = "T:t % a remark\nM:4/4\nL:1/8\nK:C\nC D E F   GABc| % and another\n"
    assert there.client.get(f"/api/tunes/{there.keep(written)}/file.abc").text == f"X:1\n{written}"


def test_a_file_is_played_as_asked_for(there: Open) -> None:
    from symusic import Score

    path = f"/api/tunes/{there.keep(REEL)}/file.mid"
    plain = Score.from_midi(there.client.get(path).content)
    asked = Score.from_midi(there.client.get(path, params={"tempo": 90, "program": 21, "chords": True}).content)
    assert (len(plain.tracks), len(asked.tracks)) == (1, 2)
    assert asked.tracks[0].program == 21
    assert asked.tempos[0].qpm == pytest.approx(90, abs=0.1)


def test_chords_that_a_tune_implies_are_in_its_files_where_asked_for(there: Open) -> None:
    from symusic import Score

    path = f"/api/tunes/{there.keep(PLAIN)}/file.mid"
    assert len(Score.from_midi(there.client.get(path, params={"chords": True}).content).tracks) == 2
    sound = path.replace(".mid", ".wav")
    assert there.client.get(sound).content != there.client.get(sound, params={"chords": True}).content
    score = path.replace(".mid", ".musicxml")
    assert there.client.get(score).content == there.client.get(score, params={"chords": True}).content


def test_what_is_wrong_comes_with_the_score(there: Open) -> None:
    answer = there.client.post("/api/scores", json={"abc": "X:1\nM:4/4\nL:1/8\nK:C\nCDEF (17GABc|c7|\n"})
    assert answer.status_code == 200
    found = answer.json()
    assert "<svg" in found["svg"]
    assert [(one["line"], one["column"]) for one in found["problems"]] == [(5, 6), (5, 14)]
    nothing = there.client.post("/api/scores", json={"abc": "hm"})
    assert nothing.status_code == 422
    assert nothing.json()["error"]
    assert nothing.json()["problems"]


WRITTEN = (
    "",
    "\0",
    "é" * 500,
    "X:1\nK:C\n" + "C" * 19_000,
    "X:1\nK:C\n" + "|:C" * 6000,
    "X:1\nL:4\nK:C\n" + "C8|" * 6000,
    "X:1\nK:C\n" + "|:C:|" * 590,
    "X:1\nK:C\n" + "cdefg" * 590 + "|",
    "X:1\nM:1/4\nK:C\nQ:1/4=10\n" + "C8|" * 500,
    "X:1\nM:4/4\nK:C\nC" + "," * 40 + "|",
    "X:1\nK:C\n" + "[" * 5000,
    'X:1\nK:C\n"<script>alert(1)</script>"C4|',
)


@pytest.mark.parametrize("abc", WRITTEN)
def test_whatever_is_written_is_answered(there: Open, abc: str) -> None:
    for path in ("/api/scores", "/api/sounds"):
        answer = there.client.post(path, json={"abc": abc})
        assert answer.status_code in (200, 422), answer.text[:200]
        if answer.status_code == 422:
            assert answer.json()["error"]
        assert "<script" not in answer.text[:200_000] or path == "/api/sounds"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/scores", {"abc": "C" * 20_001}),
        ("/api/scores", {"abc": REEL, "width": 20}),
        ("/api/scores", {}),
        ("/api/sounds", {"abc": REEL, "tempo": 0}),
        ("/api/sounds", {"abc": REEL, "program": 128}),
        ("/api/sounds", {"abc": REEL, "melody": False}),
    ],
)
def test_what_cannot_be_had_is_refused(there: Open, path: str, body: dict[str, Any]) -> None:
    assert there.client.post(path, json=body).status_code == 422


@pytest.mark.parametrize("path", ["score", "sound.wav", "file.mid", "file.exe"])
def test_tunes_and_formats_that_are_not_there(there: Open, path: str) -> None:
    assert there.client.get(f"/api/tunes/nothing/{path}").status_code == 404


def test_the_instruments_are_all_of_the_sound_font(there: Open) -> None:
    found = there.client.get("/api/instruments").json()
    assert {one["name"]: one["program"] for one in found} == INSTRUMENTS
    for one in found:
        answer = there.client.post("/api/sounds", json={"abc": "X:1\nK:C\nC4|\n", "program": one["program"]})
        assert seconds(answer.content) > 1


@pytest.mark.parametrize(
    ("title", "plain", "named"),
    [
        ("The Reel", "The Reel", "The%20Reel"),
        ('a"b\r\nSet-Cookie: x', "a b Set-Cookie x", "a%20b%20Set-Cookie%20x"),
        ("../../etc/passwd", "etc passwd", "etc%20passwd"),
        ("", "tune", "tune"),
        ("茉莉花", "tune", "%E8%8C%89%E8%8E%89%E8%8A%B1"),
        ("x" * 500, "x" * 60, "x" * 60),
    ],
)
def test_a_file_has_the_name_of_its_tune_and_nothing_worse(title: str, plain: str, named: str) -> None:
    assert disposition(title, "abc") == f"attachment; filename=\"{plain}.abc\"; filename*=UTF-8''{named}.abc"
    assert re.fullmatch(r"[\x20-\x7e]+", disposition(title, "abc"))
