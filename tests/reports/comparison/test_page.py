"""The page that compares: self-contained, accessible, and true to what it was given."""

from __future__ import annotations

import base64
import io
import re
import wave
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.reports.test_run_page import Reader
from tests.support.comparisons import SETTINGS, invented_comparison
from tunewright.reports.comparison.page import write_comparison
from tunewright.reports.comparison.tables import MARKS
from tunewright.reports.wording import Wording
from tunewright.support.errors import ConfigError

FULL = invented_comparison(seeds=2, scaled=0.08, tunes=1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's experiment, cut down for a class, with one tune of each setting."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_comparison(path, FULL, "en", [["tunewright", "reproduce", "--seeds", "2"]])
    return path


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_comparison(path, invented_comparison(seeds=1, tunes=0), "zh")
    return path.read_text()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two settings and one with a name that would break a page, none of them evaluated."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_comparison(path, invented_comparison(seeds=1, experiment=False, tunes=None))
    return path.read_text()


@pytest.fixture(scope="module")
def read(page: Path) -> Reader:
    return Reader(page.read_text())


def test_every_element_is_closed_and_every_name_is_there_once(read: Reader) -> None:
    assert read.open == []
    names = Counter(element["id"] for _, element in read.elements if "id" in element)
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_is_fetched_from_elsewhere(page: Path, read: Reader) -> None:
    sources = [element["src"] or "" for element in read.of("img", "audio", "script", "iframe") if "src" in element]
    assert len(sources) == 2 * len(SETTINGS)
    assert all(source.startswith("data:") for source in sources)
    assert not read.of("link")
    assert not re.search(r"@import|url\((?!#)", page.read_text())


def test_links_lead_to_places_on_the_page_or_files_beside_it(page: Path, read: Reader) -> None:
    targets = [element["href"] or "" for element in read.of("a")]
    places = {element.get("id") for _, element in read.elements}
    assert len(targets) > 20
    for target in targets:
        assert target[1:] in places if target.startswith("#") else (page.parent / target).is_file()


def test_pictures_have_words_cells_have_heads_and_headings_are_in_order(read: Reader) -> None:
    assert all(element["alt"] for element in read.of("img"))
    assert all(element.get("aria-label") or element.get("aria-hidden") for element in read.of("svg"))
    assert all(element["scope"] in ("row", "col") for element in read.of("th"))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_verdicts_are_words_with_a_mark_beside_their_sentence(page: Path) -> None:
    text, wording = page.read_text(), Wording("en")
    assert len(FULL.claims) > 5
    for claim in FULL.claims:
        assert f"{MARKS[claim.verdict]}</span> {wording.say(f'verdict.{claim.verdict}')}" in text
        assert wording.say(claim.sentence, **claim.numbers).partition("'")[0] in text


def test_a_class_room_version_says_so_and_the_full_experiment_does_not(page: Path, chinese: str) -> None:
    assert "Class-room version" in page.read_text()
    assert "8 % of the full experiment" in page.read_text()
    assert "课堂版" not in chinese


def test_tunes_are_judged_on_the_page(page: Path) -> None:
    text = page.read_text()
    assert "✓</span> well formed" in text
    assert "✗</span> not well formed: bar 1 lasts 1/2, the metre is 1" in text
    assert "✗</span> not well formed: it is too short" in text
    assert "<b>bold</b>" not in text


def test_sound_on_the_page_can_be_played(read: Reader) -> None:
    assert len(read.of("audio")) == len(SETTINGS)
    for element in read.of("audio"):
        with wave.open(io.BytesIO(base64.b64decode((element["src"] or "").partition(",")[2]))) as sound:
            assert sound.getnframes() > sound.getframerate()


def test_the_page_in_chinese_is_in_chinese(chinese: str) -> None:
    assert '<html lang="zh-CN">' in chinese
    assert "learn" not in re.sub(r"<style>.*?</style>|<pre.*?</pre>|learning_rate", "", chinese, flags=re.DOTALL)
    assert "留出曲子，比特/音符</text>" in chinese
    assert Reader(chinese).open == []


def test_a_plain_comparison_has_only_what_there_is_to_say(plain: str) -> None:
    assert Reader(plain).open == []
    for part in ("claims", "effects", "oddities", "dependencies", "temperature", "softmax", "tunes"):
        assert f'id="{part}-title"' not in plain
    for part in ("curves", "table", "settings", "again"):
        assert f'id="{part}-title"' in plain
    assert "my &amp; &lt;own&gt;" in plain
    assert "<own>" not in plain
    assert "tunewright compare runs/lab-default/seed-0" in plain


def test_markdown_lies_beside_the_page(page: Path) -> None:
    assert page.with_suffix(".md").read_text().startswith("# ")


def test_an_unknown_language_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown language"):
        write_comparison(tmp_path / "report.html", FULL, "xx")
    assert not list(tmp_path.iterdir())
