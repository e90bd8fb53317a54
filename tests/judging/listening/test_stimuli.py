"""Nothing of a stimulus tells its source: as many bars, equally loud, no names, as fast as its rhythm says."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tests.support.small_base import small_run
from tunewright.corpus.corpus import Corpus
from tunewright.formats.abc import parse_abc
from tunewright.formats.sound.loudness import equally_loud, loudness
from tunewright.judging.listening.making import Made, Order, make_test
from tunewright.judging.listening.questions import MACHINE, QUESTIONS, RATING
from tunewright.judging.listening.sources import REAL, TUNES, Profile, There, choose_profiles
from tunewright.judging.listening.sources import real_tunes as of_corpus
from tunewright.judging.listening.stimuli import RATE, as_wav, excerpt, read_wav, resampled
from tunewright.music.kinds import music_id
from tunewright.music.playing import soundings
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError
from tunewright.training.base import run_folder
from tunewright.training.run import read_split


def read(music: str, meter: str = "2/4", more: str = "") -> Tune:
    [tune] = parse_abc(f"X:1\nT:Secret\nC:Nobody\n{more}M:{meter}\nL:1/8\nK:D\n{music}\n")
    return tune


def pitches(tune: Tune | None) -> list[int]:
    assert tune is not None
    return [note.pitch.midi for note in soundings(tune)]


def test_an_excerpt_has_each_strain_once_and_the_last_ending() -> None:
    tune = read("|:D2E2|F2G2|1 A4|A4:|2 B4|d4||e2f2|g4|a4|a4|]")
    assert excerpt(tune, 6) == excerpt(read("D2E2|F2G2|B4|d4||e2f2|g4|]"), 6)
    assert pitches(excerpt(tune, 3)) == pitches(read("D2E2|F2G2|B4|]"))
    assert excerpt(tune, 9) is None


def test_upbeats_between_strains_make_whole_bars() -> None:
    tune = read("d|D2E2|F2G:|:A|B2c2|d2e:|")
    found = excerpt(tune, 4)
    assert found is not None
    assert [measure.length for measure in found.measures] == [Fraction(1, 8), *[Fraction(1, 2)] * 3, Fraction(3, 8)]


def test_what_tells_of_a_notation_is_left_out() -> None:
    tune = read('"D"{e}~D2 .E2|(FG) [DFA]2|!f!A2- A2|d4|]', more="Q:1/4=300\nR:reel\n")
    found = excerpt(tune, 4)
    assert found is not None
    assert found.title == found.source == found.text == ""
    assert not found.fields
    assert not found.tempos
    assert all(not note.grace and not note.decorations and len(note.pitches) == 1 for note in found.notes)
    assert found == excerpt(read("D2 E2|FG A2|A2- A2|d4|]", more="R:reel\n"), 4)


@pytest.mark.parametrize("music", ["D2E2|F2G2|", "D2E2|F2G|A2B2|c4|d4|", "D2E2|[M:3/4]F2G2A2|A6|d6|"])
def test_what_has_not_so_many_whole_bars_is_not_taken(music: str) -> None:
    assert excerpt(read(music), 4) is None


def test_real_tunes_are_cut_at_a_bar_line() -> None:
    found = [(tune, cut) for tune in real_tunes(30) if (cut := excerpt(tune, 8))]
    assert len(found) > 30
    for tune, cut in found:
        full = [measure for measure in cut.measures if measure.number]
        assert len(full) == 8
        assert all(measure.full for measure in full[:-1])
        assert not cut.irregular or tune.irregular


# ------------------------------------------------------------------------------------------------ loudness


@pytest.mark.parametrize("rate", [48_000, 44_100, RATE])
def test_loudness_is_that_of_the_standard(rate: int) -> None:
    """ITU-R BS.1770-4: a full-scale sine of 997 Hz in one channel is -3.01; high notes count more."""
    seconds = np.arange(5 * rate) / rate
    sine = np.sin(2 * np.pi * 997 * seconds)
    assert loudness(sine, rate) == pytest.approx(-3.01, abs=0.05)
    assert loudness(sine / 2, rate) == pytest.approx(-9.03, abs=0.05)
    assert loudness(np.sin(2 * np.pi * 4000 * seconds), rate) > loudness(sine, rate) + 2
    assert loudness(np.concatenate([sine, np.zeros(5 * rate)]), rate) == pytest.approx(-3.01, abs=0.3)
    assert loudness(0 * sine, rate) == loudness(sine[:100], rate) == -math.inf


def test_sounds_become_equally_loud_without_clipping() -> None:
    chance = np.random.default_rng(0)
    sounds = [chance.normal(0, scale, 2 * RATE) for scale in (0.01, 0.1, 0.3)]
    heard = equally_loud(sounds, RATE)
    values = [loudness(one, RATE) for one in heard]
    assert max(values) - min(values) < 0.1
    assert max(float(np.abs(one).max()) for one in heard) <= 10 ** (-1 / 20) + 1e-9


def test_a_wav_is_read_as_it_was_written_and_resampling_keeps_what_is_low() -> None:
    seconds = np.arange(RATE) / RATE
    sine = 0.5 * np.sin(2 * np.pi * 440 * seconds)
    back, rate = read_wav(as_wav(sine))
    assert rate == RATE
    assert np.abs(back - sine).max() < 1e-4
    half = resampled(sine, RATE, RATE // 2)
    assert len(half) == len(sine) // 2
    assert np.abs(half[200:-200] - sine[::2][200:-200]).max() < 0.01


# ------------------------------------------------------------------------------------------------ a whole test


def there(name: str, kind: str, step: int) -> There:
    tunes = [replace(tune, title=f"{name} {number}") for number, tune in enumerate(real_tunes(60)[step::3])]
    return There(name, kind, tunes)


@cache
def made() -> Made:
    sources = [there("secret-run", TUNES, 0), there("secret-real", REAL, 1), there("third-secret", TUNES, 2)]
    return make_test(sources, Order(RATING, QUESTIONS[RATING], 9, 4, seed=5))


def test_sounds_are_equally_loud_and_alike_in_length() -> None:
    heard = {known_as: read_wav(content) for known_as, content in made().sounds.items()}
    values = [loudness(samples, rate) for samples, rate in heard.values()]
    assert max(values) - min(values) < 0.1
    by_source = {number: [one.seconds for one in made().test.stimuli if one.source == number] for number in range(3)}
    means = [np.mean(seconds) for seconds in by_source.values()]
    assert max(means) / min(means) < 1.5
    for one in made().test.stimuli:
        assert len(heard[one.id][0]) / RATE == pytest.approx(one.seconds)


def test_metres_are_balanced_over_sources() -> None:
    metres = [sorted(one.meter for one in made().test.stimuli if one.source == number) for number in range(3)]
    assert metres[0] == metres[1] == metres[2]
    assert made().test.remarks == ()


def test_what_raters_get_has_neither_names_nor_titles_nor_metadata() -> None:
    test = made().test
    shown = f"{test.public()}{[test.order(sheet) for sheet in range(len(test.sheets))]}"
    assert "secret" not in shown
    assert "source" not in shown
    for content in made().sounds.values():
        assert content[:4] == b"RIFF"
        assert content[36:40] == b"data"  # nothing stands between the format and the samples
        assert len(content) == 44 + int.from_bytes(content[40:44], "little")


def test_ids_and_their_order_say_nothing_of_sources() -> None:
    sources = [one.source for one in made().test.stimuli]
    assert sources != sorted(sources)
    assert sorted(one.id for one in made().test.stimuli) == [one.id for one in made().test.stimuli]
    assert list(made().sounds) == sorted(made().sounds)


def test_who_guesses_the_seed_does_not_have_the_ids() -> None:
    """Else the order in which chance gives them out would tell which tune is of which source."""
    order = Order(items=2, bars=2, seed=1)
    ids = {one.id for one in make_test([there("a", TUNES, 0), there("b", TUNES, 1)], order).test.stimuli}
    others = {one.id for one in make_test([there("a", TUNES, 2), there("b", TUNES, 3)], order).test.stimuli}
    assert not ids & others


def test_the_same_seed_makes_the_same_test() -> None:
    sources = [there("a", TUNES, 0), there("b", TUNES, 1)]
    one, two, other = (make_test(sources, Order(items=2, bars=2, seed=seed)).test for seed in (1, 1, 2))
    assert one.described() == two.described()
    assert other.id != one.id
    assert make_test([there("a", TUNES, 2), sources[1]], Order(items=2, bars=2, seed=1)).test.id != one.id


def test_no_tune_is_heard_twice_and_too_few_are_refused() -> None:
    chosen = list(there("a", TUNES, 0).find([Profile()] * 12, 4, random.Random(0)))
    assert len({music_id(one.tune) for one in chosen}) == 12
    with pytest.raises(CorpusError, match="whole bars"):
        list(there("a", TUNES, 0).find([Profile()] * 100, 4, random.Random(0)))


def test_what_is_held_against_one_another_is_most_alike() -> None:
    wanted = Profile("reel", "4/4", "D major")
    others = [Profile("jig", "4/4", "D major"), Profile("reel", "2/4", "D major"), Profile("reel", "4/4", "E minor")]
    same_mode = Profile("reel", "4/4", "G major")
    order = sorted([*others, same_mode, wanted], key=wanted.likeness, reverse=True)
    assert order[:2] == [wanted, same_mode]
    real = there("real", REAL, 1)
    profiles = choose_profiles([real], 6, 4, random.Random(2))
    chosen = [Profile.of(one.tune) for one in real.find(profiles, 4, random.Random(3))]
    assert chosen == profiles  # real tunes have the profiles that were taken from them


def test_profiles_are_of_metres_that_all_have() -> None:
    jigs = There("jigs", TUNES, [tune for tune in real_tunes(60) if str(tune.meter) == "6/8"])
    profiles = choose_profiles([jigs, there("real", REAL, 1)], 4, 4, random.Random(0))
    assert {profile.meter for profile in profiles} == {"6/8"}


def test_real_tunes_of_a_run_are_held_out(tmp_path: object) -> None:
    from tunewright.corpus.reading import read_corpus

    corpus: Corpus[Tune] = read_corpus("oneill", "ryan", "aird")
    test = {music_id(tune) for tune in corpus.test}
    found = of_corpus([], [run_folder("base")])
    assert found.tunes
    assert {music_id(tune) for tune in found.tunes} <= test
    with pytest.raises(CorpusError, match="name a collection"):
        of_corpus([], [])


def test_real_tunes_are_held_out_of_what_a_run_went_on_from_too(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    small_run(folder)
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps(record | {"from": {"run": "base"}}))
    base = read_split(run_folder("base"))
    learned = {*base["train"], *base["valid"]}
    found = {music_id(tune) for tune in of_corpus(["oneill"], [folder]).tunes}
    assert found
    assert not found & learned
    (folder / "record.json").write_text(json.dumps(record | {"from": {"run": str(tmp_path / "gone")}}))
    with pytest.raises(CorpusError, match="which is gone"):
        of_corpus(["oneill"], [folder])


def test_an_excerpt_of_rests_is_none_and_what_is_silent_stays_so() -> None:
    (silent,) = parse_abc("X:1\nM:4/4\nL:1/8\nK:C\nz8|z8|CDEF GABc|\n")
    assert excerpt(silent, 2) is None
    tone = 0.5 * np.sin(np.arange(RATE) * 0.1)
    nothing, loud = equally_loud([np.zeros(RATE), tone], RATE)
    assert not nothing.any()
    assert np.abs(loud).max() > 0.1


def test_machine_or_not_needs_real_tunes() -> None:
    found = make_test([there("a", TUNES, 0), there("b", REAL, 1)], Order(MACHINE, QUESTIONS[MACHINE], 4, 2)).test
    assert sorted(found.source_of(item.stimuli[0]) for item in found.items) == [0, 0, 1, 1]
