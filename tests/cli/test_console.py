import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

from tests.support.small_runs import corpus_of, real_tunes
from tunewright.cli.collections import show_corpus
from tunewright.cli.console import (
    progress_line,
    refused_note,
    show_training,
    sparkline,
    training_result,
)
from tunewright.cli.output import print_json
from tunewright.corpus.sources import Dropped
from tunewright.training.progress import Progress

STEP = Progress(
    20, 100, 10.0, 1234.4, 123.4, 1.5, 1.25, best_loss=1.375, best_step=20, best_bits_per_note=3.5, eta=40.0
)
LOOK = replace(STEP, valid_loss=1.375, bits_per_note=3.5)
LAST = replace(STEP, status="finished", eta=0.0)


def test_a_sparkline_goes_from_the_lowest_to_the_highest() -> None:
    assert sparkline([3, 1, 2]) == "█▁▅"
    assert sparkline([math.nan, 5]) == "▁"
    assert sparkline([]) == ""
    assert len(sparkline(list(range(1000)), 32)) == 32


def test_a_line_says_where_training_stands() -> None:
    assert progress_line(STEP) == "step 20, 10.0 s: training loss 1.250, 123 notes/s, 40.0 s left"
    assert "held out 1.375 (best so far)" in progress_line(LOOK)
    assert "(best so far)" not in progress_line(replace(LOOK, best_step=10))
    assert "time left unknown" in progress_line(replace(STEP, eta=math.inf))


def test_without_a_terminal_every_look_is_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_training([STEP, LOOK, LAST]) is LAST
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == progress_line(LOOK) + "\n"


def test_on_a_terminal_training_is_one_display(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tunewright.cli.console.Console", lambda **_: Console(stderr=True, force_terminal=True, width=72)
    )
    assert show_training([STEP, LOOK, LAST]) is LAST
    shown = capsys.readouterr().err
    assert "best held out 1.375 at step 20, 3.50 bits per note" in shown
    assert "123 notes/s" in shown


def test_json_has_no_numbers_that_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [math.nan, math.inf, 1.5], "b": {"c": "é"}})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None, 1.5], "b": {"c": "é"}}


def test_the_result_of_training_is_that_of_the_best_step() -> None:
    told = training_result("runs/x", LAST)  # type: ignore[arg-type]
    assert (told["valid_loss"], told["best_step"], told["notes"]) == (1.375, 20, 1234)


def test_what_was_not_learned_from_is_one_line() -> None:
    because = {"a tempo": 9, "a chord": 4, "a key": 3, "a tie": 2}
    told = refused_note({"refused": 18, "refused_because": because})
    assert "18 training tunes were" in told
    assert told.endswith("9 a tempo; 4 a chord; 3 a key; 2 for other reasons.")
    assert "1 training tune was" in refused_note({"refused": 1, "refused_because": {"a tempo": 1}})
    assert refused_note({"refused": 0}) == refused_note({}) == ""


def test_a_collection_is_shown_with_everything_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    dropped = tuple(Dropped(f"x.abc:{line}", "[odd] reason") for line in range(1, 31))
    show_corpus(replace(corpus_of(real_tunes()[:20]), dropped=dropped))
    out = capsys.readouterr().out
    assert "Dropped: 30" in out
    assert all(f"x.abc:{line}: [odd] reason" in out for line in range(1, 31))
    assert "Keys" in out
