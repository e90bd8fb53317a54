"""Settings of one tune are one family, in any key; unlike tunes are not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tunewright.corpus import read_corpus
from tunewright.families import find_families, split_of
from tunewright.playing import played
from tunewright.transposition import transpose
from tunewright.tune import Bar, Note, Tune


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
    assert all(family <= index for index, family in enumerate(families))
    assert all(families[family] == family for family in families)


def test_no_tune_and_tiny_tunes_have_families(tunes: tuple[Tune, ...]) -> None:
    assert find_families([]) == ()
    tiny = replace(tunes[0], music=tuple(tunes[0].notes[:3]))
    other = replace(tunes[0], music=tuple(tunes[0].notes[:5]))
    assert find_families([tiny, other, tiny]) == (0, 1, 0)


def test_the_split_of_a_family_is_the_same_in_every_key(tunes: tuple[Tune, ...]) -> None:
    parts = Counter(split_of(tune) for tune in tunes)
    assert parts.keys() == {"train", "valid", "test"}
    assert all(split_of(tune) == split_of(transpose(tune, 3)) for tune in tunes[:50])
