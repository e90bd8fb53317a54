"""The page on which tunes are made, used in a browser as a player uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.open_studios import browser, needs_chromium, served
from tunewright.formats.abc import parse_abc
from tunewright.music.tune import Note, Tune
from tunewright.studio.routes.certificates import CertificateOut, Nearest, WellFormed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_chromium

PATIENCE = 60_000  # milliseconds: machines that test are busy
BARS = "#score rect.bar[role=button]"
WATCH = """() => {
  window.seen = [];
  new MutationObserver(() => window.seen.push(document.querySelectorAll("#score rect.bar[role=button]").length))
    .observe(document.getElementById("score"), { childList: true });
}"""
FORMATS: dict[str, Callable[[bytes], bool]] = {
    "abc": lambda content: content.startswith(b"X:"),
    "mid": lambda content: content.startswith(b"MThd"),
    "musicxml": lambda content: b"<score-partwise" in content,
    "wav": lambda content: content.startswith(b"RIFF"),
    "svg": lambda content: content.startswith(b"<svg"),
    "pdf": lambda content: content.startswith(b"%PDF"),
}

PASSAGE = "X:1\nT:The Known\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2cB AGFE|\n"
CERTIFICATE = CertificateOut(  # what it is to be told: to find it takes half a minute of both cores
    nearest=Nearest(
        title="The Known <b>One</b>",
        source="known.abc:1",
        length=4,
        share=0.05,
        percentile=62.0,
        notes=[2, 3, 4, 5],
        abc=PASSAGE,
        abc_notes=[0, 1, 2, 3],
        bars=[1, 2],
    ),
    known=True,
    well_formed=WellFormed(valid=False, error="bar 3 lasts 2, the metre is 1"),
    removed_mass=0.031,
    surprise=[0.5, None, 2.0, 9.0, 4.0, *(0.1,) * 300],
    plan="A B A' B",
).model_dump()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("studio")) as studio:
        yield studio.address


@pytest.fixture
def player(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Somebody's browser: called with what makes it another one than usual, it gives a page of it."""
    contexts = []
    wrong: list[str] = []

    def come(path: str = "/", **more: Any) -> Page:
        context = chromium.new_context(**{"locale": "en", "viewport": {"width": 1280, "height": 900}} | more)
        contexts.append(context)
        context.route("**/certificate", lambda route: route.fulfill(json=CERTIFICATE))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(address + path)
        return page

    yield come
    for context in contexts:
        context.close()
    assert wrong == []


def now(page: Page) -> Any:
    """The tune that is shown, as the server has it."""
    return page.request.get(page.url.replace("/t/", "/api/tunes/")).json()


@contextmanager
def another(page: Page) -> Iterator[None]:
    """What is done in the block has another tune shown."""
    from playwright.sync_api import expect

    before = page.url
    yield
    try:
        expect(page).not_to_have_url(before, timeout=PATIENCE)
    except AssertionError as error:
        raise AssertionError(page.inner_text("#failed") or page.inner_text("#said") or "nothing was said") from error
    page.wait_for_selector("#paper:not(.writing)")
    page.wait_for_selector("#player:not([hidden])", state="attached")


def bars(tune: Any) -> dict[int, list[Any]]:
    """What stands in each bar of a tune."""
    read = parse_abc(tune["abc"])[0]
    return {one.number: [_sounds(read, place) for place in range(one.start, one.stop)] for one in read.measures}


def _sounds(tune: Tune, place: int) -> Any:
    element = tune.music[place]
    return (element.pitches, element.length) if isinstance(element, Note) else None


def click_bar(page: Page, number: int) -> None:
    page.locator(f'{BARS}[data-bar="{number}"]').dispatch_event("click")


