"""Every page as a reader has it: light and dark, English and Chinese, on a desk and on a phone; held against WCAG.

Where TUNEWRIGHT_SCREENSHOTS names a folder, a picture of each is left there to be looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute

from tests.support.open_studios import Served, browser, needs_chromium, served
from tests.support.places import ROOT
from tunewright.reports.wording import read_catalogue
from tunewright.studio.app import STATIC, create_app
from tunewright.studio.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

TEMPLATES = STATIC.parent / "templates"
MODULES = sorted(STATIC.rglob("*.js"))
LONGEST_MODULE = 300  # lines
LARGEST_PAGE = 300_000  # bytes that come over the wire, without sound
PLACES = ("/", "/notebook", "/learn", "/listen", "/programs", "/nothing")
SIZES = {"desk": (1280, 900), "phone": (390, 844), "narrow": (360, 640)}
LOOKS = [*product(("light", "dark"), ("en", "zh"), ("desk", "phone")), ("light", "en", "narrow")]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("studio")) as one:
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("TUNEWRIGHT_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visit:
    """A page in a browser, with all that it asked for and complained about."""

    def __init__(self, chromium: Browser, scheme: str = "light", language: str = "en", size: str = "desk") -> None:
        width, height = SIZES[size]
        self.context: BrowserContext = chromium.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            locale={"en": "en-GB", "zh": "zh-CN"}[language],
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, address: str) -> None:
        """Go there, and wait until nothing more is asked for."""
        self.page.goto(address, wait_until="load")
        self.page.wait_for_load_state("networkidle")


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG, a line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


# ------------------------------------------------------------------------------------------------ in a browser


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "language", "size"), LOOKS)
@pytest.mark.parametrize("place", PLACES)
def test_a_page_can_be_read_and_used_by_everyone(
    studio: Served, chromium: Browser, screenshots: Path, place: str, scheme: str, language: str, size: str
) -> None:
    with Visit(chromium, scheme, language, size) as visit:
        visit.open(studio.address + place)
        page = visit.page
        name = place.strip("/") or "make"
        page.screenshot(path=screenshots / f"{name}-{size}-{scheme}-{language}.png", full_page=True)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        assert page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-CN"}[language]
        complaints = [one for one in visit.wrong if place != "/nothing" or "404" not in one]
        assert complaints == []
        assert [url for url in visit.asked if not url.startswith((studio.address, "data:", "blob:"))] == []


@needs_chromium
@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_small(studio: Served, chromium: Browser, place: str) -> None:
    with Visit(chromium) as visit:
        sizes: list[int] = []

        def weigh(request: object) -> None:
            if not request.url.startswith(("data:", "blob:")):  # type: ignore[attr-defined]
                sizes.append(request.sizes()["responseBodySize"])  # type: ignore[attr-defined]

        visit.page.on("requestfinished", weigh)
        visit.open(studio.address + place)
        assert 0 < sum(sizes) < LARGEST_PAGE


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_programs_can_ask_for_can_be_opened_and_read(studio: Served, chromium: Browser, scheme: str) -> None:
    with Visit(chromium, scheme, size="phone") as visit:
        visit.open(studio.address + "/programs")
        visit.page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true; })")
        assert visit.page.locator("details").count() > 20
        assert violations(visit.page) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"][0]


@needs_chromium
def test_the_first_key_leads_past_the_navigation(studio: Served, chromium: Browser) -> None:
    with Visit(chromium) as visit:
        visit.open(studio.address + "/programs")
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        assert visit.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "main"


@needs_chromium
def test_another_language_keeps_the_place_and_what_was_filled_in(studio: Served, chromium: Browser) -> None:
    from playwright.sync_api import expect

    with Visit(chromium) as visit:
        page = visit.page
        visit.open(studio.address + "/programs#part-tunes")
        page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=x><input id=y type=checkbox>')"
        )
        # the same controls come back with a script, some time after the page
        page.add_init_script(
            "addEventListener('load', () => setTimeout(() => document.querySelector('main').insertAdjacentHTML("
            "'beforeend', '<input id=x><input id=y type=checkbox>'), 300))"
        )
        page.fill("#x", "E dorian")
        page.check("#y")
        page.click("details summary")
        page.click("text=中文")
        page.wait_for_selector("html[lang='zh-CN']")
        expect(page.locator("#x")).to_have_value("E dorian")
        expect(page.locator("#y")).to_be_checked()
        assert "lang=" not in page.url
        assert page.url.endswith("/programs#part-tunes")
        visit.open(studio.address + "/learn")  # and it is remembered
        assert page.get_attribute("html", "lang") == "zh-CN"


@needs_chromium
def test_without_scripts_a_page_says_so(studio: Served, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(studio.address)
    assert "scripts" in page.inner_text("noscript")
    page.click("text=中文")
    assert page.get_attribute("html", "lang") == "zh-CN"
    context.close()


@needs_chromium
def test_a_page_that_cannot_be_had_says_so(studio: Served, chromium: Browser) -> None:
    with Visit(chromium) as visit:
        answer = visit.page.goto(studio.address + "/nothing")
        assert answer
        assert answer.status == 404
        assert visit.page.inner_text("h1") == "Nothing is here"


# -------------------------------------------------------------------------------------------- what is written


def test_every_page_without_an_id_is_looked_at() -> None:
    app = create_app(Settings())
    routes = [route for part in app.routes for route in getattr(getattr(part, "original_router", None), "routes", [])]
    pages = {
        route.path
        for route in routes
        if isinstance(route, APIRoute) and "GET" in route.methods and not route.path.startswith(("/api", "/h/"))
    }
    assert {path for path in pages if "{" not in path} <= set(PLACES)
    assert "/" in pages


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_short_and_safe(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < LONGEST_MODULE
    assert not re.search(r"\b(eval|new Function|document\.write|outerHTML)\b", text)
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    for line in text.splitlines():
        if re.search(r"\binnerHTML\s*\+?=|insertAdjacentHTML", line):
            assert re.search(r"svg", line), f"{path.name}: {line.strip()}"  # made by us, on the server


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_a_template_runs_nothing_and_marks_nothing_safe(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert "<style" not in text
    assert "| safe" not in text
    assert "|safe" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


def texts(language: str) -> dict[str, str]:
    return {key: text for key, text in read_catalogue(language).items() if key.startswith("studio.")}


def test_both_languages_say_the_same_things() -> None:
    english, chinese = texts("en"), texts("zh")
    assert english.keys() == chinese.keys()
    for key in english:
        assert set(re.findall(r"\{(\w+)", english[key])) == set(re.findall(r"\{(\w+)", chinese[key])), key
        said = re.sub(r"\{.*?\}", "", english[key])
        assert re.search(r"[\u4e00-\u9fff]", chinese[key]) or not re.search(r"[a-z]{4}", said), key


def sources() -> str:
    files = [*MODULES, *TEMPLATES.glob("*.html"), *(ROOT / "tunewright").rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_text_is_said_somewhere() -> None:
    """A key stands somewhere whole, or its beginning does, where its end is put together."""
    written = set(re.findall(r"[\"'`]([\w.]+)", sources()))

    def is_said(key: str) -> bool:
        parts = key.split(".")
        short = key.partition(".js.")[2] or key  # scripts leave the table out
        beginnings = {short[: place + 1] for place, sign in enumerate(short) if sign in "._"}
        whole = {short, ".".join(parts[2:])} if len(parts) > 2 else {short}
        return bool(whole & written) or any(one in written and one not in ("studio.",) for one in beginnings)

    assert [key for key in texts("en") if not is_said(key)] == []
