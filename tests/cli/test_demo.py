import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.small_base import boxed, corpus_of_base, made_base
from tests.support.small_runs import SMALL, real_tunes
from tunewright.cli import demo
from tunewright.cli.console import show_training
from tunewright.cli.demo import FORMATS, draw_well_formed, longest, run_demo
from tunewright.corpus.reading import read_corpus
from tunewright.generation.keywords import generate
from tunewright.music.kinds import music_id
from tunewright.support.errors import OutputError, RunError
from tunewright.training import base
from tunewright.training.finetuning import finetuning

__all__ = ["boxed", "made_base"]  # fixtures

TUNES = 2
BY_HEART = SMALL.with_(
    hidden_size=96,
    num_layers=1,
    dropout=0.0,
    seq_length=350,
    batch_size=8,
    start_share=0.7,
    num_training_iterations=200,
    eval_every=200,
)


@pytest.fixture
def one_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo on one tune, which a small model soon knows by heart; the folder to write into."""
    (tmp_path / "one.abc").write_text(real_tunes()[8].text + "\n")
    monkeypatch.chdir(tmp_path)  # the repository has a model in the box
    monkeypatch.setattr(base, "FOLDERS", ())
    monkeypatch.setattr(demo, "COLLECTION", str(tmp_path / "one.abc"))
    monkeypatch.setattr(demo, "load_preset", lambda _: BY_HEART)
    monkeypatch.setattr(demo, "TUNES", TUNES)
    return tmp_path / "demo"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_demo_leaves_a_page_tunebooks_and_every_tune_and_goes_on_from_its_run(one_tune: Path) -> None:
    told: list[str] = []
    assert run_demo(one_tune, 5, 1, told.append, show_training) == "finished"
    first = files_in(one_tune)
    tunes = {name for name in first if name.startswith("tune-")}
    assert len(tunes) == TUNES * len(FORMATS)
    assert {"report.html", "tunebook.abc", "tunebook.pdf"} == set(first) - tunes
    assert first["tunebook.abc"].count(b"X:") == TUNES
    assert "Drew" in told[-1]

    run_demo(one_tune, 5, 1, told.append, show_training)
    assert any("trained already" in line for line in told)
    again = files_in(one_tune)
    assert {name: again[name] for name in tunes} == {name: first[name] for name in tunes}


@pytest.mark.usefixtures("boxed")
def test_the_demo_begins_with_the_model_in_the_box_and_shows_it_beside_real_tunes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.abc").write_text("\n\n".join(tune.text for tune in real_tunes()[:40]) + "\n")
    few = {"num_training_iterations": 2, "eval_every": 1, "batch_size": 4, "device": "cpu", "precision": "fp32"}
    monkeypatch.setattr(demo, "COLLECTION", str(tmp_path / "some.abc"))
    monkeypatch.setattr(demo, "finetuning", lambda *sizes: finetuning(*sizes).with_(**few))
    for name in ("TUNES", "BESIDE", "MOST_DRAWN", "FREE"):  # what has hardly learned rambles on
        monkeypatch.setattr(demo, name, 1)
    monkeypatch.setattr(demo, "FEWEST_BARS", 1)
    monkeypatch.setattr(demo, "FORMATS", ("abc", "svg"))
    told: list[str] = []
    assert run_demo(tmp_path / "demo", None, 1, told.append, show_training) == "finished"
    assert told[0].startswith("Drew a tune from the model in the box")
    assert len(list((tmp_path / "demo" / "before").iterdir())) == 2
    assert len(list((tmp_path / "demo" / "real").iterdir())) == 2
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert (
        page.index("went on with 40 tunes") < page.index("What the model in the box writes") < page.index("Real tunes")
    )
    corpus, before = read_corpus(tmp_path / "some.abc"), corpus_of_base().train
    known = set(map(music_id, before)) & set(map(music_id, corpus.train))
    assert 0 < len(known) < 16
    assert f"had learned from {len(known)} of these {len(corpus.train)} tunes before" in page
    assert run_demo(tmp_path / "demo", None, 1, told.append, show_training) == "finished"


def test_an_interrupted_demo_goes_on(one_tune: Path) -> None:
    told: list[str] = []
    assert run_demo(one_tune, 5, 1, told.append, show_training, stop=lambda: True) == "interrupted"
    assert not (one_tune / "report.html").exists()
    assert run_demo(one_tune, 5, 1, told.append, show_training) == "finished"
    assert any(line.startswith("Going on") for line in told)
    assert json.loads((one_tune / "run" / "summary.json").read_text())["steps"] == 200


def test_a_demo_that_learned_too_little_still_leaves_tunes_and_says_what_the_grammar_did(
    one_tune: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "load_preset", lambda _: BY_HEART.with_(num_training_iterations=1))
    monkeypatch.setattr(demo, "MOST_DRAWN", 4)
    assert run_demo(one_tune, 5, 1, lambda _: None, show_training) == "finished"
    page = (one_tune / "report.html").read_text(encoding="utf-8")
    assert "held to a grammar" in page
    assert "Of 64 tunes drawn without it 0 were well formed" in page


def test_a_demo_without_a_well_formed_tune_says_so_and_leaves_its_page(
    one_tune: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "load_preset", lambda _: BY_HEART.with_(num_training_iterations=1))
    monkeypatch.setattr(demo, "MOST_DRAWN", 4)
    monkeypatch.setattr(demo, "generate", partial(generate, free=True))
    with pytest.raises(RunError, match="none of 4 tunes is well formed"):
        run_demo(one_tune, 5, 1, lambda _: None, show_training)
    assert set(files_in(one_tune)) == {"report.html"}


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        run_demo(tmp_path, 1, 1, lambda _: None, show_training)
    with pytest.raises(OutputError, match="is a file"):
        run_demo(tmp_path / "mine.txt", 1, 1, lambda _: None, show_training)
    assert list(files_in(tmp_path)) == ["mine.txt"]


def fake(index: int, bars: int, *, valid: bool = True) -> SimpleNamespace:
    return SimpleNamespace(index=index, valid=valid, tune=SimpleNamespace(measures=("bar",) * bars))


def test_drawing_ends_when_enough_are_well_formed_and_long_or_most_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    tunes = [fake(index, 6 + index, valid=index % 3 == 2) for index in range(100)]  # 12 bars from index 6 on
    monkeypatch.setattr(demo, "generate", lambda _, n, **_how: iter(tunes[:n]))
    assert len(list(draw_well_formed(Path("x"), 2, 100, 0))) == 12  # 8 and 11
    assert len(list(draw_well_formed(Path("x"), 9, 10, 0))) == 10


def test_the_longest_are_shown_in_the_order_drawn() -> None:
    tunes = [fake(0, 5), fake(1, 20, valid=False), fake(2, 16), fake(3, 4), fake(4, 18)]
    assert [one.index for one in longest(tunes, 2)] == [2, 4]  # type: ignore[arg-type]
    assert [one.index for one in longest(tunes, 9)] == [0, 2, 3, 4]  # type: ignore[arg-type]
