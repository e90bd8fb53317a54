"""The whole story in a browser: make, hear, lock and redraw, edit an error away, keep, take away, learn, listen.

Each test is a chapter and goes on from the one before it, as a user does. Where TUNEWRIGHT_SCREENSHOTS names a folder,
pictures of the story are left there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.open_studios import browser, needs_chromium, served
from tunewright.formats.abc import parse_abc

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [needs_chromium, pytest.mark.slow]
PATIENCE = 120_000  # milliseconds: the machine may be busy
KEPT_BARS = 4


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page of one browser, which all chapters go on with; whatever it complains about fails the chapter."""
    with served(tmp_path_factory.mktemp("studio")) as studio, browser() as chromium:
        context = chromium.new_context(
            base_url=studio.address, accept_downloads=True, locale="en-GB", viewport={"width": 1280, "height": 1000}
        )
        one = context.new_page()
        one.set_default_timeout(PATIENCE)
        yield one
        context.close()


@pytest.fixture(autouse=True)
def without_complaints(page: Page) -> Iterator[None]:
    """Nothing is wrong in the console of the browser."""
    said: list[str] = []

    def hear(message: Any) -> None:
        if message.type == "error" and "422" not in message.text:  # a text that cannot be read is refused
            said.append(message.text)

    def fail(error: Any) -> None:
        said.append(str(error))

    page.on("console", hear)
    page.on("pageerror", fail)
    yield
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", fail)
    assert said == []


def look(page: Page, name: str) -> None:
    """What stands on the page now keeps to WCAG, in light and dark; a picture of it is left to be looked at."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if folder := os.environ.get("TUNEWRIGHT_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"story-{name}-{scheme}.png")
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]] == []


def newest(page: Page) -> dict[str, Any]:
    """The newest tune of the browser's notebook."""
    found: list[dict[str, Any]] = page.request.get("/api/tunes").json()
    return found[0]


