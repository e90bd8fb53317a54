"""Certificates and scorecards of real tunes, broken ones, and none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.small_runs import corpus_of
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.sources import Dropped
from tunewright.formats.abc import parse_abc
from tunewright.judging.assessment import evaluate
from tunewright.judging.scorecard import Certificate, Scorecard, Value
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import Yardstick, build_yardstick, candidate
from tunewright.measuring.table import MEASURES
from tunewright.music.playing import fingerprint
from tunewright.music.transposing import transpose
from tunewright.music.tune import Meter, Rest, Tune
from tunewright.support.errors import CorpusError

ONE = "X:1\nT:One\nM:4/4\nL:1/8\nK:D\n{body}\n"
SILENT = ONE.format(body="z8|z8|z8|z8|]")  # which no reader takes for a tune
SHORT = ONE.format(body="DEFG ABcd|]")
LONG_BAR = ONE.format(body="DEFG ABcd|DEFG ABcd e|DEFG ABcd|d8|]")


@cache
def tunes() -> tuple[Tune, ...]:
    distinct = {fingerprint(tune): tune for tune in real_tunes(30) if len(tune.notes) > 20}
    return tuple(distinct.values())


@cache
def corpus() -> Corpus:
    return corpus_of(tunes()[:44], tunes()[44:60], tunes()[60:])


@cache
def yardstick(learned: bool = False) -> Yardstick:
    return build_yardstick(corpus(), learned=learned)


def of_text(*texts: str) -> list[Certificate[Tune]]:
    return [candidate(parse_abc(text)[0]) for text in texts]


def silent() -> Certificate[Tune]:
    """A tune of bars without a note."""
    tune = parse_abc(ONE.format(body="D8|z8|z8|z8|]"))[0]
    rest = next(element for element in tune.music if isinstance(element, Rest))
    return candidate(replace(tune, music=(rest, *tune.music[1:]), text=""))


def keys(card: Scorecard) -> set[str]:
    return {remark.key for remark in card.remarks}


def judged(tunes: Sequence[Tune], learned: bool = False) -> Scorecard[Tune]:
    return score([candidate(tune) for tune in tunes], yardstick(learned))


# ------------------------------------------------------------------------------------------------ certificates


def test_a_training_tune_is_a_copy_of_itself_in_any_key() -> None:
    tune = tunes()[3]
    [one] = judged([transpose(tune, 2)]).each
    assert one.copied
    assert one.shared is not None
    assert one.shared.line.share == 1
    assert yardstick().searched[one.shared.line.there] == tune
    assert one.percentile == 100


def test_the_searched_tunes_are_those_that_a_model_learned_or_all() -> None:
    held_out = tunes()[50]
    assert judged([held_out]).each[0].copied
    assert not judged([held_out], learned=True).each[0].copied
    assert len(yardstick(True).searched) == len(corpus().train)
    assert len(yardstick().searched) == len(corpus().tunes)


def test_held_out_tunes_share_what_they_share_with_training_tunes_alone() -> None:
    assert not any(one.copied and one.shared and one.shared.line.share == 1 for one in yardstick().real)
    assert yardstick().lines == yardstick(True).lines


def test_a_real_tune_has_the_percentiles_of_a_real_tune() -> None:
    card = judged([one.music for one in yardstick().real if one.music], learned=True)
    means = {name: [one.percentiles[name] for one in card.each] for name in card.each[0].percentiles}
    for name, found in means.items():
        known = [percentile for percentile in found if not math.isnan(percentile)]
        assert not known or sum(known) / len(known) == pytest.approx(50), name
    assert sum(one.percentile for one in card.each) / len(card.each) == pytest.approx(50)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (SHORT, "has 1 bars"),
        (LONG_BAR, "bar 2 lasts 9/8"),
        (ONE.format(body="|:DEFG ABcd|d8|d8|d8|]"), "bar 2: the repeat"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    [one] = score(of_text(text)).each
    assert not one.valid
    assert one.problem.startswith(problem)


# ------------------------------------------------------------------------------------------------ scorecards


def test_every_measure_and_every_value_beside_that_of_real_tunes() -> None:
    card = judged(tunes()[44:74], learned=True)
    assert list(card.measures) == list(MEASURES)
    assert card.count == 30
    assert card.originality is not None
    known = {name: value for name, value in card.measures.items() if not math.isnan(value.value)}
    assert len(known) > len(MEASURES) - 5  # chord symbols are rare
    for value in (*known.values(), card.valid_rate, card.originality.copy_rate, card.originality.p90_longest):
        assert value.low <= value.value + 1e-9
        assert value.value <= value.high + 1e-9
        assert not math.isnan(value.real)
        assert 0 <= value.percentile <= 100


def test_real_tunes_lie_among_real_sets() -> None:
    card = judged(tunes()[44:], learned=True)
    percentiles = [value.percentile for value in card.measures.values() if not math.isnan(value.percentile)]
    assert sum(5 < percentile < 95 for percentile in percentiles) > 0.9 * len(percentiles)
    assert card.originality is not None
    assert card.originality.copy_rate.value == card.originality.copy_rate.real
    assert card.originality.median_longest.value == card.originality.median_longest.real


def test_the_same_note_again_and_again_is_far_from_real_sets() -> None:
    card = score(of_text(*[ONE.format(body="D8|" * 8 + "]")] * 12), yardstick())
    assert card.measures["repetition_rate"].percentile == 100
    assert card.measures["transition_match"].percentile == 0


def test_without_a_corpus_nothing_is_said_of_style_or_copies() -> None:
    card = score([candidate(tune) for tune in tunes()[:5]])
    assert card.originality is None
    assert card.two_sample is None
    assert card.against == ""
    assert math.isnan(card.valid_rate.real)
    assert math.isnan(card.measures["transition_match"].value)
    assert not math.isnan(card.measures["repetition_rate"].value)
    assert "alone" in keys(card)


# ------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("held", [True, False])
def test_an_empty_set_is_said_to_be_empty(held: bool) -> None:
    card = score([], yardstick() if held else None)
    assert "empty" in keys(card)
    assert card.count == 0
    assert all(math.isnan(value.value) for value in (card.valid_rate, *card.measures.values()))


def test_one_tune_has_a_certificate_and_no_interval() -> None:
    card = judged(tunes()[:1])
    assert "one" in keys(card)
    assert math.isnan(card.valid_rate.low)
    assert not math.isnan(card.each[0].percentile)


@pytest.mark.parametrize("held", [True, False])
def test_tunes_without_notes_are_judged_by_what_they_have(held: bool) -> None:
    card = score([silent(), silent()], yardstick() if held else None)
    assert "silent" in keys(card)
    assert card.each[0].problem == "has no notes"
    assert all(math.isnan(value.value) for name, value in card.measures.items() if name.endswith("match"))
    assert "some_silent" in keys(score([silent(), candidate(tunes()[0])]))


def test_an_unreadable_drawn_tune_counts_as_not_well_formed() -> None:
    broken = Certificate("tune-001", "", None, "cannot be read: no K: field", "no tune")
    card = score([broken, candidate(replace(tunes()[0], repairs=()))], yardstick())
    assert card.count == 2
    assert card.valid_rate.value in (0, 0.5)
    assert card.each[0].shared is None
    assert card.each[0].measures == {}


def test_what_could_not_be_read_is_listed_and_the_rate_with_it_is_said() -> None:
    card = score(of_text(LONG_BAR), yardstick(), unread=[Dropped("x.abc:9", "no K: field")])
    assert card.unread[0].source == "x.abc:9"
    said = next(remark for remark in card.remarks if remark.key == "unread")
    assert "0 %" in str(said)


def test_a_corpus_that_holds_out_nothing_leaves_real_numbers_undefined() -> None:
    bare = build_yardstick(corpus_of(tunes()[:10]))
    card = score([candidate(tune) for tune in tunes()[10:14]], bare)
    assert "few_real" in keys(card)
    assert card.originality is not None
    assert not math.isnan(card.originality.median_longest.value)
    assert math.isnan(card.originality.median_longest.real)
    assert math.isnan(card.originality.line)
    assert math.isnan(card.originality.beyond_line.value)
    assert math.isnan(card.each[0].percentile)


def test_a_corpus_of_one_held_out_tune_can_be_held_against() -> None:
    card = score([candidate(tune) for tune in tunes()[:4]], build_yardstick(corpus_of((), tunes()[4:5])))
    assert card.originality is not None
    assert math.isnan(card.measures["transition_match"].value)


def test_another_kind_of_music_is_named() -> None:
    odd = ONE.replace("M:4/4", "M:11/16").format(body="D11|" * 4 + "]")
    card = score(of_text(odd, odd), yardstick())
    assert "11/16" in str(next(remark for remark in card.remarks if remark.key == "another_kind"))
    assert "another_kind" not in keys(judged(tunes()[:20]))


def test_a_tune_that_comes_again_in_another_key_is_counted() -> None:
    tune = tunes()[0]
    card = score([candidate(one) for one in (tune, tunes()[1], transpose(tune, 2), tune)])
    assert next(remark for remark in card.remarks if remark.key == "again").values["again"] == 2


def test_tunes_that_stand_in_the_corpus_are_counted() -> None:
    said = next(remark for remark in judged(tunes()[:20]).remarks if remark.key == "contained")
    assert said.values["contained"] == 20


# ------------------------------------------------------------------------------------------------ reading


def test_common_time_is_four_four_however_it_was_written() -> None:
    common = [replace(tune, meter=Meter(4, 4, "C")) for tune in tunes() if str(tune.meter) in ("C", "4/4")]
    written = [replace(tune, meter=Meter(4, 4), text="") for tune in common]
    assert len(common) > 5
    against = build_yardstick(corpus_of(common[:-3], common[-3:]))
    assert "another_kind" not in keys(score([candidate(tune) for tune in written], against))
    jigs = [replace(tune, meter=Meter(11, 16), text="") for tune in common]
    assert "another_kind" in keys(score([candidate(tune) for tune in jigs], against))


def test_files_and_folders_are_read_tune_by_tune_with_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.abc").write_text(SILENT + "\nX:2\nABC|\n")
    (tmp_path / "a.abc").write_text(f"{LONG_BAR}\n{LONG_BAR}")
    (tmp_path / "c.mid").write_bytes(b"MThd")
    (tmp_path / "notes.txt").write_text("no music")
    card = evaluate(tmp_path).scorecard
    assert [Path(one.name).name for one in card.each] == ["a.abc:1", "a.abc:8"]
    assert [Path(one.source).name for one in card.unread] == ["c.mid:1", "b.abc:6", "b.abc:8"]


@pytest.mark.parametrize(("name", "says"), [("gone.abc", "no such"), ("x.txt", "expected"), ("", "no .abc")])
def test_a_source_that_holds_no_tunes_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "x.txt").write_text("no music")
    with pytest.raises(CorpusError, match=says):
        evaluate(tmp_path / name)


def test_a_value_is_plain() -> None:
    assert math.isnan(Value(0.5).low)
