"""Scorecards of pieces: of files and of a run, as values, as JSON, as text and as a page."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.measuring.pieces.test_originality import pasted, written
from tests.support.real_pieces import songs
from tests.support.short_pieces import line, part, piece
from tunewright.corpus.corpus import PieceCorpus
from tunewright.corpus.reading import read_pieces
from tunewright.formats.midi.pieces import write_midi
from tunewright.judging.assessment import evaluate
from tunewright.judging.kinds import PIECES
from tunewright.judging.scorecard import Scorecard, describe_scorecard
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import Yardstick, build_yardstick, candidate, certify
from tunewright.measuring.pieces.originality import called
from tunewright.measuring.pieces.table import OF_PIECE, PIECE_MEASURES
from tunewright.measuring.table import MEASURES
from tunewright.music.piece import Piece, transposed
from tunewright.reports.scorecard.page import write_scorecard
from tunewright.reports.scorecard.rolls import excerpt
from tunewright.reports.scorecard.text import scorecard_text
from tunewright.reports.scorecard.words import BAD, GOOD, OPEN, answers, departures
from tunewright.reports.wording import Wording
from tunewright.support.errors import ConfigError, CorpusError
from tunewright.training.config import Config

EN = Wording("en", "piece")


@cache
def corpus() -> PieceCorpus:
    """Forty random pieces, each a family of its own; every fifth one is held out."""
    pieces = tuple(written(seed) for seed in range(40))
    split = tuple("test" if number % 5 == 0 else "train" for number in range(40))
    return PieceCorpus("made up", pieces, split, tuple(range(40)))


@cache
def yardstick() -> Yardstick[Piece]:
    """That of the corpus, for a model that learned from it."""
    return build_yardstick(corpus(), learned=True)


def judged(*pieces: Piece) -> Scorecard[Piece]:
    """The scorecard of pieces against the corpus."""
    return score([candidate(one) for one in pieces], yardstick(), title="ours")


# ------------------------------------------------------------------------------------------------ values


def test_every_measure_stands_beside_that_of_held_out_pieces() -> None:
    card = judged(*(written(seed) for seed in range(100, 106)))
    assert list(card.measures) == list(PIECE_MEASURES)
    assert len(card.real) == 8
    for name, value in card.measures.items():
        if not math.isnan(value.value):
            assert value.low <= value.value + 1e-9, name
            assert value.value <= value.high + 1e-9, name
            assert not math.isnan(value.real), name
            assert 0 <= value.percentile <= 100, name


def test_the_value_of_a_measure_is_the_mean_over_the_pieces() -> None:
    card = judged(*(written(seed, bars) for seed, bars in ((100, 4), (101, 8), (102, 12))))
    for name in OF_PIECE:
        each = [one.measures[name] for one in card.each]
        assert card.measures[name].value == pytest.approx(sum(each) / 3, nan_ok=True), name


def test_a_transposed_training_piece_is_called_a_copy() -> None:
    card = judged(*(written(seed) for seed in range(100, 103)), transposed(corpus().train[3], 4))
    assert [one.copied for one in card.each] == [False, False, False, True]
    assert card.originality is not None
    assert card.originality.copy_rate.value == 1 / 4
    assert card.originality.copy_rate.real == 0
    assert card.each[3].percentile == card.each[3].beats_percentile == 100
    assert [remark.key for remark in card.remarks] == ["pieces_few_real", "pieces_contained"]
    assert answers(card, EN)[2].judged == BAD


def test_eight_copied_bars_are_beyond_what_real_pieces_share() -> None:
    card = judged(pasted(written(100), corpus().train[7], first=2, bars=8, at=5), written(101))
    assert card.originality is not None
    assert card.originality.beyond_beats.value == 1 / 2
    assert card.each[0].beats_percentile == 100
    assert card.each[0].shared is not None
    assert card.each[0].shared.beats.length >= 29  # of 32: what was held over either end is cut


def test_held_out_pieces_are_as_original_as_new_ones() -> None:
    card = judged(*corpus().test)
    assert card.originality is not None
    assert card.originality.copy_rate.value == 0
    assert card.originality.median_longest.value == card.originality.median_longest.real
    assert answers(card, EN)[2].judged == GOOD


def test_without_a_corpus_pieces_are_judged_by_themselves() -> None:
    card = score([candidate(written(1)), candidate(piece(line(60, 62)))], kind="piece")
    assert card.originality is None
    assert (card.two_sample, card.untold) == (None, "held against no collection; name one with --against")
    assert card.valid_rate.value == 1 / 2
    assert card.measures["polyphony"].value > 1
    assert math.isnan(card.measures["vertical_match"].value)
    assert [remark.key for remark in card.remarks] == ["pieces_alone"]
    assert [one.judged for one in answers(card, EN)] == [BAD, OPEN, OPEN]


def test_a_classifier_is_asked_only_with_enough_pieces() -> None:
    card = judged(*(written(seed) for seed in range(100, 110)))
    assert card.two_sample is None
    assert card.untold == "10 pieces and 8 held-out ones; a classifier needs at least 40 of each"


def test_a_piece_of_drums_alone_is_said_not_to_be_compared() -> None:
    card = judged(written(100), Piece((part(*[(36, 1)] * 16, drums=True),)))
    assert [remark.key for remark in card.remarks] == ["pieces_few_real", "pieces_uncompared"]
    assert card.originality is not None
    assert card.originality.copy_rate.value == 0


def test_nothing_drawn_spells_a_piece() -> None:
    nothing = replace(candidate(written(1)), music=None, problem="spells no piece")
    card = score([nothing, nothing], yardstick())
    assert card.valid_rate.value == 0
    assert all(math.isnan(value.value) for value in card.measures.values())
    json.dumps(describe_scorecard(card), allow_nan=False)
    assert "spells no piece" in scorecard_text(card)


def test_the_same_pieces_give_the_same_scorecard() -> None:
    first, second = (describe_scorecard(judged(written(100), written(101))) for _ in range(2))
    assert first == second


def test_a_certificate_does_not_depend_on_the_other_pieces() -> None:
    alone = certify([candidate(written(100))], PIECES, yardstick())[0]
    among = certify([candidate(written(seed)) for seed in (101, 100, 102)], PIECES, yardstick())[1]
    assert alone.measures == pytest.approx(among.measures, nan_ok=True)
    assert alone.shared == among.shared


# ------------------------------------------------------------------------------------------------ shown


def test_json_has_the_keys_of_the_contract() -> None:
    told = describe_scorecard(judged(written(100), transposed(corpus().train[3], 1)))
    json.dumps(told, allow_nan=False)
    assert told["kind"] == "pieces"
    assert told["tunes"] == 2
    assert told["valid_rate"] == 1
    assert set(told["originality"]) >= {"copy_rate", "median_longest", "p90_longest", "real_median_longest"}
    assert set(told["each"][0]) >= {"name", "valid", "longest_shared", "shared_with", "percentile"}
    assert told["each"][1]["shared_with"] == called(corpus().train[3])
    assert told["two_sample_auc"] is None
    assert "classifier" in told["not_applicable"]["two_sample_auc"]


def test_json_names_every_measure_of_tunes_and_says_why_one_does_not_apply() -> None:
    told = describe_scorecard(judged(written(100)))
    for name in MEASURES:
        assert set(told["measures"][name]) >= {"value", "low", "high", "real"}
        assert name in PIECE_MEASURES or (told["measures"][name]["value"] is None and told["not_applicable"][name])


def test_the_text_is_narrow_and_says_what_was_found() -> None:
    text = scorecard_text(judged(written(100), transposed(corpus().train[3], 4)))
    assert all(len(line_) <= 100 for line_ in text.splitlines())
    assert "✗ Are they copies? Many are." in text
    assert "beats stand in a row, with all parts" in text
    assert "A copy by the rule of half its beats or top line." in text


def test_departures_name_what_is_wrong() -> None:
    clash = [piece(*(line(*[60 + step] * 32) for step in (0, 1, 2))) for _ in range(6)]
    found = {one.name: one for one in departures(judged(*clash), EN)}
    assert found["dissonance_rate"].direction == "more"
    assert found["dissonance_rate"].sentence.startswith("The parts clash: 100\xa0% of the intervals")
    assert found["repetition_rate"].direction == "more"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_holds_everything_and_asks_for_nothing_from_elsewhere(language: str, tmp_path: Path) -> None:
    card = judged(*songs(3), transposed(corpus().train[3], 4), replace(of_drums(), title="<b>drums</b>"))
    write_scorecard(tmp_path / "page.html", card, language, others=yardstick().searched, commands=[["x", "a b"]])
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml") >= 4
    assert page.count("<audio") >= 3
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "&lt;b&gt;drums" in page
    assert "<b>drums" not in page
    assert "x &#39;a b&#39;" in page


def test_a_page_without_a_corpus(tmp_path: Path) -> None:
    write_scorecard(tmp_path / "page.html", score([candidate(songs(1)[0])], kind="piece"))
    assert "judged by themselves" in (tmp_path / "page.html").read_text(encoding="utf-8")


def of_drums() -> Piece:
    """A piece of drums alone."""
    return Piece((part(*[(36, 1), (38, 1)] * 10, drums=True),), source="drums.mid:1")


def test_an_excerpt_is_whole_bars_with_its_metre() -> None:
    music = written(5)
    cut = excerpt(music, 3 * 1920 + 100, 5 * 1920 + 7)
    assert len(cut.bar_lines) == 3
    assert cut.meters == music.meters
    assert min(note.onset for one in cut.parts for note in one.notes) == 0
    inside = [note for note in music.parts[0].notes if 3 * 1920 <= note.onset < 6 * 1920]
    assert [note.number for note in cut.parts[0].notes if note.onset or note in inside][-5:] == [
        note.number for note in inside
    ][-5:]


def test_what_a_piece_is_called() -> None:
    assert called(Piece((replace(line(60), name="Soprano"),), title="Soprano", source="a/bwv1.6.mid:1")) == "bwv1.6"
    assert called(Piece((line(60),), title="Song", source="x.mid:1")) == "Song"


# ------------------------------------------------------------------------------------------------ files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of pieces, one of them twice, and one that is none."""
    for number in range(4):
        write_midi(written(number, bars=6), tmp_path / f"{number}.mid")
    write_midi(written(0, bars=6), tmp_path / "again.mid")
    (tmp_path / "broken.mid").write_bytes(b"no midi")
    return tmp_path


