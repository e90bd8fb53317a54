"""A studio that draws and sounds and nothing else, and a page with a score and its player alone, for tests of both."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from tunewright.reports.wording import Wording
from tunewright.studio.app import create_app
from tunewright.studio.security import HEADERS
from tunewright.studio.settings import Settings
from tunewright.studio.wording import words_for_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 60.0  # seconds until it has to answer

SCRIPT = """
import { ask } from "/static/js/api.js";
import { Score } from "/static/js/score.js";
import { Player } from "/static/js/player.js";
const score = new Score(document.getElementById("score"));
const player = new Player(document.getElementById("player"), score);
const clicked = [];
score.on("bar", (number) => clicked.push(number));
async function show(abc, width = score.width) {
  const drawn = await ask("POST", "/api/scores", { abc, width });
  score.load(drawn);
  player.load({ ...drawn, abc });
  return drawn;
}
Object.assign(window, { Score, score, player, clicked, show });
document.body.dataset.ready = "yes";
"""


def open_score_page(page: Page, address: str, abc: str = "", language: str = "en") -> Any:
    """Open the page and show a tune on it; gives what the server says of its score."""
    words = json.dumps(dict(words_for_scripts(Wording(language), "make"))).replace("<", "\\u003c")
    html = f"""<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>score</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/static/css/studio.css"></head><body><main>
<h1>score</h1><div class="paper"><div id="score"></div></div><div id="player"></div></main>
<script type="application/json" id="words">{words}</script>
<script type="module" src="/static/js/score_page.js"></script></body></html>"""
    headers = {"Content-Security-Policy": HEADERS["Content-Security-Policy"]}
    page.route("**/score-page", lambda route: route.fulfill(body=html, content_type="text/html", headers=headers))
    page.route("**/static/js/score_page.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"))
    page.goto(f"{address}/score-page")
    page.wait_for_selector("body[data-ready]")
    return page.evaluate("abc => show(abc)", abc) if abc else None


@contextmanager
def rendering_studio(folder: Path) -> Iterator[tuple[str, Any]]:
    """The address of a studio without processes that write tunes, and what its routes have at hand."""
    app = create_app(Settings(folder=folder, drawers=0))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started, "the studio did not open"
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", app.state.studio
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