def wait_for_another(page: Page, before: str) -> dict[str, Any]:
    """The newest tune as soon as it is another than that one, and on the page."""
    for _ in range(PATIENCE // 200):
        if (found := newest(page))["id"] != before:
            page.wait_for_url(f"**/t/{found['id']}")
            return found
        page.wait_for_timeout(200)
    raise AssertionError("no other tune came")


def bars_of(abc: str) -> dict[int, list[str]]:
    """What stands in each bar, by its number: 0 for a pickup."""
    [tune] = parse_abc(abc)
    return {one.number: [str(element) for element in tune.music[one.start : one.stop]] for one in tune.measures}


# -------------------------------------------------------------------------------------------------- the chapters


def test_a_tune_is_made(page: Page) -> None:
    page.goto("/")
    page.select_option("#rhythm", "jig")
    page.select_option("#key", "D major")
    page.click("#write")
    page.wait_for_selector("#score svg")
    page.wait_for_selector("#keep:not([hidden])")
    tune = newest(page)
    page.wait_for_url(f"**/t/{tune['id']}")
    assert (tune["rhythm"], tune["key"], tune["meter"], tune["valid"]) == ("jig", "D major", "6/8", True)
    assert page.locator("#score svg .note").count() >= 20
    look(page, "made")


def test_it_is_heard_and_the_lit_note_moves(page: Page) -> None:
    page.click("#player .play")
    page.wait_for_selector("#score .lit")
    lit = {page.eval_on_selector("#score .lit", "one => one.id")}
    for _ in range(200):
        found = page.query_selector("#score .lit")
        if found:
            lit.add(found.get_attribute("id") or "")
        if len(lit) >= 4:
            break
        page.wait_for_timeout(50)
    assert len(lit) >= 4
    look(page, "heard")
    page.click("#player .play")
    page.wait_for_timeout(300)


def test_another_language_keeps_the_tune_and_the_wishes(page: Page) -> None:
    address = page.url
    for words, language in (("中文", "zh-CN"), ("English", "en")):
        page.click(f".languages >> text={words}")
        page.wait_for_selector(f"html[lang='{language}']")
        page.wait_for_selector("#score svg")
        expect(page.locator("#rhythm")).to_have_value("jig")
        expect(page.locator("#key")).to_have_value("D major")
        assert page.url == address


def test_locked_bars_stay_and_the_others_are_written_anew(page: Page) -> None:
    before = newest(page)
    bars = page.locator("#score rect.bar")
    for index in range(KEPT_BARS):
        bars.nth(index).click(force=True)  # on what is drawn over it, as it may be
    locked = page.eval_on_selector_all("#score rect.bar.locked", "all => all.map(one => Number(one.dataset.bar))")
    assert len(locked) == KEPT_BARS
    look(page, "locked")
    page.click("#others")
    after = wait_for_another(page, before["id"])
    assert (after["made_by"], after["parent"]) == ("redrawn", before["id"])
    old, new = bars_of(before["abc"]), bars_of(after["abc"])
    assert [new[number] for number in locked] == [old[number] for number in locked]
    assert new != old


def test_undo_brings_back_the_one_before(page: Page) -> None:
    tune = newest(page)
    page.click("#undo")
    page.wait_for_url(f"**/t/{tune['parent']}")
    page.click("#redo")
    page.wait_for_url(f"**/t/{tune['id']}")


def test_an_error_is_marked_and_edited_away(page: Page) -> None:
    before = newest(page)
    page.click("#edit")
    page.wait_for_selector("#editor:not([hidden])")
    text = page.input_value("#abc")
    page.fill("#abc", text.replace("|", "| %%% (((((((9 z9999999999999999999 |", 1).replace("K:D", "K:Q"))
    page.wait_for_selector("#problems li")
    look(page, "edited")
    page.fill("#abc", text.replace("|", "|", 1).rstrip() + "\n")
    page.wait_for_selector("#problems:not(:has(li))", state="attached")
    page.fill(
        "#abc", "\n".join(line if not line.startswith("T:") else "T:Mended <u>by hand</u>" for line in text.split("\n"))
    )
    page.click("#edit-keep")
    after = wait_for_another(page, before["id"])
    assert after["made_by"] == "edited"
    assert after["title"] == "Mended <u>by hand</u>"
    assert page.locator("u").count() == 0  # what is written by hand is text, not HTML
    page.click("#edit-close")


def test_it_is_kept_and_found_again(page: Page) -> None:
    tune = newest(page)
    page.wait_for_selector("#keep[aria-pressed='true']")  # what was written by hand is kept already
    for pressed in ("false", "true"):
        with page.expect_response(lambda answer: answer.request.method == "PATCH") as changed:
            page.click("#keep")
        assert changed.value.json()["kept"] is (pressed == "true")
        page.wait_for_selector(f"#keep[aria-pressed='{pressed}']")
    page.goto("/notebook")
    page.wait_for_selector(f"main a[href='/t/{tune['id']}']")
    assert page.locator("main u").count() == 0
    look(page, "notebook")
    assert [one["id"] for one in page.request.get("/api/tunes?kept=true").json()] == [tune["id"]]
    page.goto(f"/t/{tune['id']}")
    page.wait_for_selector("#score svg")


BEGINNINGS = {
    "abc": b"X:",
    "mid": b"MThd",
    "musicxml": b"<?xml",
    "wav": b"RIFF",
    "svg": b"<svg",
    "pdf": b"%PDF",
}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_it_is_taken_away_in_every_format(page: Page, kind: str) -> None:
    if not page.locator("#take[open]").count():
        page.click("#take summary")
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.click(f"#take [data-file='{kind}']")
    download = waiting.value
    content = Path(str(download.path())).read_bytes()
    assert content.lstrip().startswith(BEGINNINGS[kind])
    assert download.suggested_filename.endswith(f".{kind}")
    assert "<" not in download.suggested_filename
    assert "/" not in download.suggested_filename


def test_a_stranger_reads_it_by_its_link_and_cannot_change_it(page: Page) -> None:
    tune = newest(page)
    browser_of_another = page.context.browser
    assert browser_of_another
    context = browser_of_another.new_context()
    origin = page.url.split("/t/")[0]
    other = context.new_page()
    other.goto(f"{origin}/t/{tune['id']}")
    other.wait_for_selector("#score svg", timeout=PATIENCE)
    refused = other.request.patch(f"{origin}/api/tunes/{tune['id']}", data={"title": "mine"})
    assert refused.status in (403, 404)
    assert other.request.delete(f"{origin}/api/tunes/{tune['id']}").status in (403, 404)
    assert newest(page)["title"] == tune["title"]
    context.close()


def test_a_press_before_the_scripts_are_there_is_not_lost(page: Page) -> None:
    before = newest(page)
    page.goto("/?rhythm=reel&key=&seed=&best_of=&like=&model=base&repeats=0&write=now")  # as the form itself sends it
    tune = wait_for_another(page, before["id"])
    assert tune["rhythm"] == "reel"
