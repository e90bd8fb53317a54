"""The synthesizer: pitches, lengths and levels of made SoundFonts, and what it says of broken ones."""

from __future__ import annotations

import io
import random
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support.made_soundfonts import MadePreset, soundfont, span
from tunewright.formats.sound.mixing import LONGEST_SECONDS, default_soundfont, mix, to_wav
from tunewright.formats.sound.soundfonts import DRUMS, Gen, read_soundfont
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS, TimedNote
from tunewright.formats.sound.voices import envelope
from tunewright.support.errors import RenderError

LOOPED = {Gen.LOOPED: 1}

ORGAN = LOOPED | {Gen.VOLUME_RELEASE: -4800}  # 1/16 s


def frequency(samples: np.ndarray) -> float:
    """The strongest frequency, to a fraction of a hertz."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 20))
    return float(np.argmax(power)) * SAMPLE_RATE / (1 << 20)


def hertz(number: float) -> float:
    return 440 * 2 ** ((number - 69) / 12)


@pytest.fixture
def made(tmp_path: Path):
    def make(*presets: MadePreset, **options: int) -> Path:
        path = tmp_path / "made.sf2"
        path.write_bytes(soundfont(*presets, **options))
        return path

    return make


def sound(path: Path, *notes: TimedNote, seconds: float = 1.0) -> np.ndarray:
    return mix(notes, read_soundfont(path), seconds)


@pytest.mark.parametrize("number", [21, 36, 57, 69, 70, 84, 100])
def test_a_looped_sample_sounds_at_every_pitch(made, number: int) -> None:
    heard = sound(made(MadePreset([ORGAN])), TimedNote(0, 1, number))
    assert 1200 * np.log2(frequency(heard[0]) / hertz(number)) == pytest.approx(0, abs=1)


def test_tuning_scale_root_and_what_the_preset_adds(made) -> None:
    zone = ORGAN | {Gen.COARSE_TUNE: 2, Gen.FINE_TUNE: 50}
    heard = sound(made(MadePreset([zone], added={Gen.FINE_TUNE: -50})), TimedNote(0, 1, 60))
    assert frequency(heard[0]) == pytest.approx(hertz(62), rel=0.001)
    heard = sound(made(MadePreset([ORGAN | {Gen.SCALE: 50, Gen.ROOT: 60}])), TimedNote(0, 1, 72))
    assert frequency(heard[0]) == pytest.approx(hertz(69 + 6), rel=0.001)


def test_a_note_is_as_long_as_it_is_held_and_dies_away(made) -> None:
    heard = sound(made(MadePreset([ORGAN])), TimedNote(0.25, 0.5, 69))[0]
    assert not heard[: SAMPLE_RATE // 4].any()
    assert np.abs(heard[SAMPLE_RATE // 4 : SAMPLE_RATE // 2]).max() > 0.1
    assert not heard[int(0.58 * SAMPLE_RATE) :].any()


def test_the_envelope_rises_falls_to_what_is_sustained_and_ends(made) -> None:
    times = {Gen.VOLUME_ATTACK: -3986, Gen.VOLUME_DECAY: 0, Gen.VOLUME_SUSTAIN: 200, Gen.VOLUME_RELEASE: 0}
    zone = read_soundfont(made(MadePreset([LOOPED | times]))).zones(0, 0)[0]
    shape = envelope(zone, 60)
    level = shape.samples(SAMPLE_RATE, shape.lasts(SAMPLE_RATE))
    assert level[SAMPLE_RATE // 20] == pytest.approx(0.5, abs=0.02)  # half way up after 50 ms
    assert level.max() == pytest.approx(1, abs=0.01)
    assert level[SAMPLE_RATE - 1] == pytest.approx(0.1, abs=0.001)  # 20 dB under full
    assert level[SAMPLE_RATE + SAMPLE_RATE // 2] == pytest.approx(0.1 / 10**2.5, rel=0.02)  # 100 dB a second
    assert level[-1] < 1e-4


def test_softer_notes_and_notes_at_the_side(made) -> None:
    path = made(MadePreset([ORGAN | {Gen.PAN: 500}]))
    loud, soft = (sound(path, TimedNote(0, 1, 69, velocity)) for velocity in (126, 63))
    assert np.abs(loud[0]).max() < 1e-6
    assert np.abs(loud[1]).max() / np.abs(soft[1]).max() == pytest.approx(4, rel=0.01)


def test_a_filter_takes_high_notes_away_and_leaves_low_ones(made) -> None:
    at_a4 = ORGAN | {Gen.CUTOFF: 6900}  # 440 Hz
    filtered, open_ = (MadePreset([zone]) for zone in (at_a4, ORGAN))
    for number, least, most in ((33, 0.9, 1.01), (69, 0.6, 0.8), (105, 0.0, 0.03)):
        levels = [np.abs(sound(made(one), TimedNote(0, 1, number))[0, 4410:-4410]).max() for one in (filtered, open_)]
        assert least <= levels[0] / levels[1] <= most


def test_a_filter_that_is_open_changes_nothing_between_its_frames(made) -> None:
    nearly = sound(made(MadePreset([ORGAN | {Gen.CUTOFF: 13_499}])), TimedNote(0, 1, 57))[0, 2000:-4410]
    steady = np.array([np.abs(nearly[k : k + 441]).max() for k in range(0, len(nearly) - 441, 441)])
    assert steady.min() > 0.985 * steady.max()


def test_vibrato_keeps_the_pitch_in_the_middle(made) -> None:
    heard = sound(made(MadePreset([ORGAN | {Gen.VIBRATO_TO_PITCH: 50}])), TimedNote(0, 1, 69))[0]
    crossings = np.flatnonzero((heard[:-1] < 0) & (heard[1:] >= 0))
    assert len(crossings) == pytest.approx(440, abs=6)
    spread = np.diff(crossings)
    assert spread.max() - spread.min() >= 4  # samples of about a hundred


def test_zones_are_chosen_by_key_and_velocity(made) -> None:
    low = ORGAN | {Gen.KEYS: span(0, 59), Gen.COARSE_TUNE: 12}
    soft = ORGAN | {Gen.KEYS: span(60, 100), Gen.VELOCITIES: span(0, 64), Gen.COARSE_TUNE: -12}
    hard = ORGAN | {Gen.KEYS: span(60, 100), Gen.VELOCITIES: span(65, 127)}
    path = made(MadePreset([low, soft, hard]))
    for number, velocity, heard in ((50, 100, 62), (70, 30, 58), (70, 100, 70), (110, 100, 110)):
        assert frequency(sound(path, TimedNote(0, 1, number, velocity))[0]) == pytest.approx(hertz(heard), rel=0.001)


def test_one_drum_cuts_another_off(made) -> None:
    hats = [ORGAN | {Gen.KEYS: span(key, key), Gen.CUTS_OFF: 1, Gen.VOLUME_RELEASE: 3600} for key in (42, 46)]
    path = made(MadePreset(hats, bank=DRUMS))
    rings = sound(path, TimedNote(0, 0.1, 46, drums=True))[0, SAMPLE_RATE // 2 :]
    cut = sound(path, TimedNote(0, 0.1, 46, drums=True), TimedNote(0.4, 0.41, 42, 1, drums=True))
    assert np.abs(rings).max() > 0.01
    assert np.abs(cut[0, SAMPLE_RATE // 2 :]).max() < 0.01 * np.abs(rings).max()


def test_a_font_of_one_instrument_plays_everything_and_a_larger_one_says_what_it_lacks(made) -> None:
    alone = made(MadePreset([ORGAN], program=7))
    assert sound(alone, TimedNote(0, 1, 69, program=73)).any()
    with pytest.raises(RenderError, match=r"made\.sf2: has no drum kit; expected a SoundFont with all"):
        sound(alone, TimedNote(0, 1, 36, drums=True))
    with pytest.raises(RenderError, match="has no instrument 74"):
        sound(made(MadePreset([ORGAN]), MadePreset([ORGAN], program=1)), TimedNote(0, 1, 69, program=73))


def test_a_kit_that_is_missing_is_played_by_the_one_below(made) -> None:
    kits = [MadePreset([ORGAN | {Gen.COARSE_TUNE: tune}], DRUMS, kit) for tune, kit in ((0, 0), (12, 8))]
    path = made(*kits)
    for kit, heard in ((0, 57), (5, 57), (8, 69), (127, 69)):
        made_of = sound(path, TimedNote(0, 1, 57, program=kit, drums=True))
        assert frequency(made_of[0]) == pytest.approx(hertz(heard), rel=0.001)


def test_a_file_that_was_written_anew_is_read_anew(made) -> None:
    assert set(read_soundfont(made(MadePreset())).presets) == {(0, 0)}
    assert set(read_soundfont(made(MadePreset(), MadePreset(program=5))).presets) == {(0, 0), (0, 5)}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "begins with b''"),
        (b"RIFF\0\0\0\0WAVE", "begins with b'RIFF'"),
        (soundfont()[:-60], "has no 'shdr' part, or is cut short"),
        (soundfont()[:1000], "has no 'smpl' part, or is cut short"),
        (soundfont(kind=0x11), r"its samples are compressed \(\.sf3\)"),
        (soundfont(kind=0x8001), "no sound"),
        (soundfont(rate=0), "no sound"),
        (b"RIFF\0\0\0\0sfbk" + bytes(8) * 2000, "more than 1000 parts"),
    ],
)
def test_what_is_no_soundfont_is_refused_in_one_line(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "bad.sf2"
    path.write_bytes(content)
    with pytest.raises(RenderError, match=rf"^.*bad\.sf2: .*{found}.*expected"):
        to_wav([TimedNote(0, 1, 60)], path)


def test_damaged_soundfonts_end_in_sound_or_in_a_line(tmp_path: Path) -> None:
    """Flipped, cut and filled with one value; anything else than `RenderError` fails, warnings too."""
    whole = soundfont(
        MadePreset([LOOPED | {kind: 100 for kind in Gen if kind < Gen.KEYS and kind != Gen.INSTRUMENT}] * 3),
        MadePreset([LOOPED], bank=DRUMS),
    )
    notes = [TimedNote(0, 0.3, 60), TimedNote(0.1, 0.2, 100, 30), TimedNote(0.1, 0.2, 42, drums=True)]
    after = whole.index(b"phdr")
    path = tmp_path / "damaged.sf2"
    refused = []
    for seed in range(150):
        rng = random.Random(seed)
        content = bytearray(whole)
        for _ in range(rng.choice((1, 5, 40))):
            content[rng.randrange(after if seed % 5 else 0, len(content))] = rng.choice((0, 1, 127, 128, 255))
        path.write_bytes(content[: rng.randrange(len(content))] if seed % 10 == 0 else content)
        try:
            assert len(to_wav(notes, path)) > 44
        except RenderError as error:
            refused.append(str(error))
    assert 15 <= len(refused) < 150
    assert all("damaged.sf2: " in reason and "expected" in reason for reason in refused)


def test_what_points_outside_its_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "made.sf2"
    for name, at, found in (
        (b"ibag", 4, "zone 0 goes on up to generator 60000 of 3"),
        (b"phdr", 24 + 38, "names zone 1 of 1"),
        (b"inst", 20 + 22, "names zone 1 of 1"),
        (b"pgen", 2, "names instrument 60000"),
        (b"igen", 6, "names sample 60000 of 1"),
    ):
        content = bytearray(soundfont())
        place = content.index(name) + 8 + at
        content[place : place + 2] = (60000).to_bytes(2, "little")
        path.write_bytes(content)
        with pytest.raises(RenderError, match=found):
            to_wav([TimedNote(0, 1, 60)], path)


def test_a_sound_that_would_go_on_is_faded_out(made) -> None:
    with wave.open(
        io.BytesIO(to_wav([TimedNote(0, 0.5, 69)], made(MadePreset([LOOPED | {Gen.VOLUME_RELEASE: 8000}]))))
    ) as file:
        assert file.getnframes() == round((0.5 + TAIL_SECONDS) * SAMPLE_RATE)
        samples = np.abs(np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(int))
    assert samples[-SAMPLE_RATE // 10 : -SAMPLE_RATE // 20].max() > 5000
    assert samples[-5:].max() < 200


def test_what_cannot_be_mixed(made) -> None:
    path = made(MadePreset())
    with pytest.raises(RenderError, match="no notes"):
        to_wav([], path)
    with pytest.raises(RenderError, match="lasts 31 minutes; expected at most 30"):
        to_wav([TimedNote(0, LONGEST_SECONDS + 60, 60)], path)
    with pytest.raises(RenderError, match=r"gone\.sf2: cannot be read"):
        to_wav([TimedNote(0, 1, 60)], path.with_name("gone.sf2"))


def test_the_hall_is_the_same_whether_a_piece_is_mixed_at_once_or_in_blocks(made, monkeypatch) -> None:
    notes = [TimedNote(k / 2, k / 2 + 0.4, 60 + k) for k in range(6)]
    path = made(MadePreset([ORGAN]))
    contents = []
    for block in (1 << 18, 1 << 14):
        monkeypatch.setattr("tunewright.formats.sound.mixing.BLOCK", block)
        with wave.open(io.BytesIO(to_wav(notes, path))) as file:
            assert file.getnframes() / SAMPLE_RATE == pytest.approx(2.9 + TAIL_SECONDS, abs=TAIL_SECONDS)
            contents.append(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int))
    assert np.abs(contents[0] - contents[1]).max() <= 2


GENERAL_MIDI = [
    *((program, 60) for program in (0, 16, 21, 24, 40, 48, 56, 68, 71, 73, 105, 110)),
    *((program, 69) for program in (0, 13, 41, 46, 65, 74, 109)),
    *((program, 40) for program in (0, 32, 33, 42, 57)),
]


@pytest.mark.parametrize(("program", "number"), GENERAL_MIDI)
def test_the_instruments_that_we_have_are_in_tune(program: int, number: int) -> None:
    """Most of the power lies on the harmonics of the note; of an organ, those of the octave below, where it has a stop.

    Of this SoundFont's accordions and harmonica some keys are up to 70 cents flat, with every synthesizer.
    """
    heard = mix([TimedNote(0, 1, number, 90, program)], read_soundfont(default_soundfont()), 1).sum(axis=0)[4410:]
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 18)) ** 2
    places = np.arange(len(power)) * SAMPLE_RATE / (1 << 18)
    lowest = hertz(number) / (2 if program == 16 else 1)
    harmonic = np.round(places / lowest)
    near = (harmonic >= 1) & (np.abs(places - harmonic * lowest) < np.maximum(6, 0.01 * places))
    assert power[near].sum() > 0.7 * power[places > 25].sum()


def test_every_drum_of_general_midi_is_heard() -> None:
    font = read_soundfont(default_soundfont())
    for number in range(35, 82):
        assert np.abs(mix([TimedNote(0, 0.1, number, 100, 0, True)], font, 1)).max() > 0.005, number