def scrolls(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_tune_is_made_and_made_ones_own(player: Callable[..., Page]) -> None:
    page = player()
    page.wait_for_selector("#model option[value=base]", state="attached")
    assert page.is_visible("#empty")
    page.select_option("#rhythm", "reel")
    assert page.is_disabled("#meter option:text-is('6/8')")
    page.select_option("#key", "D major")
    page.select_option("#form", "AABBCCDD/8")
    page.locator("#plan button").nth(0).click()
    page.locator("#plan button").nth(1).click(click_count=2)  # through A to A'
    assert page.locator("#plan button").nth(1).inner_text() == "A′"
    page.evaluate(WATCH)
    with another(page):
        page.click("#write")
    first = now(page)
    assert (first["made_by"], first["rhythm"], first["key"], first["valid"]) == ("drawn", "reel", "D major", True)
    assert first["settings"]["plan"] == "A A'"
    grown = page.evaluate("window.seen")
    assert grown == sorted(grown)
    assert len(set(grown)) > 2, "the score appears at once, not bar by bar"
    assert grown[-1] == len(bars(first))

    for number in (1, 2, 5):
        click_bar(page, number)
    assert page.inner_text("#locked-words") == "Kept: bars 1–2, 5"
    with another(page):
        page.click("#others")
    second = now(page)
    assert (second["made_by"], second["parent"]) == ("redrawn", first["id"])
    old, new = bars(first), bars(second)
    assert [new[number] for number in (1, 2, 5)] == [old[number] for number in (1, 2, 5)]
    assert [number for number in old if old[number] != new[number]]
    assert page.locator(f"{BARS}[aria-pressed=true]").count() == 3

    with another(page):
        page.keyboard.press("Control+z")
    assert now(page)["id"] == first["id"]
    assert page.is_disabled("#undo")
    with another(page):
        page.click("#redo")
    assert now(page)["id"] == second["id"]

    with another(page):
        page.click("#vary")
    with another(page):
        page.select_option("#to-key", "G major")
        page.click("#transpose")
    moved = now(page)
    assert (moved["made_by"], moved["key"]) == ("transposed", "G major")
    with another(page):
        page.fill("#from-bar", "8")
        page.click("#go-on")
    continued = now(page)
    assert [bars(continued)[number] for number in range(1, 9)] == [bars(moved)[number] for number in range(1, 9)]
    cards = page.locator("#strip li")
    assert [cards.nth(place).inner_text().splitlines()[-1] for place in range(5)] == [
        "new",
        "others anew from 1",
        "varied from 2",
        "moved from 3",
        "gone on from 4",
    ]
    assert page.locator("#strip .slurs path").count() == 4


def test_the_certificate_is_told_in_words_and_on_the_notes(player: Callable[..., Page]) -> None:
    page = player()
    with another(page):
        page.click("#write")
    page.wait_for_selector("[data-view=shared]")
    told = page.inner_text("#certificate")
    for words in (
        "Not quite: bar 3 lasts 2, the metre is 1",
        "4 notes of “The Known <b>One</b>”, 5 % of this tune",
        "of 100 real tunes, 62 share less",
        "(9.0 bits)",
        "3.1 % on average",
        "A B A' B",
    ):
        assert words in told
    assert page.locator("#score .coloured").count() == 0
    page.click("[data-view=shared]")
    assert page.locator("#score .coloured").count() == 4
    page.click("[data-view=surprise]")
    assert page.locator("[data-view=shared]").get_attribute("aria-pressed") == "false"
    notes = len(parse_abc(now(page)["abc"])[0].notes)
    assert page.locator("#score .coloured").count() >= notes - 1
    page.click("[data-view=surprise]")
    assert page.locator("#score .coloured").count() == 0
    page.click("#certificate details summary")
    page.wait_for_selector(".borrowed .coloured")
    assert page.locator(".borrowed .coloured").count() == 4


def test_one_of_four_is_taken(player: Callable[..., Page]) -> None:
    page = player()
    page.select_option("#form", "AABB/4")
    page.click("#four")
    page.wait_for_selector(".cell:nth-child(4) button:enabled")
    page.wait_for_selector(".cell:nth-child(4) svg")
    assert page.locator(".cell").count() == 4
    with another(page):
        page.locator(".cell button").nth(2).click()
    assert page.is_hidden("#fours")
    taken = now(page)
    assert taken["settings"]["parts"] == "AABB"
    assert page.locator("#strip li").count() == 4
    assert page.locator("#strip [aria-current]").get_attribute("data-id") == taken["id"]


def test_an_error_is_edited_away_and_the_tune_kept_and_taken_along(
    player: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    page = player()
    page.click("#edit")
    page.fill("#abc", "X:1\nT:Mine\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2cB AGFE Q4|DEFG ABcd|d4 d4|]\n")
    page.wait_for_selector("#problems li:has-text(\"'Q'\")")
    said = page.inner_text("#problems")
    assert "line 7" not in said
    assert "line 6" in said
    assert "'Q'" in said
    assert page.locator("#gutter b.bad").inner_text() == "6"
    page.locator("#problems button", has_text="'Q'").click()
    at = page.evaluate("document.getElementById('abc').selectionStart")
    assert page.input_value("#abc")[at:].startswith("Q4")
    page.fill("#abc", page.input_value("#abc").replace(" Q4", ""))
    page.wait_for_selector("#edit-state:text('Nothing is wrong')")
    assert page.locator(BARS).count() == 4

    page.reload()  # nothing that was typed is lost
    page.wait_for_selector("#editor:not([hidden])")
    assert "d2cB AGFE|" in page.input_value("#abc")
    with another(page):
        page.click("#edit-keep")
    first = now(page)
    assert (first["title"], first["made_by"], first["kept"], first["valid"]) == ("Mine", "brought", True, True)

    page.fill("#abc", page.input_value("#abc").replace("d4 d4", "d8"))
    page.wait_for_selector("#edit-state:text('Nothing is wrong')")
    with another(page):
        page.click("#edit-keep")
    edited = now(page)
    assert (edited["made_by"], edited["parent"]) == ("edited", first["id"])

    page.wait_for_selector(BARS)
    click_bar(page, 2)
    click_bar(page, 3)
    assert page.inner_text("#edit-fill") == "Fill bars 2–3"
    with another(page):
        page.click("#edit-fill")
    filled = now(page)
    old, new = bars(edited), bars(filled)
    assert (new[1], new[4]) == (old[1], old[4])
    assert filled["made_by"] == "redrawn"
    page.click("#edit-close")

    page.click("#take summary")
    for name, is_right in FORMATS.items():
        with page.expect_download() as download:
            page.click(f"[data-file={name}]")
        path = tmp_path / f"tune.{name}"
        download.value.save_as(path)
        assert download.value.suggested_filename == f"Mine.{name}"
        assert is_right(path.read_bytes())

    page.goto(f"{address}/notebook")
    page.wait_for_selector(".rows li:nth-child(2)")
    page.wait_for_selector(".rows svg")
    page.locator(".rows input").first.fill("Renamed")
    page.locator(".rows input").first.press("Enter")
    page.wait_for_selector("#said:text('Renamed')")
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "book.abc")
    assert [tune.title for tune in parse_abc(tmp_path / "book.abc")] == ["Mine", "Renamed"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".rows button:text-is('Delete')").first.click()
    page.wait_for_selector("#said:text('Deleted')")
    assert page.locator(".rows li").count() == 1


def test_going_on_from_the_cursor_keeps_what_stands_before_it(player: Callable[..., Page]) -> None:
    from playwright.sync_api import expect

    page = player()
    page.click("#edit")
    text = "X:1\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2cB AGFE|"
    page.fill("#abc", text)
    page.wait_for_selector(f'{BARS}[data-bar="2"]')
    page.evaluate("document.getElementById('abc').setSelectionRange(999, 999)")
    page.click("#edit-on")
    page.wait_for_selector("#strip li:nth-child(2)")
    page.wait_for_selector("#paper:not(.writing)")
    expect(page.locator("#strip [aria-current]")).to_contain_text("gone on from 1", timeout=PATIENCE)
    continued = now(page)
    begun = bars({"abc": text})
    assert continued["made_by"] == "continued"
    assert [bars(continued)[number] for number in (1, 2)] == [begun[number] for number in (1, 2)]
    assert len(bars(continued)) > 2
    expect(page.locator("#abc")).to_have_value(continued["abc"], timeout=PATIENCE)


def test_a_link_gives_the_tune_to_anyone_and_draws_it_again(player: Callable[..., Page], address: str) -> None:
    page = player()
    page.select_option("#rhythm", "jig")
    page.click("#more summary")
    page.fill("#seed", "7")
    page.select_option("#lowest", "C4")
    with another(page):
        page.click("#write")
    tune = now(page)
    permalink, again = page.input_value("#permalink"), page.input_value("#again")
    assert permalink == page.url

    other = player(permalink.removeprefix(address))
    other.wait_for_selector(BARS)
    assert other.is_visible("#guest")
    assert other.is_hidden("#keep")
    with another(other):
        other.click("#take-on")
    taken = now(other)
    assert (taken["abc"], taken["parent"], taken["mine"], taken["kept"]) == (tune["abc"], tune["id"], True, True)
    assert now(page) == tune

    third = player(again.removeprefix(address))
    third.wait_for_url(re.compile("/t/"))
    third.wait_for_selector("#player:not([hidden])")
    same = now(third)
    assert (same["abc"], same["id"] != tune["id"]) == (tune["abc"], True)
    assert (third.input_value("#rhythm"), third.input_value("#seed"), third.input_value("#lowest")) == (
        "jig",
        "7",
        "C4",
    )


def test_all_of_it_goes_by_keyboard_alone(player: Callable[..., Page]) -> None:
    page = player()

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab does not come to {selector}")

    tab_to("#write")
    with another(page):
        page.keyboard.press("Enter")
    first = now(page)
    page.wait_for_selector(BARS)
    page.evaluate("document.getElementById('redo').focus()")
    tab_to(BARS)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    locked = [int(number) for number in re.findall(r"\d+", page.inner_text("#locked-words"))]
    assert len(locked) == 2
    tab_to("#others")
    with another(page):
        page.keyboard.press("Enter")
    second = now(page)
    for number in locked:
        assert bars(second)[number] == bars(first)[number]
    with another(page):
        page.keyboard.press("Control+z")
    page.evaluate("document.getElementById('undo').focus()")
    tab_to("#keep")
    page.keyboard.press("Enter")
    page.wait_for_selector("#keep[aria-pressed=true]")
    assert now(page)["kept"] is True


def test_the_plan_goes_by_keyboard(player: Callable[..., Page]) -> None:
    page = player()
    page.locator("#plan button").first.focus()
    for key in ("a", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowRight", "b", "ArrowRight", "b", "'"):
        page.keyboard.press(key)
    labels = page.locator("#plan button").all_inner_texts()
    assert labels[:4] == ["A", "A′", "B", "B′"]
    assert page.locator("#plan button").nth(1).get_attribute("aria-label") == "Bar 2: A', a variation of bar 1"
    page.locator("#plan button").first.focus()
    page.keyboard.press("Delete")
    assert page.locator("#plan button").all_inner_texts()[:2] == ["·", "A"]  # a variation of nothing is none


def test_in_chinese_everything_is_chinese(player: Callable[..., Page]) -> None:
    page = player(locale="zh-CN")
    with another(page):
        page.click("#write")
    page.wait_for_selector("#certificate:not([hidden])")
    page.click("#more summary")
    texts = page.evaluate(
        """() => [...document.querySelectorAll("main button, main label, main h1, main h2, main legend, main summary,"
          + " main dt, main .hint")].filter((one) => one.checkVisibility() && !one.closest("#plan, #strip")
          && one.textContent.trim()).map((one) => one.textContent.trim())"""
    )
    assert len(texts) > 40
    assert [text for text in texts if not re.search(r"[\u4e00-\u9fff]", text)] == []
    page.goto(page.url.partition("/t/")[0] + "/notebook")
    assert "还没有收藏" in page.locator("#rows li").inner_text()


@pytest.mark.parametrize("width", [360])
def test_on_a_phone_nothing_is_wider_than_the_page(player: Callable[..., Page], width: int) -> None:
    page = player(viewport={"width": width, "height": 740})
    assert not scrolls(page)
    page.select_option("#form", "AABBCCDD/8")
    with another(page):
        page.click("#write")
    assert not scrolls(page)
    page.click("#share summary")
    assert not scrolls(page)
    page.click("#edit")
    page.wait_for_selector("#abc")
    page.fill("#abc", page.input_value("#abc") + "%" + " long" * 100)
    assert not scrolls(page)
    page.click("#edit-close")
    page.click("#keep")
    page.wait_for_selector("#keep[aria-pressed=true]")
    page.goto(page.url.partition("/t/")[0] + "/notebook")
    page.wait_for_selector(".rows svg")
    assert not scrolls(page)


def test_what_somebody_typed_is_text_and_never_markup(player: Callable[..., Page]) -> None:
    page = player()
    page.click("#edit")
    title = "<img src=x onerror=alert(1)>"
    page.fill("#abc", f"X:1\nT:{title}\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d2cB AGFE|DEFG ABcd|d4 d4|]\n")
    page.wait_for_selector(BARS)
    with another(page):
        page.click("#edit-keep")
    assert page.locator("#strip b").inner_text() == title
    assert page.locator("main img").count() == 0


def test_a_link_to_nothing_says_so(player: Callable[..., Page]) -> None:
    page = player("/t/nothing")
    page.wait_for_selector("#failed:text('no such tune')")
    assert page.is_visible("#write")