def test_files_are_judged_each_one(folder: Path) -> None:
    card = evaluate(folder, parts=True).scorecard
    assert card.count == 5
    assert [one.source.endswith("broken.mid:1") for one in card.unread] == [True]
    assert "pieces_again" in [remark.key for remark in card.remarks]
    assert card.valid_rate.value == 1


def test_files_are_held_against_a_collection(folder: Path) -> None:
    judged_files = evaluate(folder / "0.mid", against=[folder], parts=True)
    assert judged_files.scorecard.each[0].copied
    assert len(judged_files.searched) == len(read_pieces(folder).pieces)


def test_what_cannot_be_judged_is_refused(folder: Path) -> None:
    with pytest.raises(CorpusError):
        evaluate(folder / "nothing.mid", parts=True)
    with pytest.raises(CorpusError, match="no piece could be read"):
        evaluate(folder / "broken.mid", parts=True)


def test_a_run_of_tunes_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Stub:
        config = Config(tokens="degrees")

    monkeypatch.setattr("tunewright.judging.assessment.is_run", lambda _: True)
    monkeypatch.setattr("tunewright.judging.assessment.load_run", lambda _: Stub)
    with pytest.raises(ConfigError, match="its tokens are degrees, which spell tunes"):
        evaluate(tmp_path, parts=True)
    with pytest.raises(ConfigError, match="found a run among 2 things"):
        evaluate(tmp_path, tmp_path, parts=True)
