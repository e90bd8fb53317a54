"""Every format writes, reads and refuses what the table says, of every kind of music."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.real_pieces import songs
from tests.support.short_tunes import JIG
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.formats import (
    FORMATS,
    PIECE,
    SUFFIXES,
    TUNE,
    format_of,
    parse_formats,
    usual_formats,
    write,
    write_formats,
    written_as,
)
from tunewright.formats.midi.pieces import piece_of_tune, read_piece
from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, OutputError, ParseError

MUSIC: dict[str, Music] = {TUNE: JIG, PIECE: songs(1)[0]}
STARTS = {"abc": b"X:1", "mid": b"MThd", "wav": b"RIFF", "svg": b"<svg", "musicxml": b"<?xml", "pdf": b"%PDF"}
WRITTEN = [(kind, name) for kind in MUSIC for name in written_as(kind)]


def test_the_table_has_both_kinds_of_music() -> None:
    assert {Tune.kind, Piece.kind} == {TUNE, PIECE} == set(MUSIC)
    assert [written_as(kind) for kind in (TUNE, PIECE)] == [list(STARTS), ["mid", "wav", "svg"]]
    assert [usual_formats(kind) for kind in (TUNE, PIECE)] == [list(STARTS)[:-1], ["mid", "wav", "svg"]]
    assert SUFFIXES == (".abc", ".mid", ".midi", ".kar", ".rmi")


@pytest.mark.parametrize(("kind", "name"), WRITTEN)
def test_what_is_written_is_of_its_format(kind: str, name: str) -> None:
    assert FORMATS[name].encode(MUSIC[kind], tempo=None, straight=False).startswith(STARTS[name])


@pytest.mark.parametrize(("kind", "name"), WRITTEN)
def test_writing_loads_the_library_that_it_says(kind: str, name: str) -> None:
    code = f"""
import json, sys
from tests.formats.test_formats import MUSIC
from tunewright.formats.formats import FORMATS
before = set(sys.modules)
FORMATS[{name!r}].encode(MUSIC[{kind!r}])
print(json.dumps(sorted({{"symusic", "verovio", "typst"}} & (set(sys.modules) - before))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    needs = FORMATS[name].needs if (kind, name) != (PIECE, "svg") else ""
    expected = {needs, "verovio"} if name == "pdf" else {needs}
    assert set(json.loads(done.stdout)) == expected & {"symusic", "verovio", "typst"}


def test_asking_what_there_is_loads_no_music() -> None:
    code = "import sys, tunewright.formats.formats; print('tunewright.music.tune' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("kind", MUSIC)
def test_every_format_is_written_into_a_file_of_its_name(tmp_path: Path, kind: str) -> None:
    paths = write_formats(MUSIC[kind], tmp_path / "new", "x", written_as(kind))
    assert {name: path.name for name, path in paths.items()} == {name: f"x.{name}" for name in written_as(kind)}
    assert all(path.read_bytes().startswith(STARTS[name]) for name, path in paths.items())
    write(MUSIC[kind], tmp_path / "y.MID")
    assert (tmp_path / "y.MID").read_bytes() == paths["mid"].read_bytes()


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    assert parse_abc(write_formats(JIG, tmp_path, "jig", ["abc"])["abc"]) == [JIG]
    assert read_piece(write_formats(songs(1)[0], tmp_path, "song", ["mid"])["mid"]) == songs(1)[0]


@pytest.mark.parametrize("name", ["abc", "musicxml", "pdf"])
def test_what_only_tunes_have_is_said_to_be_so_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: a piece of several parts is no tune; known: mid, wav, svg$"):
        write_formats(songs(1)[0], tmp_path, "song", ["mid", name])
    with pytest.raises(ConfigError, match=f"^{name}: a piece"):
        parse_formats(f"mid,{name}", PIECE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", MUSIC)
def test_other_formats_are_unknown(tmp_path: Path, kind: str) -> None:
    known = f"unknown format '.*'; known: {', '.join(written_as(kind))}$"
    for written in ("mp3", "mid,mp3", "", ", "):
        with pytest.raises(ConfigError, match=known):
            parse_formats(written, kind)
    with pytest.raises(ConfigError, match=known):
        write_formats(MUSIC[kind], tmp_path, "x", ["mid", "mp3"])
    with pytest.raises(ConfigError, match=known):
        write(MUSIC[kind], tmp_path / "x.mp3")
    assert not list(tmp_path.iterdir())


def test_what_is_no_music_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a list; expected a tune, a score or a piece"):
        write([], tmp_path / "x.abc")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_formats_are_named_once() -> None:
    assert parse_formats("svg, MID,svg") == parse_formats("svg, MID,svg", PIECE) == ["svg", "mid"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"x\.mid: cannot be written"):
        write(JIG, tmp_path / "file" / "x.mid")


# ------------------------------------------------------------------------------------------------ reading

TWO = format_abc(JIG) + "\n" + format_abc(replace(JIG, number=2, title="two")) + "\n"


@pytest.mark.parametrize("name", ["x.abc", "x.ABC", "a/b.midi", "x.mid"])
def test_a_format_is_known_by_the_ending(name: str) -> None:
    found = format_of(name)
    assert found is not None
    assert found.name == ("abc" if "abc" in name.lower() else "mid")


@pytest.mark.parametrize("name", ["x.svg", "abc", "x.abc.gz", ""])
def test_what_is_not_read_has_none(name: str) -> None:
    assert format_of(name) is None


def test_tunes_are_read_one_by_one_past_a_bad_one() -> None:
    bad = "X:7\nT:no key\nABc|\n\n"
    read = [music for music, _ in FORMATS["abc"].decode((bad + TWO).encode(), "f/x.abc")]
    assert read[1:] == [JIG, JIG]
    assert isinstance(read[0], ParseError)
    assert read[0].source.startswith("f/x.abc:")
    assert [music.source for music in read[1:] if isinstance(music, Tune)] == ["f/x.abc:5", "f/x.abc:14"]


def test_pieces_are_made_of_tunes() -> None:
    read = [music for music, _ in FORMATS["abc"].decode(TWO.encode(), "x.abc", PIECE)]
    assert read == [piece_of_tune(JIG)] * 2


@pytest.mark.parametrize("kind", MUSIC)
def test_music_of_midi_files(kind: str) -> None:
    content = FORMATS["mid"].encode(MUSIC[kind])
    [(music, size)] = FORMATS["mid"].decode(content, "f/x.mid", kind)
    assert not isinstance(music, ParseError)
    assert (music.kind, music.source, size) == (kind, "f/x.mid:1", len(content))


@pytest.mark.parametrize("kind", MUSIC)
@pytest.mark.parametrize("name", ["abc", "mid"])
def test_what_cannot_be_read_is_said(kind: str, name: str) -> None:
    [(music, size)] = FORMATS[name].decode(b"nothing", "f/x", kind)
    assert isinstance(music, ParseError)
    assert (music.source, size) == ("f/x:1", 7)
    assert "; expected a MIDI file" in music.reason or "no tune found" in music.reason
