"""The chords of a tune as they are struck."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from symusic import Score as PlayedScore

from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.accompaniment import CHORD_VELOCITY, NAME, accompaniment, has_chords, pattern
from tunewright.formats.midi.performance import VELOCITY, performed
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.tune import Meter, Tune

METERS = ("4/4", "2/2", "C|", "2/4", "3/4", "3/8", "6/8", "9/8", "12/8", "5/4", "5/8", "6/4", "7/8", "7/4")


def tune_of(body: str, meter: str = "4/4") -> Tune:
    return parse_abc(f"X:1\nT:t\nM:{meter}\nL:1/8\nQ:1/4=120\nK:C\n{body}\n")[0]


def struck(tune: Tune) -> list[tuple[float, int]]:
    return sorted((round(float(note.onset) * 4, 2), note.number) for note in accompaniment(tune))


def test_bass_on_strong_beats_and_chord_on_weak_ones() -> None:
    assert struck(tune_of('"C"c8|]')) == [(0, 36), (1, 48), (1, 52), (1, 55), (2, 36), (3, 48), (3, 52), (3, 55)]
    assert [number for time, number in struck(tune_of('"C/E"c6|]', "3/4")) if time == 0] == [40]


def test_nothing_sounds_before_the_first_chord_nor_after_none() -> None:
    times = [time for time, _ in struck(tune_of('c8|"G"d8|"N.C."e8|f8|"C"g8|]'))]
    assert set(times) == {4, 5, 6, 7, 16, 17, 18, 19}
    assert not accompaniment(tune_of("c8|d8|]"))
    assert not has_chords(tune_of('"^Fine"c8|]'))


def test_a_pickup_and_repeats_keep_the_beat() -> None:
    tune = tune_of('"G7"G2|:"C"c8|1"F"f6"G7"g2:|2"C"c6|]')
    basses = {time: number for time, number in struck(tune) if number < 48}
    assert basses == {1: 36, 3: 36, 5: 41, 7: 41, 9: 36, 11: 36, 13: 36, 15: 36}


def test_chords_are_quieter_than_any_note_of_the_melody() -> None:
    tune = tune_of('"C"cdef gabc\'|"G7"G8|]')
    assert max(note.velocity for note in accompaniment(tune)) < VELOCITY <= min(n.velocity for n in performed(tune))
    assert CHORD_VELOCITY < VELOCITY


def test_chords_move_with_what_sounds() -> None:
    [tune] = parse_abc('X:1\nM:4/4\nL:1/8\nK:D transpose=-2\n"D"d8|"A7/C#"e8|]\n')
    low = parse_abc('X:1\nM:4/4\nL:1/8\nK:C\n"C"c8|"G7/B"d8|]\n')[0]
    assert struck(tune) == struck(low)


def test_in_free_metre_a_chord_is_held_from_its_symbol_on() -> None:
    notes = accompaniment(tune_of('c4"C"c4"F"c8|]', "none"))
    assert {(float(note.onset), float(note.length)) for note in notes} == {(0.5, 0.5), (1.0, 1.0)}


def test_every_metre_has_a_pattern_that_fills_it() -> None:
    for top in range(1, 20):
        for bottom in (1, 2, 4, 8, 16):
            assert set(pattern(Meter(top, bottom))) <= set("fczb")
            assert pattern(Meter(top, bottom))[0] in "fb"
            assert len(pattern(Meter(top, bottom))) % top == 0


def test_the_track_of_chords_is_there_where_it_is_asked_for() -> None:
    tune = tune_of('"C"cdef gabc\'|"G7"G8|]')
    tracks = PlayedScore.from_midi(to_midi(tune, chords=True)).tracks
    assert [track.name for track in tracks] == ["t", NAME]
    assert len(PlayedScore.from_midi(to_midi(tune)).tracks) == 1
    assert parse_midi(to_midi(tune, chords=True, performance=False), "x.mid", melody="1").notes == tune.notes


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed")
@pytest.mark.parametrize("meter", METERS)
def test_chords_are_struck_when_abc2midi_strikes_them(meter: str, tmp_path: Path) -> None:
    whole = tune_of("c8|]", meter).meter.length
    assert whole is not None
    rest = f"c'''{whole * 8}"  # so high that it is no note of a chord
    tune = tune_of(
        "|".join(f'"{chord}"{rest}' for chord in ("C", "G7", "F#m", "Bbmaj7", "Edim", "Aaug", "Dm9")) + "|]", meter
    )
    (tmp_path / "x.abc").write_text(tune.text + "\n")
    subprocess.run(["abc2midi", "x.abc", "-o", "x.mid"], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    played = PlayedScore(tmp_path / "x.mid")
    notes = [note for track in played.tracks for note in track.notes if note.pitch < 100]
    assert struck(tune) == sorted((round(note.time / played.ticks_per_quarter, 2), note.pitch) for note in notes)
