"""Keys are found in real tunes, the same in every transposition; a stated signature is believed unless absurd."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.formats.midi.listening.test_meter_finding import melody
from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.listening.key_finding import KEY_MODES, find_key, key_on, profiles
from tunewright.music.tune import MODES, SEMITONES, Key


def pitch_class(key: Key) -> int:
    assert key.tonic is not None
    return (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12


@pytest.mark.parametrize("mode", KEY_MODES)
@pytest.mark.parametrize("sharps", range(-5, 7))
def test_a_key_has_its_signature_and_mode(sharps: int, mode: str) -> None:
    key = key_on(sharps, mode)
    assert (key.sharps, key.mode) == (sharps, mode)
    assert MODES[mode] <= 0


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("D2FA d2fd|edcB A2FD|G2BG FAdA|GFED D4|", "D"),
        ("A2cA e2ce|d2Bd cAGE|A2cA e2ce|dBGB A4|", "Am"),
        ("E2GE B2GE|FGAF D2FD|E2GE B2eB|dBAF E4|", "Edor"),
        ("A2cA e2ce|d2Bd =G2B=G|A2cA e2ce|dB=GB A4|", "Amix"),
    ],
)
def test_hand_made_tunes(body: str, key: str) -> None:
    tune = parse_abc(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{body}{body}\n")[0]
    assert pitch_class(find_key(melody(tune)).key) == pitch_class(tune.key)


def test_transposition_moves_the_tonic_and_nothing_else() -> None:
    for tune in real_tunes(3):
        plain = melody(tune)
        found = find_key(plain)
        moved = find_key(replace(plain, numbers=plain.numbers + 3))
        assert (pitch_class(found.key) + 3) % 12 == pitch_class(moved.key)
        assert found.key.mode == moved.key.mode
        assert found.probability == pytest.approx(moved.probability)


def test_a_signature_is_believed_unless_the_notes_contradict_it() -> None:
    scale = parse_abc("X:1\nM:4/4\nL:1/8\nK:D\nD2FA d2fd|edcB A2FD|G2BG FAdA|GFED D4|\n")[0]
    assert find_key(melody(scale), (2, False)).key == Key("D")
    assert not find_key(melody(scale), (2, False)).contradicts
    found = find_key(melody(scale), (-4, False))
    assert found.contradicts
    assert found.key == Key("D")


def test_profiles_are_shares() -> None:
    for tune in real_tunes(3):
        lengths, occurs, lengthened, first, last = profiles(melody(tune))
        assert lengths.sum() == pytest.approx(1)
        assert lengthened.sum() == pytest.approx(1)
        assert first.sum() == last.sum() == 1
        assert set(occurs) <= {0, 1}


def test_most_real_tunes_have_the_key_found() -> None:
    stated = [tune for tune in real_tunes(40) if tune.key.tonic]
    right = [pitch_class(find_key(melody(tune)).key) == pitch_class(tune.key) for tune in stated]
    assert sum(right) >= 0.85 * len(right)


def test_modes_without_a_profile_are_read_on_the_stated_signature() -> None:
    for key, sharps in (("Flyd", 0), ("Ephr", 0), ("Dlyd", 3)):
        tune = parse_abc(f"X:1\nM:4/4\nL:1/8\nK:{key}\nF2AF cFAF|GFEG FDEF|A2cA fcAc|B2GE F4|\n")[0]
        assert find_key(melody(tune), (sharps, False)).key.sharps == sharps


def test_a_default_signature_is_found_out() -> None:
    tunes = [tune for tune in real_tunes(40) if tune.key.tonic and abs(tune.key.sharps) >= 2]
    overruled = [find_key(melody(tune), (0, False)).contradicts for tune in tunes]
    assert sum(overruled) >= 0.8 * len(tunes)
    right = [find_key(melody(tune), (tune.key.sharps, tune.key.mode == "minor")).contradicts for tune in tunes]
    assert sum(right) <= 0.02 * len(tunes)


def test_probabilities_are_how_often_it_is_right() -> None:
    found = [(find_key(melody(tune)), tune.key) for tune in real_tunes(100) if tune.key.tonic]
    sure = [
        (one.probability, pitch_class(one.key) == pitch_class(key) and one.key.mode == key.mode) for one, key in found
    ]
    said, right = (sum(column) / len(sure) for column in zip(*sure, strict=True))
    assert said == pytest.approx(right, abs=0.06)
