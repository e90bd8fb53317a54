"""The verbs of the library, as a program calls them, and what they were called before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tunewright as tw
from tests.support.real_pieces import songs
from tests.support.small_runs import SMALL, real_tunes
from tunewright.formats.midi.pieces import write_midi as write_piece
from tunewright.training.run import read_record, save_default_temperature

TINY = {"hidden_size": 16, "num_layers": 1, "embedding_dim": 8, "batch_size": 4, "seq_length": 32, "eval_every": 4}
TINY |= {"num_training_iterations": 8, "dropout": 0.0}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "tunes.abc"
    path.write_text("\n\n".join(tune.text for tune in real_tunes()[:40]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(source: Path) -> tw.Run:
    steps: list[int] = []
    run = tw.train(
        tw.read(source),
        source.parent / "run",
        **TINY,
        device="cpu",
        precision="fp32",
        on_progress=lambda progress: steps.append(progress.step),
    )
    assert list(dict.fromkeys(steps)) == list(range(1, 9))
    return run


def test_a_run_knows_what_it_learned_from_and_with_what(run: tw.Run, source: Path) -> None:
    assert run.trained
    assert run.config.model.hidden_size == 16
    record = read_record(run.path)
    assert record["preset"] == "default"
    assert "hidden_size=16" in record["changed"]
    assert record["sources"] == [str(source)]


def test_a_run_is_gone_on_with(run: tw.Run, source: Path, tmp_path: Path) -> None:
    corpus = tw.read(source)
    tw.train(corpus, tmp_path / "run", **TINY)
    again = tw.train(corpus, tmp_path / "run", resume=True, num_training_iterations=12)
    assert (again.summary["steps"], again.config.model) == (12, run.config.model)


def test_what_is_asked_for_in_words_is_drawn(run: tw.Run) -> None:
    band = tw.load(run)
    drawn = list(band.generate(3, tw.Request(key="E dorian", meter="6/8", bars=8, low="D4", high="B5"), seed=1))
    assert [one.seed for one in drawn] == [1, 2, 3]
    for one in drawn:
        assert (str(one.music.key), str(one.music.meter)) == ("E dorian", "6/8")
        assert one.valid
        assert all(62 <= pitch.midi <= 83 for note in one.music.notes for pitch in note.pitches)
    with band.stream(seed=1) as bars:
        assert next(bars).startswith("X:")
    assert list(tw.load(str(run.path)).generate(3, seed=1)) == list(band.generate(3, seed=1))
    for words in ({"key": "H"}, {"meter": "fast"}, {"rhythm": "tango"}, {"low": "high"}):
        with pytest.raises(tw.TunewrightError, match=r"expected|known"):
            tw.Request(**words)


def test_a_run_is_drawn_from_at_its_own_temperature(run: tw.Run) -> None:
    save_default_temperature(run.path, 0.5)
    try:
        cold = list(tw.load(run).generate(2))
    finally:
        (run.path / "defaults.json").unlink()
    band = tw.load(run)
    assert cold == list(band.generate(2, decoding=tw.Decoding.of(0.5)))
    assert cold != list(band.generate(2))


def test_a_card_is_a_page_a_text_and_data(run: tw.Run, source: Path, tmp_path: Path) -> None:
    card = tw.evaluate(run, count=1)
    card.save(tmp_path / "card.html", language="zh")
    assert '<html lang="zh' in (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "1 tune" in str(card)
    told = json.loads(json.dumps(card.to_dict()))
    assert told["drawn"]["raw_tunes"] == 1
    assert card.scorecard.against == "tunes.abc"
    assert tw.evaluate(run.path, against=tw.read(source), count=1).to_dict() == told


def test_music_is_judged_as_it_is_and_as_it_was_drawn(run: tw.Run, source: Path) -> None:
    corpus = tw.read(source)
    drawn = list(tw.load(run).generate(3))
    card = tw.evaluate(*drawn, against=corpus)
    assert [one.name for one in card.scorecard.each] == ["tune-000", "tune-001", "tune-002"]
    copies = tw.evaluate(*real_tunes()[:2], real_tunes()[45], against=corpus).scorecard.each
    assert [one.copied for one in copies] == [True, True, False]
    assert tw.evaluate(songs()[0]).to_dict()["kind"] == "pieces"
    with pytest.raises(tw.TunewrightError, match="expected tunes"):
        tw.evaluate(songs()[0], against=corpus)
    with pytest.raises(tw.TunewrightError, match=r"found .* among music"):
        tw.evaluate(run, real_tunes()[0])


def test_pieces_are_read_learned_drawn_and_judged_by_the_same_verbs(tmp_path: Path) -> None:
    for number, song in enumerate(songs(20)):
        write_piece(song, tmp_path / f"{number:02}.mid")
    corpus = tw.read(tmp_path, parts=True)
    assert corpus.kind == "piece"
    run = tw.train(corpus, tmp_path / "run", **TINY)
    assert read_record(run.path)["preset"] == "polyphony"
    (one,) = tw.load(run).generate(1, tw.Request(bars=4))
    assert len(one.music.bar_lines) <= 4
    tw.write(one.music, tmp_path / "new.svg")
    assert (tmp_path / "new.svg").read_text(encoding="utf-8").startswith("<svg")
    card = tw.evaluate(run, count=1)
    assert card.to_dict()["kind"] == "pieces"


@pytest.mark.parametrize("suffix", ["abc", "mid", "svg", "musicxml"])
def test_a_tune_is_written_as_its_name_says(tmp_path: Path, suffix: str) -> None:
    tw.write(real_tunes()[0], str(tmp_path / f"x.{suffix}"))
    assert (tmp_path / f"x.{suffix}").stat().st_size > 100


# ------------------------------------------------------------------------------------------------ former names


def test_former_names_work_and_say_what_to_write(run: tw.Run, source: Path, tmp_path: Path) -> None:
    with pytest.deprecated_call(match=r"tunewright\.read_corpus is to go; write tunewright\.read$"):
        corpus = tw.read_corpus(source)
    assert corpus == tw.read(source)
    with pytest.deprecated_call(match=r"load\(run\)\.generate"):
        (one,) = tw.generate(run.path, 1, seed=4)
    assert one == next(tw.load(run).generate(1, seed=4))
    with pytest.deprecated_call(match="train_steps"):
        steps = tw.train(corpus, tmp_path / "old", SMALL.with_(num_training_iterations=2), record={"preset": "mine"})
    assert [progress.step for progress in steps][:2] == [1, 2]
    assert read_record(tmp_path / "old")["preset"] == "mine"
    with pytest.deprecated_call(match="scorecard"):
        assert tw.evaluate(real_tunes()[0]).card.count == 1
    with pytest.deprecated_call(match=r"parts=True"):
        assert tw.read_pieces(source).kind == "piece"
    with pytest.deprecated_call(match="load"):
        assert callable(tw.generate_pieces)
    with pytest.deprecated_call(match="write"):
        assert tw.write_tune(real_tunes()[0], tmp_path, "y", ["abc"])["abc"].exists()
