"""The score and the player in Chromium: what sounds is lit, what is clicked is told, and nothing else happens."""

from __future__ import annotations

import base64
import io
import time
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from tests.support.score_pages import open_score_page, rendering_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]
HEAD = "X:1\nT:{title}\nR:reel\nM:4/4\nL:1/8\nQ:1/4=100\nK:G\n"
TUNE = HEAD.format(title="The reel") + 'D2|:"G"G2 BG dGBG|"C"cBAG {cd}e4-|e2 FG [DA]4|"G"G8:|\n'
SHORT = "X:1\nM:4/4\nL:1/8\nQ:1/4=240\nK:G\nG4 z4|\n"
SAMPLE = """async milliseconds => {
  const seen = [], end = performance.now() + milliseconds;
  const heads = (lit) => (lit.matches(".chord") ? [...lit.querySelectorAll(".note")] : [lit]);
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done));
    const lit = [...document.querySelectorAll(".lit")].flatMap(heads).map((one) => one.id.replace(/^s\\d+-/, ""));
    seen.push([player.audio.currentTime, player.position, lit.filter((id) => /^n\\d/.test(id))]);
  }
  return seen;
}"""
TWO = """async abc => {
  document.querySelector("main").insertAdjacentHTML("beforeend", '<div id="s2"></div><div id="p2"></div>');
  window.score2 = new Score(document.getElementById("s2"));
  window.player2 = new player.constructor(document.getElementById("p2"), score2);
  const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ abc }) };
  const drawn = await (await fetch("/api/scores", asked)).json();
  score2.load(drawn);
  player2.load({ ...drawn, abc });
}"""
TAPE = """async () => {
  const bytes = new Uint8Array(await player.tape.blob.slice(0, 44 + 2 * 22050 * 20).arrayBuffer());
  let text = "";
  for (let place = 0; place < bytes.length; place += 8192) {
    text += String.fromCharCode(...bytes.subarray(place, place + 8192));
  }
  return btoa(text);
}"""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not here")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rendering_studio(tmp_path_factory.mktemp("studio")) as (found, _):
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield found
    found.unroute_all(behavior="ignoreErrors")
    context.close()
    assert not [said for said in wrong if "422" not in said]


def until(page: Page, condition: str) -> None:
    """Wait until something holds; the page's own policy stays in force, under which Playwright cannot wait for it."""
    deadline = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def playing(page: Page) -> None:
    until(page, "player.audio.currentTime > 0.05 && !player.audio.paused")


def expected(drawn: Any, time: float) -> set[str]:
    return {note["id"] for note in drawn["notes"] if note["start"] <= time < note["end"]}


def test_the_audio_plays_and_the_lit_notes_are_those_that_sound(page: Page, address: str) -> None:
    drawn = open_score_page(page, address, TUNE)
    page.get_by_role("button", name="Play").click()
    playing(page)
    seen = page.evaluate(SAMPLE, 3500)
    times = [heard for heard, _, _ in seen]
    assert len(seen) > 40
    assert times == sorted(times)
    assert times[-1] - times[0] > 2.5  # as fast as the clock
    for heard, _, lit in seen:
        near = [expected(drawn, heard + shift) for shift in (-0.05, -0.025, 0, 0.025, 0.05)]
        assert set(lit) in near, (heard, lit, near)
    lit = {name for _, _, names in seen for name in names}
    assert {"n0", "n1", "n2"} <= lit


def test_what_is_on_the_tape_is_the_sound_that_the_map_says(page: Page, address: str) -> None:
    """A loop after counting in: each moment of the tape holds the samples of that moment of the tune."""
    drawn = open_score_page(page, address, TUNE)
    page.evaluate("player.set({ count_in: true })")
    page.evaluate("score.select(2, 3)")
    page.evaluate("player.play()")
    playing(page)
    encoded = page.evaluate(TAPE)
    tape = np.frombuffer(base64.b64decode(encoded)[44:], "<i2").astype(int)
    answer = httpx.post(
        f"{address}/api/sounds", json={"abc": TUNE, "count_in": True, "melody": True, "program": 40}, timeout=60
    )
    with wave.open(io.BytesIO(answer.content)) as file:
        rate, sound = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int)
    bars = {bar["number"]: bar for bar in drawn["bars"]}
    begin, end = bars[2]["start"], bars[3]["end"]
    bar, lead = drawn["count_in"]["bar"], drawn["count_in"]["seconds"]
    assert np.array_equal(tape[: round(bar * rate)], sound[: round(bar * rate)])
    for turn in range(2):
        first = round(bar * rate) + turn * (round((lead + end) * rate) - round((lead + begin) * rate))
        for into in (0.1, 1.0, end - begin - 0.1):
            here, there = first + round(into * rate), round((lead + begin) * rate) + round(into * rate)
            away = [np.abs(tape[here : here + 400] - sound[there + by : there + by + 400]).max() for by in (-1, 0, 1)]
            assert min(away) == 0, (turn, into)


