"""Pictures and sound that stand in a page itself, small enough for it: data URIs.

In: pictures, WAV files. Out: addresses that carry their content. How music is drawn and sounds is `formats`' matter.
"""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Sequence
from pathlib import Path

AUDIO_BUDGET = 11_000_000  # bytes of sound on a page, before base64 makes four of three
AUDIO_RATES = (22_050, 16_000, 11_025)  # Hz; the best one that keeps to the budget is taken
FADE_SECONDS = 0.5  # where the sound is cut


def data_uri(media_type: str, content: bytes) -> str:
    """A file as an address that carries its content, so that a page needs no file beside it."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def audio_uris(paths: Sequence[Path | None]) -> list[str]:
    """The sound of each WAV file as a data URI: one channel, 16 bits, at the best rate that fits into a page.

    "" for None. The full files stay as they are.
    """
    seconds = sum(_wav_seconds(path) for path in paths if path)
    rate = next((rate for rate in AUDIO_RATES if 2 * rate * seconds <= AUDIO_BUDGET), AUDIO_RATES[-1])
    return [data_uri("audio/wav", small_wav(path, rate)) if path else "" for path in paths]


def _wav_seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as sound:
        return sound.getnframes() / sound.getframerate()


def small_wav(path: Path, rate: int) -> bytes:
    """A 16-bit WAV file mixed to one channel and resampled to `rate` Hz, never upwards.

    The resampling keeps every frequency below half the rate and nothing above it.
    """
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    with wave.open(str(path), "rb") as sound:
        channels, source_rate = sound.getnchannels(), sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    mono = samples.reshape(-1, channels).mean(axis=1)
    rate = min(rate, source_rate)
    length = len(mono) * rate // source_rate
    if length and rate < source_rate:
        mono = np.fft.irfft(np.fft.rfft(mono)[: length // 2 + 1], length) * (length / len(mono))
    return _wav(np.clip(mono, -32768, 32767).astype("<i2").tobytes(), rate)


def cut_wav(content: bytes, seconds: float) -> bytes:
    """A WAV file of one channel and 16 bits, cut after so many seconds and faded out there; as it is where shorter."""
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    with wave.open(io.BytesIO(content), "rb") as sound:
        rate, frames = sound.getframerate(), round(seconds * sound.getframerate())
        if sound.getnframes() <= frames:
            return content
        samples = np.frombuffer(sound.readframes(frames), dtype="<i2").astype(float)
    fade = min(len(samples), round(FADE_SECONDS * rate))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade)
    return _wav(samples.astype("<i2").tobytes(), rate)


def _wav(samples: bytes, rate: int) -> bytes:
    """A WAV file of one channel and 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples)
    return file.getvalue()
