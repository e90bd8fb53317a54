"""A browser that takes a listening test as a person would: by clicks and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.stimuli import RATE, as_wav

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
)  # fmt: skip
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


def short_sounds(test: BlindTest, seconds: float = 0.8) -> dict[str, bytes]:
    """A tone for each tune of a test, too short to be waited for."""
    times = np.arange(round(seconds * RATE)) / RATE
    return {one.id: as_wav(0.2 * np.sin(2 * np.pi * (300 + 20 * n) * times)) for n, one in enumerate(test.stimuli)}


def begin(page: Any, *, headphones: bool = False) -> None:
    """From the first screen to the first item."""
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    if not headphones:
        page.get_by_role("button", name="I have no headphones").click()
        page.locator("audio").first.wait_for()
        return
    page.get_by_role("button", name="Check my headphones").click()
    for _ in range(6):
        page.get_by_role("button", name="Play the three tones").click()
        page.get_by_label("First").check()
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Go on").click()
    page.locator("audio").first.wait_for()


def hear(page: Any) -> None:
    """Play every tune of an item to its end, eight times as fast as a listener would."""
    page.evaluate(
        """async () => {
             for (const audio of document.querySelectorAll("audio")) {
               await new Promise((resolve, reject) => {
                 audio.playbackRate = 8;
                 audio.onended = resolve;
                 audio.onerror = () => reject(new Error("not played"));
                 audio.play().catch(reject);
               });
             }
           }"""
    )


def answer(page: Any, choose: Callable[[int], str], number: int) -> None:
    """Hear an item, choose in each of its questions the option of this label, go on."""
    from playwright.sync_api import expect

    heading = page.locator("h1").inner_text()
    hear(page)
    for group in page.get_by_role("group").all():
        if group.get_by_role("radio").count():
            group.get_by_role("radio", name=choose(number), exact=True).check()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("h1")).not_to_have_text(heading)