def test_a_loop_stays_within_its_bars(page: Page, address: str) -> None:
    drawn = open_score_page(page, address, SHORT.replace("G4 z4|", "GABc dedc|GABc dedc|"))
    page.evaluate("score.select(2, 2)")
    page.evaluate("player.play()")
    playing(page)
    seen = page.evaluate(SAMPLE, 2500)
    bar = drawn["bars"][1]
    positions = [position for _, position, _ in seen]
    assert all(bar["start"] - 0.01 <= position <= bar["end"] + 0.05 for position in positions)
    assert sum(after < before for before, after in pairwise(positions)) >= 1
    assert page.get_by_label("Repeat bars").is_checked()


def test_counting_in_lights_nothing_and_the_tune_comes_after_it(page: Page, address: str) -> None:
    drawn = open_score_page(page, address, TUNE)
    page.get_by_label("Count-in").check()
    page.get_by_role("button", name="Play").click()
    playing(page)
    lead = drawn["count_in"]["seconds"]
    assert lead == pytest.approx(2.4 + 1.8)
    seen = page.evaluate(SAMPLE, 5000)
    assert all(not lit for heard, _, lit in seen if heard < lead - 0.05)
    after = [(heard, set(lit)) for heard, _, lit in seen if heard > lead + 0.05]
    assert after
    assert all(lit in [expected(drawn, heard - lead + shift) for shift in (-0.05, 0, 0.05)] for heard, lit in after)


