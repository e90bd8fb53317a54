"""The page: self-contained, escaped, and true to what it was given."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.drawn import drawn_tune
from tests.support.small_runs import real_tunes, run_small, small_corpus
from tunewright.generation.generated import Generated
from tunewright.generation.tunebook import write_drawn
from tunewright.music.tune import Tune
from tunewright.reports.run_page import training_of, write_report

VOID = {"meta", "img", "br", "link", "input", "hr"}


def drawn(index: int, text: str, *, ended: bool = True) -> Generated[Tune]:
    return drawn_tune(text, index, index=index, ended=ended)


def good(index: int) -> Generated[Tune]:
    regular = [tune for tune in real_tunes() if not tune.irregular and not tune.repairs and len(tune.measures) > 4]
    return drawn(index, regular[index].text)


BAD = "X:1\nM:4/4\nK:C\nABc|ABc|ABc|ABc|ABc|\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two tunes, out of four drawn."""
    folder = tmp_path_factory.mktemp("page")
    run_small(folder / "run")
    tricky = drawn(3, 'X:1\nT:<script>alert(1)</script> & "co"\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|cBAG|FEDC|]\n')
    tunes = [good(0), drawn(1, BAD), drawn(2, "no tune"), tricky]
    files = {one.index: write_drawn(one, folder, ("abc", "svg", "wav")) for one in tunes if one.valid}
    assert sorted(files) == [0, 3]
    write_report(
        folder / "report.html", small_corpus(), training_of(folder / "run"), tunes, files, [["tunewright", "x"]]
    )
    return folder / "report.html"


class Reader(HTMLParser):
    """Collects elements, and sees whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def read(page: Path) -> Reader:
    return Reader(page.read_text())


def test_every_element_is_closed(read: Reader) -> None:
    assert read.open == []
    assert len(read.elements) > 50


def test_nothing_is_fetched_from_elsewhere(page: Path, read: Reader) -> None:
    sources = [element["src"] or "" for element in read.of("img", "audio", "script", "iframe") if "src" in element]
    assert len(sources) == 4
    assert all(source.startswith("data:") for source in sources)
    assert not read.of("link")
    assert "@import" not in page.read_text()
    assert not re.search(r"url\((?!#)", page.read_text())


def test_links_lead_to_files_beside_the_page_or_places_on_it(page: Path, read: Reader) -> None:
    targets = [element["href"] or "" for element in read.of("a")]
    places = {element.get("id") for _, element in read.elements}
    assert len(targets) > 6
    for target in targets:
        assert target[1:] in places if target.startswith("#") else (page.parent / target).is_file()


def test_what_a_tune_says_is_escaped(page: Path, read: Reader) -> None:
    assert "<script>alert" not in page.read_text()
    assert len(read.of("script")) == 1


def test_pictures_have_words_and_headings_are_in_order(read: Reader) -> None:
    assert all(element["alt"] for element in read.of("img"))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_tells_how_many_were_drawn_and_why_the_others_were_not_shown(page: Path) -> None:
    text = page.read_text()
    assert "2 of 4" in text
    assert "4 tunes drawn" in text
    assert "a bar does not add up to the metre" in text
    assert "cannot be read as ABC" in text


def test_a_page_without_tunes_says_so(tmp_path: Path) -> None:
    run_small(tmp_path / "run")
    write_report(tmp_path / "report.html", small_corpus(), training_of(tmp_path / "run"), [drawn(0, BAD)], {})
    text = (tmp_path / "report.html").read_text()
    assert "None of the tunes drawn was well formed" in text
    assert Reader(text).open == []


def test_a_run_is_told_from_its_files(tmp_path: Path) -> None:
    *_, last = run_small(tmp_path / "run")
    told = training_of(tmp_path / "run")
    assert len(told.measurements) == last.step
    assert told.best_step == last.best_step
    assert told.valid_loss == pytest.approx(last.best_loss)
    assert [each.step for each in told.measurements if each.valid is not None]
