"""The static file: works from the disk, tells nothing, is left and taken up again, gives answers that are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.blind_tests import NAMES, invented
from tests.support.raters import answer, begin, browser, hear, needs_chromium, short_sounds
from tunewright.judging.listening.answers import TRIALS, Rater, merge, read_answers
from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.judging.listening.results import find_results
from tunewright.reports.listening.rater_page import rater_file, write_rater_file

AT_FOCUS = """(() => {
  const at = document.activeElement;
  return at === document.body ? "" : at.textContent || at.id;
})()"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def made(folder: Path, kind: str, items: int = 4) -> tuple[BlindTest, Path]:
    test = invented(kind, sources=2, items=items)
    path = folder / f"{kind}.html"
    write_rater_file(path, test, short_sounds(test))
    return test, path


@pytest.mark.parametrize("kind", [PAIRS, RATING, MACHINE])
def test_nothing_in_it_tells_a_source(kind: str) -> None:
    test = invented(kind)
    text = rater_file(test, short_sounds(test))
    content = json.loads(re.findall(r'id="listening">(.*?)</script>', text)[0])
    bare = {name: value for name, value in content["test"].items() if name != "sounds"}
    assert set(bare) == {"id", "title", "kind", "questions", "items", "order", "sheets"}
    assert not set(re.findall(r"\w+", json.dumps(bare))) & {*NAMES, "source", "seed", "C", "major", "real", "run"}
    without_texts = text.replace(json.dumps(content["texts"]), "")
    assert json.dumps(test.stimuli[0].abc)[1:-1] not in without_texts
    assert list(content["test"]["sounds"]) == sorted(content["test"]["sounds"])
    assert "its_source" not in text
    assert "CDEF" not in re.sub(r"data:[^\"]*", "", text)


def test_a_title_is_text_and_no_address_leads_elsewhere() -> None:
    test = invented()
    evil = BlindTest(
        **{name: getattr(test, name) for name in test.__dataclass_fields__} | {"title": "</script><script>x"}
    )
    text = rater_file(evil, short_sounds(test))
    assert text.count("<script") == 2
    outside = re.sub(r"data:[^\"]*|\"https?://www.w3.org[^\"]*", "", text)
    assert not re.findall(r"https?://", outside)


@needs_chromium
def test_three_raters_take_it_and_their_files_are_read(chromium: Any, tmp_path: Path) -> None:
    test, path = made(tmp_path, PAIRS)
    files = []
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(path.as_uri())
    for rater in range(3):
        begin(page)
        for number in range(4):
            answer(page, lambda n, rater=rater: "Tune A" if (n + rater) % 2 else "Tune B", number)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save my answers").click()
        files.append(tmp_path / f"{rater}.json")
        download.value.save_as(files[-1])
        assert download.value.suggested_filename.startswith("answers-")
        page.get_by_role("button", name="Another listener").click()
    context.close()
    assert problems == []
    raters = merge(read_answers(file.read_bytes(), test, file.name) for file in files)
    for rater in raters:
        assert rater.finished
        assert rater.headphones is None
        assert len(rater.answers) == 4
        assert all(min(one.heard) > 0.9 for one in rater.answers)
        assert [one.item for one in rater.answers] == [one["item"] for one in test.order(rater.sheet)]
        assert [one.first for one in rater.answers] == [one["tunes"][0] for one in test.order(rater.sheet)]
    chosen = [[one.values["prefer"] == one.first for one in rater.answers] for rater in raters]
    assert chosen == [[False, True, False, True], [True, False, True, False], [False, True, False, True]]
    assert find_results(test, raters).by_file == 3


def saved(page: Any, folder: Path, test: BlindTest) -> Rater:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    download.value.save_as(folder / "answers.json")
    return read_answers((folder / "answers.json").read_bytes(), test, "answers.json")


@needs_chromium
def test_it_is_left_and_taken_up_again_and_an_answer_is_changed(chromium: Any, tmp_path: Path) -> None:
    test, path = made(tmp_path, RATING, items=3)
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_role("button", name="Begin").click()
    assert page.get_by_role("alert").inner_text() == "Please tick the box if you take part."
    begin(page)
    page.get_by_role("button", name="Next").click()
    assert "listen to each tune first" in page.get_by_role("alert").inner_text()
    hear(page)
    page.get_by_role("button", name="Next").click()
    assert page.get_by_role("alert").inner_text() == "Please answer every question."
    answer(page, lambda _: "4", 0)
    page.get_by_role("button", name="Pause").click()
    page.close()

    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_text("you have answered 1 of 3").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Tune 2 of 3").wait_for()
    page.get_by_role("button", name="Back").click()
    first = page.get_by_role("group", name="Melody")
    assert first.get_by_role("radio", name="4").is_checked()
    first.get_by_role("radio", name="2").check()
    page.get_by_role("button", name="Next").click()  # heard before: need not be heard again
    for number in (1, 2):
        answer(page, lambda _: "5", number)
    rater = saved(page, tmp_path, test)
    context.close()
    assert [one.values["melody"] for one in rater.answers] == [2, 5, 5]
    assert [one.values["interest"] for one in rater.answers] == [4, 5, 5]
    assert min(rater.answers[0].heard) > 0.9


