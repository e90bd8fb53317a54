"""Sound within a page: small, true, and cut where it is long."""

from __future__ import annotations

import base64
import io
import math
import wave
from pathlib import Path

import numpy as np
import pytest

from tunewright.reports.media import AUDIO_BUDGET, AUDIO_RATES, audio_uris, cut_wav, small_wav


def tone(path: Path, frequency: float, seconds: float = 1.0) -> Path:
    """A stereo tone at 44.1 kHz, silent on the right."""
    left = 12_000 * np.sin(2 * np.pi * frequency * np.arange(int(44_100 * seconds)) / 44_100)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.stack([left, np.zeros_like(left)], 1).astype("<i2").tobytes())
    return path


def spectrum(content: bytes, tmp_path: Path) -> tuple[int, float, float]:
    """Rate, the strongest frequency and the greatest sample of a WAV file of one channel."""
    (tmp_path / "small.wav").write_bytes(content)
    with wave.open(str(tmp_path / "small.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    strongest = np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)
    return rate, float(strongest), float(np.abs(samples).max())


@pytest.mark.parametrize("rate", AUDIO_RATES)
def test_a_smaller_wav_keeps_the_tone(tmp_path: Path, rate: int) -> None:
    found = spectrum(small_wav(tone(tmp_path / "a.wav", 440), rate), tmp_path)
    assert found[0] == rate
    assert found[1] == pytest.approx(440, abs=1)
    assert found[2] == pytest.approx(6_000, rel=0.01)  # the mean of a channel and silence


def test_what_a_smaller_wav_cannot_hold_is_left_out_not_folded_down(tmp_path: Path) -> None:
    assert spectrum(small_wav(tone(tmp_path / "a.wav", 9_000), 11_025), tmp_path)[2] < 200


def test_the_rate_is_the_best_that_fits_the_page(tmp_path: Path) -> None:
    short = audio_uris([tone(tmp_path / "a.wav", 440), None])
    assert short[1] == ""
    assert spectrum(base64.b64decode(short[0].partition(",")[2]), tmp_path)[0] == AUDIO_RATES[0]
    count = math.ceil(AUDIO_BUDGET / (2 * AUDIO_RATES[0] * 60))
    long = audio_uris([tone(tmp_path / "b.wav", 440, 60)] * count)
    assert spectrum(base64.b64decode(long[0].partition(",")[2]), tmp_path)[0] == AUDIO_RATES[1]


def wav(samples: int, rate: int = 1000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(np.full(samples, 1000, "<i2").tobytes())
    return file.getvalue()


def test_sound_is_cut_and_faded_only_where_it_is_too_long() -> None:
    assert cut_wav(wav(2000), 2.0) == wav(2000)
    with wave.open(io.BytesIO(cut_wav(wav(5000), 2.0))) as sound:
        samples = np.frombuffer(sound.readframes(9999), "<i2")
    assert len(samples) == 2000
    assert set(samples[:1500]) == {1000}
    assert samples[-1] == 0
    assert (np.diff(samples[1500:]) <= 0).all()
