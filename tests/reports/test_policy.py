"""What others have written does nothing on a page: it is escaped, and cut where it is long; a policy stands behind."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reports.test_run_page import Reader, drawn
from tests.support import comparisons
from tests.support.comparisons import invented_comparison
from tests.support.scorecards import candidates, corpus
from tests.support.small_runs import corpus_of, real_tunes, run_small
from tunewright.generation.tunebook import write_drawn
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import build_yardstick
from tunewright.reports.comparison.page import write_comparison
from tunewright.reports.run_page import training_of, write_report
from tunewright.reports.scorecard.page import write_scorecard
from tunewright.reports.wording import LONGEST_TITLE, as_title

DONE = "document.title='owned';document.documentElement.dataset.owned='1'"
ATTACKS = (
    f"<script>{DONE}</script>",
    f'<img src=x onerror="{DONE}">',
    f'"><svg onload="{DONE}">',
    f"' onmouseover='{DONE}' autofocus onfocus='{DONE}' x='",
    f"</script></style></title><script>{DONE}</script>",
    f'<iframe srcdoc="<script>parent.{DONE}</script>">',
    f'<a href="javascript:{DONE}">x</a><meta http-equiv=refresh content="0;url=javascript:{DONE}">',
    "{{ 7 * 7 }}{% raw %}",
)
LONG = "Long" * 25_000
MUSIC = "M:2/4\nL:1/8\nK:C\nCDEF|GABc|cBAG|FEDC|GABc|cBAG|FEDC|C4|]\n"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def evil(title: str) -> str:
    return f"X:1\nT:{title}\nR:{title}\nC:{title}\n{MUSIC}"


TEXTS = [evil(title) for title in (*ATTACKS, LONG, "\u202ereversed")]


def run_page(folder: Path) -> Path:
    run_small(folder / "run")
    tunes = [drawn(index, text) for index, text in enumerate(TEXTS)]
    files = {one.index: write_drawn(one, folder, ("abc", "svg", "wav")) for one in tunes[:2]}
    files |= {one.index: write_drawn(one, folder, ("abc",)) for one in tunes[2:]}
    hostile = [one.tune for one in tunes if one.tune]
    corpus = replace(corpus_of(hostile[:6], hostile[6:]), name=ATTACKS[1])
    write_report(folder / "page.html", corpus, training_of(folder / "run"), tunes, files, [["x", ATTACKS[0]]])
    return folder / "page.html"


def scorecard_page(folder: Path) -> Path:
    judged = candidates([*TEXTS, real_tunes()[3].text])
    others = corpus_of([replace(tune, title=title) for tune, title in zip(real_tunes(), ATTACKS, strict=False)])
    known = replace(corpus(), music=(*others.music, *corpus().music[len(ATTACKS) :]), name=ATTACKS[0])
    card = score(judged, build_yardstick(known, learned=True), title=ATTACKS[1])
    path = folder / "page.html"
    write_scorecard(path, card, others=known.train, commands=[["tunewright", ATTACKS[0]]])
    return path


def comparison_page(folder: Path) -> Path:
    made = comparisons.real_tunes
    patch = pytest.MonkeyPatch()
    patch.setattr(comparisons, "BROKEN", TEXTS[1])
    patch.setattr(comparisons, "SHORT", evil(LONG))
    patch.setattr(comparisons, "real_tunes", lambda: (*made()[:2], *made()[30:]))
    compared = invented_comparison(seeds=1, experiment=False)
    patch.undo()
    settings = tuple(
        replace(setting, name=name) for setting, name in zip(compared.settings, (*ATTACKS[:2], LONG), strict=True)
    )
    path = folder / "page.html"
    write_comparison(path, replace(compared, settings=settings, corpus=ATTACKS[0]), "en", [["x", ATTACKS[0]]])
    return path


PAGES: tuple[Callable[[Path], Path], ...] = (run_page, scorecard_page, comparison_page)


@pytest.fixture(scope="module", params=PAGES, ids=lambda make: make.__name__)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = request.param(tmp_path_factory.mktemp("page"))
    return made


def test_titles_become_no_elements(page: Path) -> None:
    read = Reader(page.read_text())
    assert read.open == []
    assert len(read.of("script")) == len(read.of("style")) == 1
    assert not read.of("iframe", "object", "embed", "base", "form", "link")
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "srcdoc"]
        assert not str(attributes.get("href", "")).startswith("javascript:")


def test_the_policy_allows_what_the_page_carries_and_nothing_else(page: Path) -> None:
    text = page.read_text()
    read = Reader(text)
    (policy,) = [meta["content"] or "" for meta in read.of("meta") if meta.get("http-equiv")]
    assert text.index("Content-Security-Policy") < text.index("<style>")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    assert (allowed["img-src"], allowed["media-src"]) == ("data:", "data:")
    for element in ("style", "script"):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[f"{element}-src"] == f"'sha256-{digest}'"


def test_titles_are_cut_and_their_directions_left_out(page: Path) -> None:
    outside = re.sub(r"<pre.*?</pre>|data:[^\"]*", "", page.read_text(), flags=re.DOTALL)
    assert "Long" * (LONGEST_TITLE // 4 - 1) in outside
    assert "Long" * (LONGEST_TITLE // 4) not in outside
    assert "\u202e" not in outside
    assert as_title("a" * LONGEST_TITLE) == "a" * LONGEST_TITLE
    assert len(as_title("a" * 10**6)) == LONGEST_TITLE


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
def test_a_browser_runs_the_page_and_nothing_that_was_written_into_it(page: Path, tmp_path: Path) -> None:
    command = [str(CHROMIUM), "--headless", "--disable-gpu", "--no-sandbox", "--enable-logging=stderr", "--log-level=0"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=4000", "--dump-dom", page.as_uri()]
    own = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=own)
    if done.returncode or "</html>" not in done.stdout:
        pytest.skip(f"chromium does not run here (exit code {done.returncode})")
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]  # nothing refused, no mistake
    assert "data-owned" not in done.stdout.partition("<body")[0]
    assert "<title>owned</title>" not in done.stdout
    if 'class="filters"' in page.read_text():
        assert '<p class="filters">' in done.stdout  # our own script has run
