"""`tunewright generate` of pieces of several parts as its user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_app import ONE_THREAD, ROOT, SETTINGS, Command, Result, assert_one_error, tunewright
from tests.support.real_pieces import songs
from tunewright.corpus.reading import read_pieces
from tunewright.formats.midi.pieces import read_piece, to_midi
from tunewright.judging.originals import originality_line
from tunewright.music.piece import first_bars

__all__ = ["Result", "tunewright"]  # fixtures
FEW = ("--bars", 4, "--seed", 3)


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few steps, of pieces."""
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "songs").mkdir()
    for number, song in enumerate(songs(20)):
        (folder / "songs" / f"{number:02}.mid").write_bytes(to_midi(song))
    words = ["train", str(folder / "songs"), "--out", str(folder / "run"), "--steps", "8", "--seed", "3", *SETTINGS]
    words += ["--tokens", "remi"]
    subprocess.run(
        [sys.executable, "-m", "tunewright", *words], cwd=ROOT, check=True, capture_output=True, env=ONE_THREAD
    )
    return folder / "run"


def test_pieces_go_to_files_and_a_line_says_what_each_is(tunewright: Command, band: Path, tmp_path: Path) -> None:
    result = tunewright("generate", band, "-n", 2, *FEW, "--out", tmp_path, "--format", "mid")
    assert result.code == 0, result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["piece-003.mid", "piece-004.mid"]
    lines = result.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(tmp_path / f"piece-00{seed}.mid") for seed in (3, 4)]
    assert f"{len(read_piece(tmp_path / 'piece-003.mid').parts)} parts" in lines[0]
    assert f"Wrote 2 files into {tmp_path}." in result.err
    assert "2 drawn: " in result.err


def test_json_of_pieces_has_no_text_but_parts(tunewright: Command, band: Path) -> None:
    (told,) = json.loads(tunewright("generate", band, *FEW, "--json").out)
    assert (told["abc"], told["seed"], told["redrawn"], told["files"]) == (None, 3, 0, {})
    assert told["bars"] <= 4
    assert {"valid", "error", "log_likelihood_per_note", "removed_mass", "notes"} <= told.keys()
    assert all({"name", "program", "drums"} == part.keys() for part in told["parts"])


def test_a_streamed_piece_is_a_line_for_each_bar(tunewright: Command, band: Path, tmp_path: Path) -> None:
    streamed = tunewright("generate", band, *FEW, "--stream", "--out", tmp_path, "--format", "mid")
    assert streamed.code == 0, streamed.err
    bars = [line for line in streamed.out.splitlines() if line.startswith("bar ")]
    assert 0 < len(bars) <= 4
    assert len(list(tmp_path.glob("*.mid"))) == 1
    whole = tunewright("generate", band, *FEW, "--out", tmp_path / "again", "--format", "mid")
    assert whole.code == 0
    assert (tmp_path / "again" / "piece-003.mid").read_bytes() == (tmp_path / "piece-003.mid").read_bytes()


def test_the_likeliest_of_several_pieces_comes_out(tunewright: Command, band: Path) -> None:
    first, best = (
        json.loads(tunewright("generate", band, *FEW, "--json", *words).out) for words in ([], ["--best-of", 4])
    )
    for one, other in zip(first, best, strict=True):
        assert other["log_likelihood_per_note"] >= one["log_likelihood_per_note"]


def test_no_piece_shares_more_than_was_asked_for(tunewright: Command, band: Path, tmp_path: Path) -> None:
    result = tunewright("generate", band, "-n", 3, *FEW, "--original", 50, "--out", tmp_path, "--format", "mid")
    assert result.code == 0, result.err
    line = originality_line(read_pieces(band.parent / "songs"), 50)
    written = sorted(tmp_path.glob("*.mid"))
    assert all(line.allows(read_piece(path)) for path in written)
    assert f"No passage of more than {line.told} is shared with a training piece (50 of 100 real" in result.err
    assert f" of {len(written)} had to be drawn anew" in result.err


def test_a_piece_begins_with_a_file(tunewright: Command, band: Path, tmp_path: Path) -> None:
    start = first_bars(songs()[0], 2)
    (tmp_path / "start.mid").write_bytes(to_midi(start))
    result = tunewright("generate", band, "--start", tmp_path / "start.mid", "--bars", 4, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)[0]["notes"] >= start.notes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--key", "D"], "know no --key"),
        (["--meter", "3/4", "--vary", "x"], "know no --meter and no --vary"),
        (["--tempo", "90"], "know no --tempo"),
        ([], "expected --out DIR"),
    ],
)
def test_what_only_tunes_have_is_wrong_usage(tunewright: Command, band: Path, words: list[str], says: str) -> None:
    result = tunewright("generate", band, *words, *(["--json"] if words else []))
    assert result.code == 2
    assert says in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--bars", "8,16", "--json"], "--bars is '8,16'; expected one number"),
        (["--bars", "many", "--json"], "'many'"),
        (["--start", "nowhere.mid", "--json"], "nowhere.mid"),
        (["--json", "--format", "abc"], "abc"),
        (["--json", "--original", "95", "--temperature", "1.0,1:2"], "--temperature"),
    ],
)
def test_what_cannot_be_had_of_pieces_is_one_line(tunewright: Command, band: Path, words: list[str], says: str) -> None:
    result = tunewright("generate", band, *words)
    assert result.code in (1, 2)
    assert says in " ".join(result.err.split())
    assert result.out == ""
    if result.code == 1:
        assert_one_error(result)
