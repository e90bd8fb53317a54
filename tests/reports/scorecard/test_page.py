"""The page of a scorecard: self-contained, accessible, small enough, and true to what it was given."""

from __future__ import annotations

import base64
import html
import math
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.reports.test_run_page import Reader
from tests.support.scorecards import COPY, HOSTILE, SURPRISED, candidates, corpus, full_card, plain_card
from tests.support.small_runs import real_tunes
from tunewright.formats.arcs import COLOUR as ARC_COLOUR
from tunewright.formats.engraving import to_svg
from tunewright.generation.attention import Look
from tunewright.judging.scorecard import Scorecard
from tunewright.judging.scoring import score
from tunewright.reports.scorecard import scores as scorecard_scores
from tunewright.reports.scorecard.extremes import extremes
from tunewright.reports.scorecard.looks import looking_back
from tunewright.reports.scorecard.numbers import numbers_of
from tunewright.reports.scorecard.page import write_scorecard
from tunewright.reports.scorecard.plots import bin_edges, distribution
from tunewright.reports.scorecard.scores import (
    CHANGED_COLOUR,
    COLOURS,
    SHARED_COLOUR,
    compact_svg,
    scores_within,
    shared_pairs,
    surprising_tunes,
)
from tunewright.reports.scorecard.tables import frontier_table, numbers_table
from tunewright.reports.wording import Wording, quoted_collection
from tunewright.support.errors import ConfigError

EN = Wording("en", "tune")
LOOKS = {0: [Look(9, 2, 0.1, 3.0), Look(10, 3, 0.1, 2.0)]}


