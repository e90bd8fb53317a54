"""The page: self-contained, escaped, and true to what it was given."""

from __future__ import annotations

import base64
import math
import re
import wave
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.support.small_runs import real_tunes, run_small, small_corpus
from tunewright.generation.generated import Generated
from tunewright.generation.tunebook import write_drawn
from tunewright.reports.run_page import (
    AUDIO_BUDGET,
    AUDIO_RATES,
    audio_uris,
    collection_title,
    drawn_table,
    small_wav,
    training_of,
    write_report,
)

VOID = {"meta", "img", "br", "link", "input", "hr"}


def drawn(index: int, text: str, *, ended: bool = True) -> Generated:
    return Generated(index, index, text, -1.0, len(text), ended)


def good(index: int) -> Generated:
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


def test_faults_are_counted_by_kind() -> None:
    tunes = [good(0), good(1), drawn(2, BAD), drawn(3, BAD + "AB|\n"), drawn(4, "no tune"), drawn(5, BAD, ended=False)]
    assert dict(drawn_table(tunes).rows) == {
        "well formed": "2",
        "a bar does not add up to the metre": "2",
        "cannot be read as ABC": "1",
        "did not come to an end": "1",
    }


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


# ------------------------------------------------------------------------------------------------ sound


def tone(path: Path, frequency: float, seconds: float = 1.0) -> Path:
    """A stereo tone at 44.1 kHz, silent on the right."""
    left = 12_000 * np.sin(2 * np.pi * frequency * np.arange(int(44_100 * seconds)) / 44_100)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.stack([left, np.zeros_like(left)], 1).astype("<i2").tobytes())
    return path


def spectrum(content: bytes, tmp_path: Path) -> tuple[int, float, float]:
    """Rate, the strongest frequency and the greatest sample of a WAV file of one channel."""
    (tmp_path / "small.wav").write_bytes(content)
    with wave.open(str(tmp_path / "small.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    strongest = np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)
    return rate, float(strongest), float(np.abs(samples).max())


@pytest.mark.parametrize("rate", AUDIO_RATES)
def test_a_smaller_wav_keeps_the_tone(tmp_path: Path, rate: int) -> None:
    found = spectrum(small_wav(tone(tmp_path / "a.wav", 440), rate), tmp_path)
    assert found[0] == rate
    assert found[1] == pytest.approx(440, abs=1)
    assert found[2] == pytest.approx(6_000, rel=0.01)  # the mean of a channel and silence


def test_what_a_smaller_wav_cannot_hold_is_left_out_not_folded_down(tmp_path: Path) -> None:
    assert spectrum(small_wav(tone(tmp_path / "a.wav", 9_000), 11_025), tmp_path)[2] < 200


def test_the_rate_is_the_best_that_fits_the_page(tmp_path: Path) -> None:
    short = audio_uris([tone(tmp_path / "a.wav", 440), None])
    assert short[1] == ""
    assert spectrum(base64.b64decode(short[0].partition(",")[2]), tmp_path)[0] == AUDIO_RATES[0]
    count = math.ceil(AUDIO_BUDGET / (2 * AUDIO_RATES[0] * 60))
    long = audio_uris([tone(tmp_path / "b.wav", 440, 60)] * count)
    assert spectrum(base64.b64decode(long[0].partition(",")[2]), tmp_path)[0] == AUDIO_RATES[1]


def test_built_in_collections_have_titles_and_others_keep_their_name() -> None:
    assert collection_title("oneill ryan") == "O'Neill's Music of Ireland and Ryan's Mammoth Collection"
    assert collection_title("my tunes") == "my tunes"
