"""Runs that draw pieces of several parts: judged by the command, and put side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.hand_made import curve_of, record_of
from tests.support.real_pieces import songs
from tests.support.small_runs import SMALL, small_corpus
from tunewright.cli.app import app
from tunewright.corpus.reading import read_pieces
from tunewright.formats.midi.pieces import read_piece, write_midi
from tunewright.generation.generator import Generator
from tunewright.judging.assessment import Order, judged_kind
from tunewright.judging.assessment import evaluate as assess
from tunewright.judging.runs import comparison as comparison_module
from tunewright.judging.runs.comparison import compare_runs
from tunewright.judging.runs.evaluation import TEMPERATURES, load_evaluation
from tunewright.judging.runs.references import Judged, build_references
from tunewright.support.errors import RunError
from tunewright.training.loop import train_steps

PIECES = SMALL.with_(tokens="remi", told_share=0.0, seq_length=64, batch_size=4, num_training_iterations=6)
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs as MIDI files, enough for some of them to be held out."""
    folder = tmp_path_factory.mktemp("songs")
    for number, song in enumerate(songs(30)):
        write_midi(song, folder / f"{number:02}.mid")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "small"
    *_, last = train_steps(read_pieces(folder), path, PIECES, record={"sources": [str(folder)]})
    assert last.status == "finished"
    return path


def evaluate(*arguments: object) -> dict[str, Any]:
    """What the command prints as JSON."""
    done = RUNNER.invoke(app, ["evaluate", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_command_judges_a_run_of_pieces_as_pieces(run: Path) -> None:
    assert judged_kind([run]) == "piece"
    told = evaluate(run, "-n", 3)
    assert (told["kind"], told["tunes"]) == ("pieces", 3)
    assert told["bits_per_note"]["value"] > 0
    assert told["bits_per_note"]["low"] <= told["bits_per_note"]["value"] <= told["bits_per_note"]["high"]
    assert told["drawn"]["raw_tunes"] == 3
    assert [one["name"] for one in told["each"]] == ["piece-000", "piece-001", "piece-002"]


def test_piece_number_i_has_seed_s_plus_i(run: Path) -> None:
    first, second = (assess(run, order=Order(count, seed=seed)).scorecard for count, seed in ((3, 5), (1, 7)))
    assert first.each[2].music == second.each[0].music
    assert first.each[2].measures == pytest.approx(second.each[0].measures, nan_ok=True)


def test_a_run_whose_pieces_are_gone_is_judged_by_itself(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunewright.judging.assessment.sources_of", lambda _: [])
    card = assess(run, order=Order(2)).scorecard
    assert card.bits_per_note is None
    assert card.originality is None
    assert [remark.key for remark in card.remarks if remark.key in ("pieces_gone", "pieces_alone")] == [
        "pieces_gone",
        "pieces_alone",
    ]


def test_files_are_judged_as_pieces_where_that_is_asked_for(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    told = evaluate(folder / "00.mid", "--parts", "--against", folder, "--out", page)
    assert told["kind"] == "pieces"
    assert told["originality"]["copy_rate"] == 1
    assert told["report"] == str(page)
    assert page.exists()


@pytest.mark.parametrize(
    ("option", "settings"), [(("--temperatures", "0.8,1"), [0.8, 1.0]), (("--checkpoints",), [1.0])]
)
def test_settings_are_held_against_one_another(run: Path, option: tuple[str, ...], settings: list[float]) -> None:
    told = evaluate(run, "-n", 3, *option)
    assert [point["temperature"] for point in told["frontier"]] == settings
    for point in told["frontier"]:
        assert point["tunes"] == 3
        for number in (point["valid_rate"], point["style"], point["originality"]):
            assert 0 <= number["value"] <= 1
            assert 0 <= number["real"] <= 1
    assert told["knee"] in range(len(settings))
    assert "frontier" not in told["not_applicable"]


def test_runs_of_pieces_are_compared_by_what_they_draw_too(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    config = PIECES.with_(hidden_size=24)
    list(train_steps(read_pieces(*sources(run)), other, config, record={"sources": sources(run)}))
    done = RUNNER.invoke(app, ["compare", str(run), str(other), "--out", str(tmp_path / "page.html"), "--json"])
    assert done.exit_code == 0, done.stderr
    assert f"Drawing and judging pieces of {run}." in done.stderr
    measures = json.loads(done.stdout)["measures"]
    for name in ("valid_rate", "vertical_transition_match", "onset_match", "copy_rate", "median_longest", "polyphony"):
        assert measures[name]["real"] is not None
        assert len(measures[name]["settings"]) == 2
    assert measures["copy_rate"]["real"] < 0.5
    assert "transition_match" not in measures
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Pieces to judge by eye and ear" in page
    assert "Match of chords on beats" in page
    assert 'src="data:audio/wav' in page
    drawn = sorted((tmp_path / "page-tunes").glob("*.mid"))
    assert len(drawn) == 8
    assert all(read_piece(path).notes for path in drawn)
    kept = load_evaluation(run)
    assert kept is not None
    assert [one.temperature for one in kept.samples] == list(TEMPERATURES)
    monkeypatch.setattr(Generator, "generate", lambda *_, **__: pytest.fail("drew again"))
    assert compare_runs([run, other], read_pieces(*sources(run))).rows  # what is kept is not made again


def test_what_real_pieces_measure_against_themselves_is_what_copies_do(folder: Path) -> None:
    corpus = read_pieces(folder)
    references = build_references(corpus)
    copies = references.training.values([Judged("", piece, True) for piece in corpus.train[:5]], "")
    assert (copies["copy_rate"], copies["valid_rate"], copies["read_rate"]) == (1, 1, 1)
    assert copies["median_longest"] > references.real["median_longest"]
    nothing = references.training.values([Judged("", None, False)], "")
    assert (nothing["valid_rate"], nothing["read_rate"]) == (0, 0)
    assert nothing["copy_rate"] != nothing["copy_rate"]  # undefined


def sources(run: Path) -> list[str]:
    """What a run learned from."""
    return list(json.loads((run / "record.json").read_text(encoding="utf-8"))["sources"])


def test_runs_of_pieces_and_of_tunes_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = curve_of([1.0])
    pieces, tunes = record_of("a", 0, curve), record_of("b", 0, curve)
    pieces = replace(pieces, config=pieces.config.with_(tokens="remi"))
    records = {record.path: record for record in (pieces, tunes)}
    monkeypatch.setattr(comparison_module, "load_record", lambda path: records[path])
    with pytest.raises(RunError, match="expected runs of one kind"):
        compare_runs(list(records), allow_different_splits=True)
    other = replace(pieces, path=Path("c-0"))
    records = {record.path: record for record in (pieces, other)}
    with pytest.raises(RunError, match="is a collection of tunes; expected pieces"):
        compare_runs(list(records), small_corpus(), allow_different_splits=True)