def surprises() -> dict[int, tuple[float, ...]]:
    """One note of one tune is a surprise."""
    return {SURPRISED: tuple(9.5 if note == 4 else 0.1 for note in range(full_card().each[SURPRISED].notes))}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that a page can have."""
    path = tmp_path_factory.mktemp("page") / "card.html"
    commands = [["tunewright", "evaluate", "mine <or> yours.abc"]]
    write_scorecard(path, full_card(), others=corpus().train, surprises=surprises(), looks=LOOKS, commands=commands)
    return path


@pytest.fixture(scope="module")
def read(page: Path) -> Reader:
    return Reader(page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "card.html"
    write_scorecard(path, full_card(), "zh", others=corpus().train, surprises=surprises(), looks=LOOKS)
    return path.read_text(encoding="utf-8")


def page_of(card: Scorecard, folder: Path) -> str:
    path = folder / "card.html"
    write_scorecard(path, card)
    return path.read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------ the page


def test_every_element_is_closed_and_every_name_is_there_once(read: Reader) -> None:
    assert read.open == []
    names = Counter(element["id"] for _, element in read.elements if "id" in element)
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_is_fetched_from_elsewhere(page: Path, read: Reader) -> None:
    sources = [element["src"] or "" for element in read.of("img", "audio", "script", "iframe") if "src" in element]
    assert len(sources) > 10
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not read.of("link")
    assert not re.search(r"@import|url\((?!#)", page.read_text(encoding="utf-8"))


def test_links_lead_to_places_on_the_page(read: Reader) -> None:
    targets = [element["href"] or "" for element in read.of("a")]
    places = {element.get("id") for _, element in read.elements}
    assert len(targets) > 40
    assert [target for target in targets if target[1:] not in places] == []


def test_pictures_have_words_cells_have_heads_and_headings_are_in_order(read: Reader) -> None:
    assert all(element["alt"] for element in read.of("img"))
    assert all(element.get("aria-label") or element.get("aria-hidden") for element in read.of("svg"))
    assert all(element["scope"] in ("row", "col") for element in read.of("th"))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_others_wrote_is_escaped(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "mine &lt;or&gt; yours.abc" in text


def test_every_tune_has_its_certificate_and_its_abc(page: Path, read: Reader) -> None:
    rows = [element for element in read.of("details") if "id" in element]
    assert [row["id"] for row in rows] == [f"tune-{number}" for number in range(1, 9)]
    text = page.read_text(encoding="utf-8")
    assert text.count('<dl class="certificate">') == 8
    assert "not well formed: bar 2 lasts 5/4, the metre is 1" in text
    assert "106 of its 106 notes in a row stand in" in text
    assert "CDEF|GABc|cBAG|FEDC|]" in text
    faulty = [row["id"] for row in rows if "fault" in (row["class"] or "").split()]
    assert faulty == [f"tune-{place + 1}" for place, one in enumerate(full_card().each) if not one.valid]


def test_all_parts_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parts = (
        "warnings answers departures distributions matches tells copies surprises looks frontier extremes tunes numbers"
    )
    assert [part for part in (*parts.split(), "drawn", "again") if f'id="{part}-title"' not in text] == []


def test_the_page_in_chinese_is_in_chinese(chinese: str) -> None:
    assert '<html lang="zh-CN">' in chinese
    assert Reader(chinese).open == []
    unshown = r"<style.*?</style>|<script>.*?</script>|<pre.*?</pre>|<code.*?</code>|<[^>]*>"
    text = html.unescape(re.sub(unshown, " ", chinese, flags=re.DOTALL))
    names = {one.title for one in full_card().each} | {tune.title for tune in real_tunes()}
    for name in sorted(names - {""}, key=len, reverse=True):
        text = text.replace(name, "")
    left = set(re.findall(r"[A-Za-z]{2,}", text))
    assert left == {"TUNEWRIGHT", "Tunewright", "ABC", "abc", "mine", "runs", "one", "small", "no", "key"} & left


def test_an_unknown_language_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown language"):
        write_scorecard(tmp_path / "card.html", plain_card(), "xx")
    assert not list(tmp_path.iterdir())


def test_names_of_collections_are_those_of_books() -> None:
    assert quoted_collection("oneill ryan", EN) == "O'Neill's Music of Ireland and Ryan's Mammoth Collection"
    assert quoted_collection("mine", EN) == "mine"


# ------------------------------------------------------------------------------------------------ less than everything


def test_without_a_collection_the_page_says_so_and_shows_what_there_is(tmp_path: Path) -> None:
    text = page_of(score(candidates([tune.text for tune in real_tunes()[:3]])), tmp_path)
    assert Reader(text).open == []
    assert "no collection was given" in text
    for part in ("departures", "matches", "tells", "copies", "surprises", "looks", "frontier", "drawn", "again"):
        assert f'id="{part}-title"' not in text
    assert 'id="distributions-title"' in text
    assert "real tunes" not in text.partition("<main>")[2].lower()


@pytest.mark.parametrize("texts", [[], ["no tune"], [HOSTILE]], ids=["none", "unreadable", "one"])
def test_a_page_of_next_to_nothing_can_be_read(texts: list[str], tmp_path: Path) -> None:
    text = page_of(score(candidates(texts), title="little"), tmp_path)
    assert Reader(text).open == []
    assert "Nothing to judge" in text if not texts else "1 tune," in text
    assert "nan" not in re.sub(r"data:[^\"]*", "", text).lower().replace("finance", "")


# ------------------------------------------------------------------------------------------------ scores


def test_shared_notes_are_marked_on_both_scores() -> None:
    card = plain_card()
    pairs = shared_pairs(card, corpus().train, EN)
    assert pairs[0].place == COPY
    assert card.each[COPY].shared is not None
    shared = card.each[COPY].shared.line
    for side, notes in zip(pairs[0].sides, (shared.notes, shared.notes_there), strict=True):
        drawn = base64.b64decode(side.score.partition(",")[2]).decode()
        assert drawn.count(SHARED_COLOUR) >= len(notes) == 106
        assert "bars 1 to 17" in side.alt


def test_changed_notes_of_a_near_copy_are_marked_apart() -> None:
    card = plain_card()
    shared = card.each[COPY].shared
    assert shared is not None
    near = shared.near
    changed = replace(near, notes=near.notes + 1, changed=near.notes_of[:2])
    one = replace(card.each[COPY], shared=replace(shared, near=changed))
    (pair,) = shared_pairs(replace(card, each=(one,)), corpus().train, EN)
    drawn = base64.b64decode(pair.sides[0].score.partition(",")[2]).decode()
    assert drawn.count(CHANGED_COLOUR) >= 2
    assert CHANGED_COLOUR not in base64.b64decode(pair.sides[1].score.partition(",")[2]).decode()


def test_no_pair_is_shown_without_the_tunes_that_were_searched() -> None:
    assert shared_pairs(plain_card(), (), EN) == []


def test_the_most_surprising_tunes_come_first_with_their_notes_in_colour() -> None:
    notes = [one.notes for one in full_card().each]
    told = {0: (0.5,) * notes[0], 3: (*(0.5,) * (notes[3] - 1), 12.0), 2: (math.nan,) * notes[2]}
    found = surprising_tunes(full_card(), told, EN)
    assert [one.place for one in found] == [3, 0]
    strongest = COLOURS[-1][1]
    assert strongest in base64.b64decode(found[0].score.partition(",")[2]).decode()
    assert strongest not in base64.b64decode(found[1].score.partition(",")[2]).decode()
    assert "(12.0 bits)" in found[0].most


def test_the_tunes_with_the_clearest_looks_back_come_first_with_arcs_over_them() -> None:
    told = {0: [Look(9, 2, 0.1, 3.0)], 3: [Look(12, 3, 0.3, 8.0), Look(13, 4, 0.2, 5.0)], 2: []}
    found = looking_back(full_card(), told, EN)
    assert [one.place for one in found] == [3, 0]
    for one, arcs in zip(found, (2, 1), strict=True):
        drawn = base64.b64decode(one.score.partition(",")[2]).decode().partition(ARC_COLOUR)[2]
        assert drawn.count("<circle") == arcs
    assert "8 times" in found[0].most


def test_a_score_takes_less_room_and_keeps_every_stroke() -> None:
    for tune in real_tunes()[:5]:
        whole = to_svg(tune)
        small = compact_svg(whole)
        assert len(small) < 0.8 * len(whole)
        for stroke in ("<path", "<use", "<polygon", "<text", "<ellipse", "<rect"):
            assert small.count(stroke) == whole.count(stroke)
        assert set(re.findall(r'href="#([^"]+)"', small)) <= set(re.findall(r'id="([^"]+)"', small))
        assert Reader(small).open == []


def test_scores_keep_to_the_room_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    each = plain_card().each
    assert set(scores_within(each, [])) == {0, 1, 2, 3, 4, 7}  # those with notes
    monkeypatch.setattr(scorecard_scores, "MOST_SCORES", 2)
    assert set(scores_within(each, [4])) == {0, 4}
    monkeypatch.setattr(scorecard_scores, "BUDGET", scorecard_scores.ROW * len(each) + 1)
    assert set(scores_within(each, [4])) == {4}
    monkeypatch.setattr(scorecard_scores, "BUDGET", scorecard_scores.ROW * len(each))
    assert scores_within(each, [4]) == {}


# ------------------------------------------------------------------------------------------------ pictures and tables


def test_bins_hold_equally_many_whole_numbers_and_reach_over_both_samples() -> None:
    assert bin_edges([1, 2], [30, 40]) == [0.5 + 3 * place for place in range(15)]
    edges = bin_edges([0.1, 0.2], [0.3, 0.5])
    assert len(edges) == 15
    assert (edges[0], edges[-1]) == (0.1, 0.5)
    assert bin_edges([0.5], [])[-1] == 1.0


def test_a_distribution_shows_both_and_nothing_where_there_is_nothing() -> None:
    both, ours = distribution([1.0] * 20, [1.0, 2.0], "both"), distribution([1.0, 2.5], [], "ours")
    assert 'aria-label="both"' in both
    assert len(re.findall("var\\(--s1\\)", both)) >= 1
    assert len(ours) < len(both)
    assert distribution([math.nan], [1.0], "none") == ""


def test_best_and_worst_are_nearest_and_farthest() -> None:
    card = plain_card()
    found = {one.name: one for one in extremes(card, EN)}
    ranges = dict(numbers_of(card.each, "pitch_range"))
    middle = sorted(real.measures["pitch_range"] for real in card.real)[len(card.real) // 2]
    apart = {place: abs(value - middle) for place, value in ranges.items()}
    assert apart[found["Range"].best] == min(apart.values())
    assert apart[found["Range"].worst] == max(apart.values())
    assert found["Longest passage shared with one tune (notes)"].worst == COPY


def test_where_less_is_better_the_least_is_best() -> None:
    given = zip(plain_card().each[:3], (0.2, 0.1, 0.3), strict=True)
    each = tuple(replace(one, measures={"abrupt_notes": share}) for one, share in given)
    (one,) = (one for one in extremes(replace(plain_card(), each=each), EN) if one.name == "Abrupt notes")
    assert (one.best, one.worst) == (1, 2)
    assert (one.best_value, one.worst_value) == ("10\u00a0%", "30\u00a0%")


def test_every_number_stands_beside_that_of_real_tunes() -> None:
    table = numbers_table(full_card(), EN)
    rows = {row.name: [cell.value for cell in row.cells] for row in table.rows}
    assert all(len(cells) == len(table.head) - 1 for cells in rows.values())
    assert rows["Well formed"][0] == "38\u00a0%"
    assert rows["Bits per note of the run on held-out tunes"][:2] == ["3.10", "3.00 – 3.20"]
    assert "nan" not in str(rows)


def test_the_frontier_has_a_row_for_each_setting_and_one_for_real_tunes() -> None:
    rows = [(row.name, [cell.value for cell in row.cells]) for row in frontier_table(full_card(), EN).rows]
    assert [name for name, _ in rows] == ["temperature 0.6", "temperature 1", "real tunes"]
    assert rows[0][1] == ["100\u00a0%", "70\u00a0%", "80\u00a0%", "40\u00a0%", "5.0\u00a0%", "9", "Like the style"]
    assert rows[-1][1][1] == "–"