def test_the_tempo_changes_at_once_and_what_is_played_next_is_made_so(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.get_by_role("button", name="Play").click()
    playing(page)
    page.evaluate("player.tempo(150)")
    assert page.evaluate("[player.audio.playbackRate, player.audio.preservesPitch]") == [1.5, True]
    before = page.evaluate("[player.position, performance.now()]")
    page.wait_for_timeout(1500)
    after = page.evaluate("[player.position, performance.now()]")
    assert (after[0] - before[0]) / ((after[1] - before[1]) / 1000) == pytest.approx(1.5, rel=0.12)
    with page.expect_request("**/api/sounds") as asked:
        page.evaluate("player.seek(0.5)")
    assert asked.value.post_data_json["tempo"] == 150
    until(page, "player.audio.playbackRate === 1 && player.audio.currentTime > 0.3")
    heard, position = page.evaluate("[player.audio.currentTime, player.position]")
    assert position == pytest.approx(0.5 + 1.5 * heard, abs=0.1)


def test_what_is_switched_on_goes_on_from_where_it_is(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.get_by_role("button", name="Play").click()
    until(page, "player.position > 1")
    page.route("**/api/sounds", lambda route: (time.sleep(0.8), route.continue_()))
    with page.expect_request("**/api/sounds") as asked:
        page.get_by_label("Metronome").check()
    assert asked.value.post_data_json["metronome"] is True
    begun = page.evaluate("window.was = player.tape, player.position")
    seen = page.evaluate(SAMPLE, 2500)
    positions = [position for _, position, _ in seen]
    until(page, "player.tape !== window.was")
    assert positions[-1] > begun + 1.2  # the one goes on while the other is made
    assert all(after >= before - 0.1 for before, after in pairwise(positions))
    page.get_by_label("Instrument").select_option(label="Harp")
    page.reload()
    open_score_page(page, address, TUNE)
    assert page.get_by_label("Metronome").is_checked()
    until(page, "player.controls.instrument.value === '46'")


def test_the_sound_is_made_when_somebody_comes_near_the_button_and_only_once(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/sounds") else None)
    page.get_by_role("button", name="Play").hover()
    page.wait_for_timeout(100)
    assert len(asked) == 1
    page.get_by_role("button", name="Play").click()
    playing(page)
    assert len(asked) == 1


def test_files_can_be_had_as_it_is_played(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.evaluate("player.set({ chords: true, program: 21 }); player.tempo(90)")
    assert page.evaluate("player.query") == "tempo=90&chords=true&program=21"


def test_the_end_of_a_tune_is_the_end(page: Page, address: str) -> None:
    open_score_page(page, address, SHORT)
    page.evaluate(
        "window.told = []; player.on('play', () => told.push('play')); player.on('stop', () => told.push('stop'))"
    )
    page.get_by_role("button", name="Play").click()
    playing(page)
    until(page, "!player.playing")
    assert page.evaluate("[player.position, document.querySelectorAll('.lit').length, told]") == [
        0,
        0,
        ["play", "stop"],
    ]
    page.get_by_role("button", name="Play").wait_for()


def test_space_plays_and_pauses_but_not_where_one_writes(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("textarea").press("Space")
    assert page.evaluate("[player.playing, document.querySelector('textarea').value]") == [False, " "]
    page.locator("h1").click()
    page.keyboard.press("Space")
    playing(page)
    page.keyboard.press("Space")
    assert page.evaluate("[player.playing, player.audio.paused]") == [False, True]
    position = page.evaluate("player.position")
    assert position > 0
    page.keyboard.press("Space")
    until(page, f"player.position > {position} + 0.2")


def test_of_two_players_one_plays(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.evaluate(TWO, TUNE)
    names = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(names) == len(set(names))
    page.evaluate("player.play()")
    playing(page)
    page.evaluate("player2.play()")
    until(page, "player2.position > 0.2")
    assert page.evaluate("[player.playing, player2.playing]") == [False, True]
    assert page.evaluate("[score, score2].map((one) => one.element.querySelectorAll('.lit').length)")[1] == 1


def test_a_bar_that_is_clicked_says_its_number(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    for number in (0, 2, 4):
        page.locator(f'rect.bar[data-bar="{number}"]').click(position={"x": 8, "y": 8})
    page.locator('[id$="-n5"] .notehead').click()
    assert page.evaluate("clicked") == [0, 2, 4, 1]


def test_bars_are_reached_by_keyboard_and_say_what_they_are(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.locator("h1").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Pickup"
    for key in ("ArrowRight", "ArrowRight", "Enter", "End", " ", "ArrowRight", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("clicked") == [2, 4, 3]
    assert page.evaluate("document.querySelectorAll('rect.bar[tabindex=\"0\"]').length") == 1
    page.evaluate("score.locked([3])")
    assert page.get_by_role("button", name="Bar 3, locked", exact=True).get_attribute("aria-pressed") == "true"
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert page.evaluate("score.selection") == {"from": 1, "to": 3}
    page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate("score.selection") == {"from": 2, "to": 3}
    assert page.evaluate("player.range") == {"from": 2, "to": 3}
    page.keyboard.press("Escape")
    assert page.evaluate("[score.selection, player.isLooping]") == [None, False]


def test_locked_bars_are_marked_and_no_others(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.evaluate("score.locked(new Set([0, 3]))")
    marked = "[...document.querySelectorAll('rect.bar.locked')].map((one) => Number(one.dataset.bar))"
    assert page.evaluate(marked) == [0, 3]
    assert page.locator("path.lock").count() == 2
    page.evaluate("score.locked([3])")
    assert page.evaluate(marked) == [3]
    assert page.locator("path.lock").count() == 1


def test_notes_are_coloured_by_their_places_and_lit_over_that(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.evaluate("score.colour(new Map([[1, 'rgb(0, 114, 178)'], [8, 'rgb(1, 2, 3)']]))")
    colour = "index => getComputedStyle(document.querySelector(`[id$='-n${index}'] .notehead use`)).fill"
    assert page.evaluate(colour, 1) == "rgb(0, 114, 178)"
    assert page.evaluate(colour, 8) == "rgb(1, 2, 3)"
    assert page.evaluate(colour, 2) == "rgb(0, 0, 0)"
    page.evaluate("score.lit(['n1'])")
    assert page.evaluate(colour, 1) not in ("rgb(0, 114, 178)", "rgb(0, 0, 0)")
    page.evaluate("score.lit([]); score.colour(new Map())")
    assert page.evaluate(colour, 1) == "rgb(0, 0, 0)"


def test_what_a_tune_is_called_is_text(page: Page, address: str) -> None:
    evil = HEAD.format(title='<img src=x onerror="window.hit=1"></svg><script>window.hit=1</script>')
    open_score_page(page, address, f'{evil}"^<b onclick=hit()>x"G8|\nw:<i>la</i>\nW:<script>hit=1</script>\n')
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('#score img, #score script, #score b, #score i').length") == 0
    assert "<img src=x" in (page.locator("#score > svg").get_attribute("aria-label") or "")


def test_a_sound_that_cannot_be_made_is_said(page: Page, address: str) -> None:
    open_score_page(page, address, TUNE)
    page.route("**/api/sounds", lambda route: route.fulfill(status=422, json={"error": "no such luck"}))
    page.evaluate("addEventListener('unhandledrejection', () => { window.lost = true; })")
    with page.expect_console_message():  # Chromium tells of the answer too
        page.get_by_role("button", name="Play").click()
    assert page.locator("p[role=status]").inner_text() == "no such luck"
    assert page.evaluate("[player.playing, window.lost]") == [False, None]


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "en"), (360, "dark", "zh"), (390, "light", "en")]
)
def test_everybody_can_use_it(chromium: Browser, address: str, width: int, scheme: Any, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    open_score_page(page, address, TUNE, language)
    page.evaluate("score.locked([2]); score.select(3, 4); document.querySelector('details').open = true")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    wrong = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found.response["violations"]]
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_narrow_page_asks_for_a_narrow_score(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    open_score_page(page, address, TUNE)
    width, drawn = page.evaluate("[score.width, document.querySelector('#score > svg').getBoundingClientRect().width]")
    assert 280 < width < 360
    assert drawn == pytest.approx(width, abs=1)
    context.close()
