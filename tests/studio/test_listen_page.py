"""The page of listening tests and that of raters, in a browser: made, shared, taken by three, one by file; read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.open_studios import Served, browser, served
from tests.support.raters import answer, begin, hear, needs_chromium
from tests.support.real_tunes import real_tunes
from tests.support.shared_tests import NOTEBOOK, prepared
from tunewright.formats.abc import format_abc
from tunewright.judging.listening.questions import PAIRS, RATING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("studio")
    ready = {kind: prepared(folder / "studio", kind, items=2) for kind in (PAIRS, RATING)}
    with served(folder) as studio:
        yield studio, ready


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def visit(chromium: Browser, wrong: list[str], **more: Any) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(accept_downloads=True, **more)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    return context, page


def made(page: Page) -> None:
    """Wait until the test is ready; what the page and the studio say of it where that takes too long."""
    from playwright.sync_api import TimeoutError as TooLong

    try:
        page.get_by_text("The test is ready").wait_for(timeout=240_000)
    except TooLong:
        stored = page.evaluate("fetch('/api/tests').then((answer) => answer.text())")
        pytest.fail(f"{page.inner_text('#new-status')!r}; {page.inner_text('#tests')!r}; {stored}")


def files(folder: Path) -> list[Path]:
    paths = []
    for number in range(2):
        paths.append(folder / f"set {number}.abc")
        paths[-1].write_text("\n".join(map(format_abc, real_tunes(40)[number::2])), encoding="utf-8")
    return paths


def test_a_test_is_made_shared_taken_by_three_and_read(
    places: tuple[Served, dict[str, Any]], chromium: Browser, tmp_path: Path
) -> None:
    studio, _ = places
    wrong: list[str] = []
    context, page = visit(chromium, wrong)
    page.goto(f"{studio.address}/listen")
    page.get_by_label("Add ABC files").set_input_files(files(tmp_path))
    page.get_by_role("checkbox", name="set 1.abc").wait_for()
    for model in page.locator("#models input:checked").all():
        model.uncheck()
    page.get_by_label("Real tunes as a hidden control").select_option("")
    page.get_by_label("How many pairs").fill("2")
    page.get_by_label("Bars of each tune").select_option("8")
    page.get_by_label("Title").fill("<i>Which?</i>")
    page.get_by_role("button", name="Make the test").click()
    made(page)
    link = page.get_by_label("Link to share").input_value()

    for rater in range(2):
        other, listening = visit(chromium, wrong)
        listening.goto(link)
        listening.get_by_role("heading", name="<i>Which?</i>").wait_for()
        begin(listening)
        for number in range(2):
            answer(listening, lambda _, rater=rater: "Tune A" if rater else "Tune B", number)
        listening.get_by_text("Your answers have arrived").wait_for()
        other.close()

    with page.expect_download() as download:
        page.get_by_role("link", name="As one file").click()
    download.value.save_as(tmp_path / "test.html")
    other, listening = visit(chromium, wrong)
    listening.goto((tmp_path / "test.html").as_uri())
    begin(listening)
    for number in range(2):
        answer(listening, lambda _: "Tune A", number)
    with listening.expect_download() as download:
        listening.get_by_role("button", name="Save my answers").click()
    download.value.save_as(tmp_path / "answers.json")
    other.close()

    page.reload()
    page.get_by_label("Read in answers").set_input_files(tmp_path / "answers.json")
    page.get_by_text("3 of 3 listeners have finished").wait_for()
    page.get_by_label("Read in answers").set_input_files(tmp_path / "answers.json")
    page.get_by_text("is there already").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Raw data").click()
    download.value.save_as(tmp_path / "answers.csv")
    assert (tmp_path / "answers.csv").read_text().count("\n") == 1 + 3 * 2
    page.get_by_role("link", name="Results").click()
    page.get_by_role("heading", name="Ranking").wait_for()
    page.get_by_text("3 listeners compared pairs").wait_for()
    page.go_back()
    page.get_by_role("button", name="Take no more answers").click()
    page.get_by_text("It takes no more answers").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("There is none yet").wait_for()
    context.close()
    assert [line for line in wrong if "409" not in line] == []  # that a file is there already was told to the console


def test_a_rater_pauses_and_comes_back(places: tuple[Served, dict[str, Any]], chromium: Browser) -> None:
    studio, ready = places
    stored, _ = ready[RATING]
    wrong: list[str] = []
    context, page = visit(chromium, wrong)
    page.goto(f"{studio.address}/h/{stored.share}")
    begin(page)
    answer(page, lambda _: "4", 0)
    page.get_by_role("button", name="Pause").click()
    page.close()
    page = context.new_page()
    page.goto(f"{studio.address}/h/{stored.share}?lang=zh")
    page.get_by_text("您已回答").wait_for()
    page.get_by_role("button", name="继续").click()
    page.get_by_role("heading", name="第 2 首").wait_for()
    page.get_by_role("button", name="上一个").click()
    assert page.get_by_role("group", name="旋律").get_by_role("radio", name="4").is_checked()
    page.get_by_role("button", name="下一个").click()
    page.get_by_role("heading", name="第 2 首").wait_for()
    hear(page)
    for group in page.get_by_role("group").all():
        if group.get_by_role("radio").count():
            group.get_by_role("radio", name="5", exact=True).check()
    page.get_by_role("button", name="下一个").click()
    page.get_by_text("您的回答已经收到").wait_for()
    page.reload()
    page.get_by_text("您的回答已经收到").wait_for()
    context.close()
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_both_pages_can_be_used_by_everyone(
    places: tuple[Served, dict[str, Any]], chromium: Browser, language: str, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    studio, ready = places
    wrong: list[str] = []
    context, page = visit(chromium, wrong, color_scheme=scheme, viewport={"width": width, "height": 800})
    context.add_cookies([{"name": "tunewright_notebook", "value": NOTEBOOK, "url": studio.address}])
    for path in ("/listen", f"/h/{ready[PAIRS][0].share}"):
        page.goto(f"{studio.address}{path}?lang={language}")
        page.wait_for_load_state("networkidle")
        if path == "/listen":
            assert page.locator(".test").count() == 2
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert wrong == []
