"""Files of music in other formats, and what is said of those that cannot be made."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.real_pieces import songs
from tunewright.corpus import rendering
from tunewright.corpus.rendering import Rendered, render_files
from tunewright.corpus.sources import Dropped
from tunewright.formats.formats import write_formats
from tunewright.formats.midi.pieces import read_piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError

TEXT = "X:{}\nT:A\nM:2/4\nL:1/8\nN:seed=5\nK:C\nCDEF|GABc|cBAG|FEDC|]\n"


def rendered(*files: Path, out: Path, formats: str) -> list[Rendered | Dropped]:
    return list(render_files(files, out, formats.split(",")))


def test_one_tune_gives_one_name_and_more_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "one.abc").write_text(TEXT.format(1))
    (tmp_path / "two.abc").write_text(TEXT.format(1) + "\n" + TEXT.format(2))
    results = rendered(tmp_path / "one.abc", tmp_path / "two.abc", out=tmp_path / "out", formats="abc,pdf")
    assert [one.files["abc"].name for one in results if isinstance(one, Rendered)] == [
        "one.abc",
        "two-001.abc",
        "two-002.abc",
    ]
    assert (tmp_path / "out" / "tunebook.pdf").read_bytes().startswith(b"%PDF")


def test_a_tune_that_cannot_be_read_or_made_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_or_fail(tune: Tune, *_: object, **__: object) -> dict[str, Path]:
        if tune.number == 2:
            raise RenderError("cannot be drawn")
        return {}

    monkeypatch.setattr(rendering, "write_formats", write_or_fail)
    (tmp_path / "x.abc").write_text("X:1\nK:C\nz4|\n\n" + TEXT.format(2) + "\n" + TEXT.format(3))
    results = rendered(tmp_path / "x.abc", out=tmp_path / "out", formats="svg")
    assert [isinstance(one, Rendered) for one in results] == [False, False, True]
    assert results[0] == Dropped(f"{tmp_path}/x.abc:3", "no notes found, expected music after K:")
    assert results[1] == Dropped(f"{tmp_path}/x.abc:5", "cannot be drawn")


def test_a_mistake_of_ours_in_one_tune_costs_that_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_or_fail(tune: Tune, *_: object, **__: object) -> dict[str, Path]:
        return {} if tune.number == 1 else {"x": tmp_path / str(1 // (tune.number - 2))}

    monkeypatch.setattr(rendering, "write_formats", write_or_fail)
    (tmp_path / "x.abc").write_text("\n".join(TEXT.format(number) for number in (1, 2, 3)))
    results = rendered(tmp_path / "x.abc", out=tmp_path / "out", formats="svg")
    assert [isinstance(one, Rendered) for one in results] == [True, False, True]
    assert isinstance(results[1], Dropped)
    assert results[1].reason.startswith("a mistake in tunewright (ZeroDivisionError")


def test_a_tune_that_cannot_be_drawn_is_missing_from_the_book_alone(tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text(TEXT.format(1) + "\nX:2\nK:C\n" + "C" * 20_000 + "\n\n" + TEXT.format(3))
    results = rendered(tmp_path / "x.abc", out=tmp_path / "out", formats="pdf")
    assert [isinstance(one, Rendered) for one in results] == [True, False, True]
    assert (tmp_path / "out" / "x.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_left_out_and_repaired_is_said_once_for_each_kind(tmp_path: Path) -> None:
    tune = "X:1\nL:1/4\nK:C\nCDEF|\n\n[K:treble-8]GABc|{}\n"
    (tmp_path / "x.abc").write_text(tune.format("") + "\n" + tune.format('"^slow"[Q:"fast"]c4|]'))
    done = render(str(tmp_path / "x.abc"), "--out", str(tmp_path / "out"), "--format", "abc")
    assert done.stdout == f"2 tunes rendered into {tmp_path / 'out'}, 0 failed.\n"
    left_out, repaired = done.stderr.splitlines()
    assert "change of what sounds within the tune (2)" in left_out
    assert "tempo in words (1)" in left_out
    assert repaired == "Note: read with repairs: empty line within the music (2)."


def test_what_is_heard_alone_leaves_out_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text('X:1\nM:4/4\nL:1/4\nK:C\n"C"CDEF|"^Fine"G4|\nw: a b c\n')
    [song] = rendered(tmp_path / "x.abc", out=tmp_path, formats="mid")
    assert isinstance(song, Rendered)
    assert dict(song.left_out) == {"chord symbol": 1, "text over the music": 1, "verse of words": 1}
    [song] = render_files([tmp_path / "x.abc"], tmp_path, ["mid"], chords=True)
    assert isinstance(song, Rendered)
    assert dict(song.left_out) == {"text over the music": 1, "verse of words": 1}
    [song] = rendered(tmp_path / "x.abc", out=tmp_path / "out", formats="mid,musicxml")
    assert isinstance(song, Rendered)
    assert not song.left_out


# ------------------------------------------------------------------------------------------------ all parts


def test_all_parts_of_files_are_rendered_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    song = write_formats(songs(1)[0], tmp_path, "song", ["mid"])["mid"]
    tunes, broken = tmp_path / "tunes.abc", tmp_path / "broken.mid"
    tunes.write_text("X:1\nT:one\nK:C\ncdef|\n\nX:2\nT:two\nK:C\nGABc|\n")
    broken.write_bytes(b"MThd")
    done = list(render_files([song, tunes, broken], tmp_path / "out", ["mid", "svg"], kind="piece"))
    assert [type(one) for one in done] == [Rendered, Rendered, Rendered, type(done[3])]
    assert not isinstance(done[3], Rendered)
    assert done[3].source == f"{broken}:1"
    names = {"song.mid", "song.svg", "tunes-001.mid", "tunes-001.svg", "tunes-002.mid", "tunes-002.svg"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert read_piece(tmp_path / "out" / "song.mid") == songs(1)[0]
    with pytest.raises(ConfigError, match="is one of the files to read"):
        list(render_files([song], tmp_path, ["mid"], kind="piece"))


def render(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tunewright", "render", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_renders_all_parts_or_the_melody(tmp_path: Path) -> None:
    song = str(write_formats(songs(1)[0], tmp_path, "song", ["mid"])["mid"])
    whole, melody = tmp_path / "whole", tmp_path / "melody"
    assert render(song, "--parts", "--out", str(whole)).stdout == f"1 piece rendered into {whole}, 0 failed.\n"
    assert {path.suffix for path in whole.iterdir()} == {".mid", ".wav", ".svg"}
    assert len(read_piece(whole / "song.mid").parts) == 4
    assert render(song, "--out", str(melody), "--format", "mid").returncode == 0
    assert len(read_piece(melody / "song.mid").parts) == 1


@pytest.mark.parametrize("option", [("--melody", "1"), ("--tempo", "100"), ("--straight",)])
def test_what_only_tunes_have_is_wrong_usage_with_parts(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = render(str(tmp_path / "x.mid"), "--parts", *option, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert f"{option[0]} is for tunes" in done.stderr


def test_a_format_that_cannot_be_made_keeps_no_other_from_being_made(tmp_path: Path) -> None:
    path = tmp_path / "long.abc"
    path.write_text("X:1\nT:Long\nM:none\nL:1/8\nK:C\n" + "CDEF|" * 2000 + "\n")
    failed, made = render_files([path], tmp_path / "out", ["svg", "abc", "musicxml", "mid"])
    assert isinstance(failed, Dropped)
    assert failed.reason.endswith("(no svg, musicxml)")
    assert isinstance(made, Rendered)
    assert list(made.files) == ["abc", "mid"]
    [nothing] = render_files([path], tmp_path / "out", ["svg"])
    assert isinstance(nothing, Dropped)
    assert "no svg" not in nothing.reason


def test_a_tune_that_stands_in_the_book_alone_counts_as_made(tmp_path: Path) -> None:
    path = tmp_path / "low.abc"
    path.write_text("X:1\nT:Low\nL:1/4\nK:C clef=treble-8\nC,,,,,DEF|]\n")
    failed, made = render_files([path], tmp_path / "out", ["mid", "pdf"])
    assert isinstance(failed, Dropped)
    assert failed.reason.endswith("(no mid)")
    assert isinstance(made, Rendered)
    assert (tmp_path / "out" / "low.pdf").exists()


def test_chords_of_a_voice_that_does_not_play_them_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "two.abc"
    path.write_text('X:1\nL:1/4\nK:C\nV:1\n"C"CDEF|G4|]\nV:2\nE4|"G"E4|]\n')
    [made] = render_files([path], tmp_path / "out", ["mid"], chords=True)
    assert isinstance(made, Rendered)
    assert dict(made.left_out)["chord symbol"] == 1
