"""Pictures and sound of real tunes, measured."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import wave
import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.engraving import (
    FORMATS,
    to_html,
    to_svg,
    to_wav,
    write_pdf,
    write_tune,
    write_wav,
)
from tunewright.formats.midi.listening.transcription import spell
from tunewright.formats.midi.performance import speed
from tunewright.formats.midi.tunes import FLUTE, TICKS_PER_QUARTER, to_score
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS
from tunewright.music.tune import Key, Note, Tune
from tunewright.support.errors import ConfigError, OutputError, RenderError

JIG = parse_abc('X:1\nT:A <Jig> & "more"\nC:Nobody\nR:jig\nM:6/8\nL:1/8\nK:Bb\n"Bb"B|:"F#m"cde fga|{b}b3 (3gab g:|\n')[
    0
]


def samples_of(content: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_real_tunes_are_drawn_and_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    for tune in real_tunes(20):
        root = ET.fromstring(to_svg(tune))
        assert len([1 for element in root.iter() if element.get("class") == "staff"]) >= len(tune.measures)
    assert capfd.readouterr() == ("", "")


def test_a_picture_shows_title_composer_and_rhythm_and_needs_nothing_else() -> None:
    picture = to_svg(JIG)
    words = "".join(ET.fromstring(picture).itertext())
    for text in ('A <Jig> & "more"', "Nobody", "jig", "♭", "♯"):
        assert text in words
    assert not re.search(r"(href|src)=\"(?!#)|url\((?!#)|Leipzig\"", picture)


def test_the_same_tune_gives_the_same_picture_and_two_tunes_share_no_names() -> None:
    other = parse_abc("X:1\nT:other\nM:4/4\nL:1/8\nK:C\ncdef gabc'|\n")[0]
    names = [set(re.findall(r' id="([^"]+)"', to_svg(tune))) for tune in (JIG, other)]
    assert to_svg(JIG) == to_svg(JIG)
    assert not names[0] & names[1]


def test_a_picture_is_as_wide_as_asked() -> None:
    root = ET.fromstring(to_svg(JIG, width=500))
    assert root.get("width") == "500"
    assert int(root.get("height") or 0) > 100


def test_a_coloured_note_is_drawn_in_its_colour() -> None:
    root = ET.fromstring(to_svg(JIG, colours={3: "#d0006f"}))
    coloured = [one for one in root.iter() if "#d0006f" in one.attrib.values()]
    assert [(one.get("class") or "").split()[0] for one in coloured] == ["note"]
    assert "#d0006f" not in to_svg(JIG)


def test_nothing_to_draw() -> None:
    with pytest.raises(RenderError, match="nothing to draw"):
        to_svg(Tune(()))


def test_sound_has_the_right_length_peak_and_no_silent_end() -> None:
    score = to_score(JIG)
    seconds = score.end() / TICKS_PER_QUARTER * 60 / float(speed(JIG))
    samples = samples_of(to_wav(JIG))
    assert seconds <= len(samples) / SAMPLE_RATE <= seconds + TAIL_SECONDS
    assert 20 * np.log10(np.abs(samples.astype(float)).max() / 32767) == pytest.approx(-1, abs=0.05)
    assert np.abs(samples[-SAMPLE_RATE // 5 : -SAMPLE_RATE // 25].astype(int)).max() > 0
    assert np.abs(samples[-10:].astype(int)).max() < 100  # no click


@pytest.mark.parametrize(("program", "number"), [(FLUTE, number) for number in range(55, 94, 3)] + [(40, 60), (0, 69)])
def test_every_note_sounds_at_its_pitch(program: int, number: int) -> None:
    tune = Tune((Note((spell(number, Key()),), Fraction(1)),))
    samples = samples_of(to_wav(tune, tempo=60, program=program))[: SAMPLE_RATE * 3, 0].astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    fundamental = 440 * 2 ** ((number - 69) / 12)
    harmonic = np.round(frequency / fundamental)
    near = (harmonic >= 1) & (np.abs(frequency - harmonic * fundamental) < np.maximum(15, 0.015 * frequency))
    assert power[near].sum() > 0.85 * power[frequency > 60].sum()
    low = (frequency > 0.6 * fundamental) & (frequency < 1.5 * fundamental)
    assert frequency[low][np.argmax(power[low])] == pytest.approx(fundamental, rel=0.012)


def test_tempo_makes_it_shorter() -> None:
    assert len(samples_of(to_wav(JIG, tempo=200))) < len(samples_of(to_wav(JIG, tempo=60))) / 2


def test_a_soundfont_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"no\.sf2: cannot be read"):
        write_wav(JIG, tmp_path / "t.wav", soundfont=tmp_path / "no.sf2")
    (tmp_path / "bad.sf2").write_bytes(b"not a SoundFont at all")
    with pytest.raises(RenderError, match=r"bad\.sf2: begins with b'not '"):
        write_wav(JIG, tmp_path / "t.wav", soundfont=tmp_path / "bad.sf2")
    assert not (tmp_path / "t.wav").exists()


def test_a_book_has_every_title_and_pages(tmp_path: Path) -> None:
    write_pdf([JIG, *real_tunes(2)], tmp_path / "book.pdf")
    content = (tmp_path / "book.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Subtype /Image" not in content  # vectors only
    assert [path.name for path in tmp_path.iterdir()] == ["book.pdf"]
    with pytest.raises(RenderError, match="no tunes"):
        write_pdf([], tmp_path / "empty.pdf")


def test_every_format_is_written(tmp_path: Path) -> None:
    paths = write_tune(JIG, tmp_path / "new", "jig", list(FORMATS))
    assert {kind: path.name for kind, path in paths.items()} == {kind: f"jig.{kind}" for kind in FORMATS}
    starts = {"abc": b"X:1", "mid": b"MThd", "wav": b"RIFF", "svg": b"<svg", "musicxml": b"<?xml", "pdf": b"%PDF"}
    assert {kind: path.read_bytes()[: len(starts[kind])] for kind, path in paths.items()} == starts
    assert parse_abc(paths["abc"]) == [JIG]


def test_an_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown format 'mp3'; known: abc, mid, wav, svg, musicxml, pdf"):
        write_tune(JIG, tmp_path, "jig", ["abc", "mp3"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"jig\.mid: cannot be written"):
        write_tune(JIG, tmp_path / "file", "jig", ["mid"])


def test_html_holds_score_and_sound() -> None:
    page = to_html(JIG)
    assert "<svg" in page
    assert "data:audio/wav;base64,UklGR" in page
    assert page == JIG._repr_html_()


def test_importing_loads_nothing_heavy() -> None:
    heavy = "{'symusic', 'verovio', 'typst', 'numpy'}"
    code = f"import sys, tunewright.formats.engraving; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
