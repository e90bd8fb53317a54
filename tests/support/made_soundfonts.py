"""SoundFonts made for tests: a looped sine wave and a decaying click, in as many zones and presets as asked for."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tunewright.formats.sound.soundfonts import Gen

RATE = 22_050
PERIOD = 50  # samples of one turn of the sine: 441 Hz
LOOP = (100, 1100)
SINE = np.round(20_000 * np.sin(2 * np.pi * np.arange(1200) / PERIOD)).astype("<i2")
KEY = 69  # A4, and 4 cents more


@dataclass(frozen=True)
class MadePreset:
    """A preset of one instrument, whose zones are generators by kind."""

    zones: Sequence[Mapping[int, int]] = field(default_factory=lambda: [{Gen.LOOPED: 1}])
    bank: int = 0
    program: int = 0
    added: Mapping[int, int] = field(default_factory=dict)


def span(low: int, high: int) -> int:
    """Two numbers as the amount of a range."""
    both = low | high << 8
    return both - 65536 if both > 32767 else both


def soundfont(*presets: MadePreset, kind: int = 1, rate: int = RATE) -> bytes:
    """The bytes of a SoundFont with these presets; `kind` is the type of its sample."""
    presets = presets or (MadePreset(),)
    phdr, inst, pbag, ibag, pgen, igen = b"", b"", b"", b"", b"", b""
    zones = 0
    for number, preset in enumerate(presets):
        phdr += struct.pack("<20s3H12s", f"Preset {number}".encode(), preset.program, preset.bank, number, b"")
        inst += struct.pack("<20sH", b"Instrument", zones)
        pbag += struct.pack("<2H", len(pgen) // 4, 0)
        pgen += _generators({**preset.added, Gen.INSTRUMENT: number})
        for zone in preset.zones:
            ibag += struct.pack("<2H", len(igen) // 4, 0)
            igen += _generators({**zone, Gen.SAMPLE: 0})
            zones += 1
    phdr += struct.pack("<20s3H12s", b"EOP", 0, 0, len(presets), b"")
    inst += struct.pack("<20sH", b"EOI", zones)
    pbag += struct.pack("<2H", len(pgen) // 4, 0)
    ibag += struct.pack("<2H", len(igen) // 4, 0)
    shdr = struct.pack("<20s5IBbHH", b"Sine", 0, len(SINE), *LOOP, rate, KEY, -4, 0, kind) + bytes(46)
    samples = _chunk(b"LIST", b"sdta" + _chunk(b"smpl", SINE.tobytes() + bytes(92)))
    end = b"".join(
        _chunk(name, content)
        for name, content in (
            (b"phdr", phdr),
            (b"pbag", pbag),
            (b"pmod", bytes(10)),
            (b"pgen", pgen + bytes(4)),
            (b"inst", inst),
            (b"ibag", ibag),
            (b"imod", bytes(10)),
            (b"igen", igen + bytes(4)),
            (b"shdr", shdr),
        )
    )
    return _chunk(b"RIFF", b"sfbk" + samples + _chunk(b"LIST", b"pdta" + end))


def _generators(values: Mapping[int, int]) -> bytes:
    last = (Gen.INSTRUMENT, Gen.SAMPLE)
    ordered = sorted(values, key=lambda kind: (kind in last, kind not in (Gen.KEYS, Gen.VELOCITIES), kind))
    return b"".join(struct.pack("<Hh", kind, values[kind]) for kind in ordered)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
