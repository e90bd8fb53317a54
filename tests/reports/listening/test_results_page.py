"""The page of results says what was found, in both languages, and what not to believe; others' words are only words."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.support.blind_tests import invented, simulated
from tests.support.raters import browser, needs_chromium
from tunewright.judging.listening.design import BlindTest, Compared
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.judging.listening.results import Results, find_results
from tunewright.reports.listening.results_page import TABLE, results_text, write_results
from tunewright.reports.listening.text import results_summary
from tunewright.reports.wording import format_number, read_catalogue
from tunewright.support.errors import ConfigError


@cache
def found(kind: str, strength: float = 1.5, raters: int = 12) -> tuple[BlindTest, Results]:
    test = invented(kind, items=24)
    return test, find_results(test, simulated(test, (strength, 0.0, -strength), raters))


@pytest.mark.parametrize("kind", [PAIRS, RATING, MACHINE])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_stands_there_in_both_languages(kind: str, language: str) -> None:
    test, results = found(kind)
    text = results_text(test, results, language)
    texts = read_catalogue(language)
    for title in ("ranking_title", "means_title", "agreement_title", "correlations_title", "key_title"):
        assert texts[f"{TABLE}{title}"] in text
    for source in results.sources:
        if source.strength:
            assert format_number(source.strength.logits.value) in text
    assert all(one.id in text for one in test.stimuli)
    assert not re.search(r"\{\w+\}", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL))
    assert text.count("<svg") == 1
    assert {"en": "C major", "zh": "C大调"}[language] in text.replace(" ", "" if language == "zh" else " ")


def test_what_is_settled_is_said_and_what_is_not() -> None:
    assert "Strongest: real tunes, clear of" in results_text(*found(PAIRS, 3.0))
    assert "their order is not settled" in results_text(*found(PAIRS, 0.0))
    assert "they hear a difference" in results_text(*found(MACHINE, 2.0))
    assert "does not prove that there is none" in results_text(*found(MACHINE, 0.0))
    assert "take one for the other" in results_text(*found(MACHINE, -3.0))


def test_few_raters_and_few_tunes_are_called_few() -> None:
    test = invented(PAIRS, items=6)
    text = results_text(test, find_results(test, simulated(test, (1.0, 0.0, -1.0), 3)))
    assert "fewer than 10 listeners" in text
    assert "fewer than 10 tunes" in text
    alone = results_text(test, find_results(test, simulated(test, (1.0, 0.0, -1.0), 1)))
    assert "There is one listener" in alone


def test_the_same_in_a_terminal() -> None:
    for kind in (PAIRS, RATING, MACHINE):
        test, results = found(kind)
        lines = results_summary(test, results).splitlines()
        assert "12 listeners" in lines[0]
        assert any("Krippendorff" in line for line in lines)
        assert [line.split()[0] for line in lines if line.startswith("  ")] == [one.name for one in results.sources]


def test_names_and_titles_are_only_words(tmp_path: Path) -> None:
    test, _ = found(PAIRS)
    evil = "<script>document.title='owned'</script>"
    stimuli = tuple(replace(one, title=evil, key=evil, meter=evil) for one in test.stimuli)
    hostile = replace(
        test, title=evil, sources=tuple(Compared(evil, one.kind) for one in test.sources), stimuli=stimuli
    )
    results = find_results(hostile, simulated(hostile, (1.0, 0.0, -1.0), 3))
    write_results(tmp_path / "page.html", hostile, results, "en", [["tunewright", evil]])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert "&lt;script&gt;" in text


def test_another_language_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown language"):
        results_text(*found(PAIRS), "de")


@needs_chromium
def test_it_can_be_read_by_everyone(tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with browser() as chromium:
        for kind, scheme, width, language in ((PAIRS, "light", 1280, "en"), (RATING, "dark", 360, "zh")):
            path = tmp_path / f"{kind}.html"
            write_results(path, *found(kind), language)
            page = chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
            page.goto(path.as_uri())
            violations = Axe().run(page).response["violations"]
            assert [f"{one['id']}: {node['target']}" for one in violations for node in one["nodes"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
