"""Pieces as sound: every part in time, in tune and to be heard."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.real_pieces import chorales, songs
from tunewright.formats.midi.piece_reading import read_piece
from tunewright.formats.piece_formats import FORMATS, parse_piece_formats, to_html, write_piece
from tunewright.formats.sound.mixing import default_soundfont, mix
from tunewright.formats.sound.pieces import timed, to_wav
from tunewright.formats.sound.soundfonts import read_soundfont
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS
from tunewright.generation.tunebook import Rendered, render_pieces
from tunewright.music.piece import TICKS, Part, Piece, PieceNote, TempoAt
from tunewright.support.errors import ConfigError, OutputError, RenderError


def samples_of(content: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)


def loudness(samples: np.ndarray) -> float:
    """Root mean square in dB."""
    return 20 * float(np.log10(np.sqrt((samples**2).mean()) + 1e-12))


def scale(program: int, *, drums: bool = False, start: int = 60) -> Part:
    notes = (PieceNote(k * TICKS, (k + 1) * TICKS, start + k, 90) for k in range(8))
    return Part(tuple(notes), program, drums)


@pytest.mark.parametrize("piece", [*chorales()[:2], *songs(2)], ids=lambda piece: piece.title)
def test_sound_lasts_as_long_as_the_piece_and_neither_clips_nor_clicks(piece: Piece) -> None:
    samples = samples_of(to_wav(piece))
    assert piece.seconds - 0.001 <= len(samples) / SAMPLE_RATE <= piece.seconds + TAIL_SECONDS
    assert 20 * np.log10(np.abs(samples).max() / 32767) == pytest.approx(-1, abs=0.01)
    assert np.abs(samples[-10:]).max() < 100
    assert (np.abs(samples).max(axis=0) > 8000).all()  # both ears


def test_every_part_is_heard() -> None:
    font = read_soundfont(default_soundfont())
    for piece in (*chorales()[:3], *songs(3)):
        whole = loudness(mix(timed(piece), font, piece.seconds))
        for part in piece.parts:
            alone = loudness(mix(timed(replace(piece, parts=(part,))), font, piece.seconds))
            assert -25 < alone - whole < 3, (piece.title, part.name)


def test_every_note_sounds_when_and_as_high_as_it_stands() -> None:
    """In the middle of each note of a scale the strongest frequency is one of its harmonics."""
    piece = Piece((scale(73, start=72),), tempos=(TempoAt(0, 1_000_000), TempoAt(4 * TICKS, 500_000)))
    samples = samples_of(to_wav(piece)).sum(axis=1)
    for note in piece.parts[0].notes:
        begin, end = (round(piece.seconds_at(tick) * SAMPLE_RATE) for tick in (note.onset, note.end))
        middle = samples[begin + (end - begin) // 3 : end]
        power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17))
        strongest = np.argmax(power) * SAMPLE_RATE / (1 << 17)
        harmonic = strongest / (440 * 2 ** ((note.number - 69) / 12))
        assert round(harmonic) >= 1
        assert harmonic == pytest.approx(round(harmonic), rel=0.02)


@pytest.mark.parametrize("piece", songs(4), ids=lambda piece: piece.title)
def test_seconds_are_those_of_the_piece(piece: Piece) -> None:
    tempos = tuple(TempoAt(k * 700, 300_000 + 50_000 * (k % 7)) for k in range(9))
    changed = replace(piece, tempos=tempos)
    notes = [note for part in changed.parts for note in part.notes]
    for note, sounded in zip(notes, timed(changed), strict=True):
        assert (sounded.onset, sounded.end) == pytest.approx(
            (changed.seconds_at(note.onset), changed.seconds_at(note.end))
        )


def test_programs_are_told_apart_and_drums_are_no_pitches() -> None:
    sounds = [to_wav(Piece((part,))) for part in (scale(0), scale(40), scale(0, drums=True))]
    assert len(set(sounds)) == 3
    assert to_wav(Piece((scale(0),))) == sounds[0]


def test_more_parts_than_midi_has_channels() -> None:
    parts = tuple(scale(5 * number % 120, start=40 + number) for number in range(24))
    font = read_soundfont(default_soundfont())
    piece = Piece(parts)
    together = mix(timed(piece), font, 1)
    alone = sum(mix(timed(Piece((part,))), font, 1) for part in parts)
    assert np.allclose(together, alone, atol=1e-4)
    assert len(to_wav(piece)) > 44


def test_what_cannot_be_sounded(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"x\.mid:1: no notes"):
        to_wav(Piece((), source="x.mid:1"))
    with pytest.raises(RenderError, match="lasts 33 minutes; expected at most 30"):
        to_wav(Piece((Part((PieceNote(4000 * TICKS, 4001 * TICKS, 60),)),)))
    with pytest.raises(RenderError, match=r"no\.sf2: cannot be read"):
        to_wav(songs(1)[0], soundfont=tmp_path / "no.sf2")


# ------------------------------------------------------------------------------------------------ formats


def test_every_format_is_written(tmp_path: Path) -> None:
    paths = write_piece(songs(1)[0], tmp_path / "new", "song", list(FORMATS))
    assert {kind: path.name for kind, path in paths.items()} == {kind: f"song.{kind}" for kind in FORMATS}
    starts = {"mid": b"MThd", "wav": b"RIFF", "svg": b"<svg"}
    assert {kind: path.read_bytes()[:4] for kind, path in paths.items()} == starts
    assert read_piece(paths["mid"]) == songs(1)[0]


@pytest.mark.parametrize("kind", ["abc", "musicxml", "pdf"])
def test_what_only_tunes_have_is_said_to_be_so_before_anything_is_written(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"^{kind}: a piece of several parts is no tune; known: mid, wav, svg$"):
        write_piece(songs(1)[0], tmp_path, "song", ["mid", kind])
    with pytest.raises(ConfigError, match=f"{kind}: a piece"):
        parse_piece_formats(f"mid,{kind}")
    assert not list(tmp_path.iterdir())


def test_other_formats_are_unknown(tmp_path: Path) -> None:
    for written in ("mp3", "mid,mp3", "", ", "):
        with pytest.raises(ConfigError, match=r"unknown format '.*'; known: mid, wav, svg"):
            parse_piece_formats(written)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"x\.mid: cannot be written"):
        write_piece(songs(1)[0], tmp_path / "file", "x", ["mid"])


def test_html_holds_roll_and_sound() -> None:
    page = to_html(songs(1)[0])
    assert "<svg" in page
    assert "data:audio/wav;base64,UklGR" in page
    late = Piece((Part((PieceNote(4000 * TICKS, 4001 * TICKS, 60),)),))
    assert "<p>lasts 33 minutes" in to_html(late)


# ------------------------------------------------------------------------------------------------ files


def test_all_parts_of_files_are_rendered_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    song = write_piece(songs(1)[0], tmp_path, "song", ["mid"])["mid"]
    tunes, broken = tmp_path / "tunes.abc", tmp_path / "broken.mid"
    tunes.write_text("X:1\nT:one\nK:C\ncdef|\n\nX:2\nT:two\nK:C\nGABc|\n")
    broken.write_bytes(b"MThd")
    done = list(render_pieces([song, tunes, broken], tmp_path / "out", ["mid", "svg"]))
    assert [type(one) for one in done] == [Rendered, Rendered, Rendered, type(done[3])]
    assert not isinstance(done[3], Rendered)
    assert done[3].source == f"{broken}:1"
    names = {"song.mid", "song.svg", "tunes-001.mid", "tunes-001.svg", "tunes-002.mid", "tunes-002.svg"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert read_piece(tmp_path / "out" / "song.mid") == songs(1)[0]
    with pytest.raises(ConfigError, match="is one of the files to read"):
        list(render_pieces([song], tmp_path, ["mid"]))


def render(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tunewright", "render", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_renders_all_parts_or_the_melody(tmp_path: Path) -> None:
    song = str(write_piece(songs(1)[0], tmp_path, "song", ["mid"])["mid"])
    whole, melody = tmp_path / "whole", tmp_path / "melody"
    assert render(song, "--parts", "--out", str(whole)).stdout == f"1 pieces rendered into {whole}, 0 failed.\n"
    assert {path.suffix for path in whole.iterdir()} == {".mid", ".wav", ".svg"}
    assert len(read_piece(whole / "song.mid").parts) == 4
    assert render(song, "--out", str(melody), "--format", "mid").returncode == 0
    assert len(read_piece(melody / "song.mid").parts) == 1


@pytest.mark.parametrize("option", [("--melody", "1"), ("--tempo", "100"), ("--straight",)])
def test_what_only_tunes_have_is_wrong_usage_with_parts(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = render(str(tmp_path / "x.mid"), "--parts", *option, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert f"{option[0]} is for tunes" in done.stderr