@needs_chromium
def test_it_is_taken_by_keyboard_alone_in_chinese(chromium: Any, tmp_path: Path) -> None:
    test, path = made(tmp_path, MACHINE, items=2)
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(path.as_uri())
    press = page.keyboard.press

    def tab_to(name: str) -> None:
        for _ in range(40):
            press("Tab")
            if name in page.evaluate(AT_FOCUS):
                return
        raise AssertionError(f"no {name} by keyboard")

    tab_to("中文")
    press("Enter")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    tab_to("consent")
    press("Space")
    press("Enter")
    page.reload()  # the language that was chosen stays
    tab_to("我没有耳机")
    press("Enter")
    for _ in range(2):
        hear(page)
        page.evaluate("document.querySelector('h1').focus()")
        tab_to("machine-0")
        press("Space")
        press("Enter")
    page.get_by_role("button", name="保存我的回答").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="保存我的回答").press("Enter")
    download.value.save_as(tmp_path / "a.json")
    context.close()
    rater = read_answers((tmp_path / "a.json").read_bytes(), test, "a.json")
    assert [one.values["machine"] for one in rater.answers] == [True, True]
    assert rater.language == "zh"


@needs_chromium
@pytest.mark.slow
def test_headphones_are_checked_by_six_trials(chromium: Any, tmp_path: Path) -> None:
    test, path = made(tmp_path, MACHINE, items=2)
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(path.as_uri())
    begin(page, headphones=True)
    for number in range(2):
        answer(page, lambda _: "A person", number)
    rater = saved(page, tmp_path, test)
    context.close()
    assert rater.headphones is not None
    assert 0 <= rater.headphones <= TRIALS


@needs_chromium
def test_the_tones_are_those_of_the_check(chromium: Any) -> None:
    """The quiet tone is 6 dB under the others; one has its channels in antiphase, and sums to silence."""
    from tunewright.reports.pages import template_text

    page = chromium.new_page()
    page.goto("about:blank")
    script = template_text("rater/sound.js").replace("export ", "").replace("new AudioContext()", "audio")
    levels = page.evaluate(
        """async (script) => {
             const audio = new OfflineAudioContext(2, 44100 * 5, 44100);
             audio.resume = async () => {};
             const play = new Function("audio", script + "; return playTrial;")(audio);
             play({quiet: 1, antiphase: 2});
             await new Promise((resolve) => setTimeout(resolve, 50));
             const heard = await audio.startRendering();
             const [left, right] = [heard.getChannelData(0), heard.getChannelData(1)];
             const rms = (from, of) => {
               let sum = 0;
               for (let i = 0; i < 22050; i++) sum += of(from + i) ** 2;
               return Math.sqrt(sum / 22050);
             };
             return [0, 1, 2].map((tone) => {
               const from = 44100 * 1.5 * tone + 11025;
               return [rms(from, (i) => left[i]), rms(from, (i) => left[i] + right[i])];
             });
           }""",
        script,
    )
    (first, together), (quiet, quiet_together), (turned, cancelled) = levels
    page.close()
    assert quiet / first == pytest.approx(10 ** (-6 / 20), rel=1e-3)
    assert turned == pytest.approx(first, rel=1e-3)
    assert together == pytest.approx(2 * first, rel=1e-3)
    assert quiet_together == pytest.approx(2 * quiet, rel=1e-3)
    assert cancelled < 1e-6


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_step_breaks_a_rule_of_accessibility(chromium: Any, tmp_path: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    _, path = made(tmp_path, RATING, items=2)
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = context.new_page()
    page.goto(path.as_uri())

    def look() -> None:
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360

    look()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    look()
    page.get_by_role("button", name="Check my headphones").click()
    look()
    page.reload()
    page.get_by_role("button", name="I have no headphones").click()
    look()
    for number in range(2):
        answer(page, lambda _: "3", number)
    page.get_by_role("button", name="Save my answers").wait_for()
    look()
    context.close()
