"""A family goes where its first melody says, in every key, and the table says where."""

from __future__ import annotations

from collections import Counter

from tests.support.real_pieces import chorales
from tests.support.real_tunes import real_tunes
from tunewright.corpus.melodies import melody
from tunewright.corpus.split import SPLITS, divide, split_of
from tunewright.music.piece import transposed
from tunewright.music.transposing import transpose


def test_the_split_of_a_family_is_the_same_in_every_key() -> None:
    tunes = real_tunes(400)
    parts = Counter(split_of(melody(tune)) for tune in tunes)
    assert parts.keys() == set(SPLITS)
    assert all(split_of(melody(tune)) == split_of(melody(transpose(tune, 3))) for tune in tunes[:50])
    assert all(split_of(melody(one)) == split_of(melody(transposed(one, 2))) for one in chorales())


def test_all_of_a_family_go_where_its_first_goes() -> None:
    melodies = [melody(tune) for tune in real_tunes(30)]
    families = [number % 7 for number in range(30)]
    assert divide(families, melodies) == tuple(split_of(melodies[family]) for family in families)
