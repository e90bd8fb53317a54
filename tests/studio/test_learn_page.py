"""The page "learn" in a browser: three files dropped on it, read, learned, heard, and taken to the page "make"."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_base import made_base  # noqa: F401
from tests.support.small_runs import real_tunes
from tests.support.studios import CHROMIUM, CHROMIUM_ARGS, Served, files_of, needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]
PATIENCE = 240_000  # milliseconds: the machine may be busy
DROP = """([target, files]) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"])
    document.querySelector(target).dispatchEvent(
      new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, made_base: Path) -> Iterator[Served]:  # noqa: F811
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(made_base, folder / "base")
    served = Served(folder / "studio")
    yield served
    served.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        yield browser
        browser.close()


@pytest.fixture
def page(served: Served, browser: Any) -> Iterator[Any]:
    """A page of another reader each time, on which nothing may go wrong unseen."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(f"{served.address.rstrip('/')}/learn")
    page.wait_for_selector("#built-in-list .pick")
    yield page
    context.close()
    assert wrong == []


def three_files() -> list[list[str]]:
    return [[name.rpartition("/")[2], content.decode()] for _, (name, content) in files_of(list(real_tunes()[:30]), 3)]


def dropped(page: Any, files: list[list[str]]) -> None:
    page.evaluate(DROP, ["#drop", files])


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def test_three_files_are_dropped_read_learned_heard_and_used(page: Any) -> None:
    dropped(page, [*three_files(), ["cover.jpg", "no music"], ["<i>bad</i>.abc", "X:1\nT:No key\nhello\n"]])
    page.wait_for_selector("#read-what .figures")
    assert page.text_content("#read-what .figures dd") == "30"
    assert "30 tunes were read" in page.text_content("#read-status")
    page.click("text=Tunes that were dropped: 1")
    assert page.text_content("#read-what details[open] td") == "<i>bad</i>.abc"
    assert page.locator("#read-what i").count() == 0
    page.click("text=Files that were not read: 1")
    assert "no music; expected .abc" in page.text_content("text=cover.jpg >> xpath=..")
    page.wait_for_selector("#read-what .scores img")

    page.fill("#name", "Three files")
    page.click("#begin")
    page.wait_for_selector("#now .card h3:focus")
    page.wait_for_selector(".card .curve svg circle:nth-of-type(2)")
    before = page.locator(".card .curve svg circle").count()
    page.wait_for_selector(f".card .curve svg circle:nth-of-type({before + 1}), #done .card")
    page.wait_for_selector("#done .card .honest")
    card = page.locator("#done .card")
    assert card.locator("h3").text_content() == "Three files"
    assert "bits" in card.locator(".honest").text_content()
    label = card.locator(".curve svg").get_attribute("aria-label")
    assert "Held out:" in label
    card.locator(".curve summary").click()
    page.wait_for_selector("#done .card .curve tbody tr:nth-of-type(2)")

    card.locator("button", has_text="Hear a tune").click()
    page.wait_for_selector("#done .heard:not([hidden]) .score svg")
    assert page.locator("#done .heard h4:focus").count() == 1
    model = card.get_attribute("data-training")
    assert card.locator("a", has_text="Make tunes").get_attribute("href") == f"/?model={model}"
    assert violations(page) == []

    page.reload()
    page.wait_for_selector("#done .card .curve svg circle")
    assert page.locator("#brought-list .pick").count() == 1


def test_one_that_learns_is_stopped_and_gone_on_with_by_the_keyboard(page: Any) -> None:
    page.set_input_files("#files", [{"name": "set.abc", "mimeType": "", "buffer": three_files()[0][1].encode()}])
    page.wait_for_selector("#read-what .figures")
    page.locator("input[name=from][value=nothing]").check()
    assert page.locator("#preset").is_visible()
    page.locator("#begin").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#now .card .acts button:has-text('Stop')")
    page.locator("#now button", has_text="Stop").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#done .card .state:has-text('Stopped by you')")
    page.locator("#done button", has_text="Go on").click()
    page.wait_for_selector("#now .card")
    page.locator("#now button", has_text="Stop").click()
    page.wait_for_selector("#done .card .state:has-text('Stopped by you')")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#done button", has_text="Delete").click()
    page.wait_for_selector("#hear-none:not([hidden])")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([["notes.txt", "hello"]], "There is no file of music in this"),
        ([["bad.abc", "hello"]], "Not one tune could be read"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(page: Any, files: list[list[str]], said: str) -> None:
    dropped(page, files)
    page.wait_for_selector(f"#read-status.wrong:has-text('{said}')")
    assert page.locator("#learn-form").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_chinese(served: Served, browser: Any, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{served.address.rstrip('/')}/learn")
    page.wait_for_selector("#built-in-list .pick")
    dropped(
        page, [*three_files(), ["a-very-long-name-without-any-space-in-it-at-all-that-goes-on-and-on.abc", "hello"]]
    )
    page.wait_for_selector("#read-what .scores img")
    for summary in page.locator("#read-what summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.text_content("h1") == "让模型学会你的曲子"
    assert "吉格舞曲" in page.text_content("#read-what")
    assert violations(page) == []
    context.close()
