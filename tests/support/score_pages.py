"""A page with a score and its player alone, for tests of both: served in the place of one of the studio's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tunewright.reports.wording import Wording
from tunewright.studio.security import HEADERS
from tunewright.studio.wording import words_for_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Page

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
    page.route(
        "**/static/js/score_page.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript")
    )
    page.goto(f"{address}/score-page")
    page.wait_for_selector("body[data-ready]")
    return page.evaluate("abc => show(abc)", abc) if abc else None
