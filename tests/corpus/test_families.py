"""Settings of one tune are one family, in any key; unlike tunes are not."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from tunewright.corpus import families as families_module
from tunewright.corpus.families import find_families
from tunewright.corpus.melodies import melody, melody_line
from tunewright.corpus.reading import read_corpus
from tunewright.music.playing import fingerprint, played
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, Note, Tune


@pytest.fixture(scope="module")
def tunes() -> tuple[Tune, ...]:
    return read_corpus("oneill").tunes[:400]


def test_a_transposed_tune_joins_its_family(tunes: tuple[Tune, ...]) -> None:
    chosen = tunes[:40]
    families = find_families([*chosen, *(transpose(tune, 5) for tune in chosen)])
    assert families[40:] == families[:40]


def test_a_tune_with_its_repeats_written_out_joins_its_family(tunes: tuple[Tune, ...]) -> None:
    repeated = [tune for tune in tunes if Bar(":|") in tune.music and len(tune.notes) > 30][:20]
    assert len(repeated) == 20
    unfolded = [replace(tune, music=tuple(played(tune))) for tune in repeated]
    families = find_families([*repeated, *unfolded])
    assert families[20:] == families[:20]


def test_a_tune_with_a_few_notes_changed_joins_its_family(tunes: tuple[Tune, ...]) -> None:
    tune = max(tunes[:50], key=lambda tune: len(tune.notes))
    places = [place for place, element in enumerate(tune.music) if isinstance(element, Note)][20::40]
    music = list(tune.music)
    for place in places:
        note = music[place]
        assert isinstance(note, Note)
        music[place] = replace(note, pitches=tuple(replace(pitch, octave=pitch.octave + 1) for pitch in note.pitches))
    assert find_families([tune, replace(tune, music=tuple(music))]) == (0, 0)


def test_most_tunes_of_a_collection_stand_alone(tunes: tuple[Tune, ...]) -> None:
    sizes = Counter(find_families(tunes))
    assert max(sizes.values()) <= 6
    assert sum(size == 1 for size in sizes.values()) > 0.8 * len(tunes)


def test_a_family_is_named_by_its_first_tune(tunes: tuple[Tune, ...]) -> None:
    families = find_families(tunes)
    assert len(families) == len(tunes) > 300
    assert all(family <= index for index, family in enumerate(families))
    assert all(families[family] == family for family in families)


def test_no_tune_and_tiny_tunes_have_families(tunes: tuple[Tune, ...]) -> None:
    assert find_families([]) == ()
    tiny = replace(tunes[0], music=tuple(tunes[0].notes[:3]))
    other = replace(tunes[0], music=tuple(tunes[0].notes[:5]))
    assert find_families([tiny, other, tiny]) == (0, 1, 0)


def every_pair(tunes: list[Tune]) -> tuple[int, ...]:
    """Families by the definition, each tune held against every other."""
    passages = [families_module._passages(melody_line(tune)) for tune in tunes]
    first = list(range(len(tunes)))
    for one, other in combinations(range(len(tunes)), 2):
        a, b = passages[one], passages[other]
        size = min(len(set(a.tolist())), len(set(b.tolist())))
        shared = len(set(a.tolist()) & set(b.tolist()))
        near = shared >= max(1, 0.12 * size) and bool(size) and families_module._alike(a, b)
        if (near or fingerprint(tunes[one]) == fingerprint(tunes[other])) and first[one] != first[other]:
            low, high = sorted((first[one], first[other]))
            first = [low if number == high else number for number in first]
    return tuple(first)


def varied(tune: Tune, rng: random.Random) -> Tune:
    """A tune with some notes an octave higher, and perhaps half of it alone."""
    music = list(tune.music)
    for place in rng.sample(range(len(music)), k=rng.randrange(0, max(1, len(music) // 12))):
        note = music[place]
        if isinstance(note, Note):
            music[place] = replace(note, pitches=tuple(replace(one, octave=one.octave + 1) for one in note.pitches))
    start = rng.choice((0, 0, len(music) // 2))
    return transpose(replace(tune, music=tuple(music[start:])), rng.randrange(-3, 4))


@pytest.mark.parametrize(("seed", "notes"), [(0, 7), (1, 7), (2, 7), (3, 7), (4, 5), (5, 6), (6, 8)])
def test_the_quick_search_finds_what_holding_each_against_every_other_finds(
    tunes: tuple[Tune, ...], seed: int, notes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families_module, "PASSAGE_NOTES", notes)
    rng = random.Random(seed)
    some = [varied(rng.choice(tunes[:12]) if rng.random() < 0.7 else rng.choice(tunes), rng) for _ in range(90)]
    expected = every_pair(some)
    assert find_families(some) == expected
    assert find_families(some, [melody(tune) for tune in some]) == expected
    assert 10 < len(set(expected)) < 80


def test_copies_of_one_tune_are_not_all_compared(tunes: tuple[Tune, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    alike = families_module._alike

    def counted(one: families_module.Passages, other: families_module.Passages) -> bool:
        nonlocal compared
        compared += 1
        return alike(one, other)

    monkeypatch.setattr(families_module, "_alike", counted)
    tune = max(tunes[:50], key=lambda tune: len(tune.notes))
    notes = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
    copies = []
    for place in notes[:60]:  # each with another note changed
        music = list(tune.music)
        note = music[place]
        assert isinstance(note, Note)
        music[place] = replace(note, pitches=tuple(replace(one, octave=one.octave + 1) for one in note.pitches))
        copies.append(replace(tune, music=tuple(music)))
    assert set(find_families(copies)) == {0}
    assert compared < 3 * len(copies)
