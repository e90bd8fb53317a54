"""What the measures look at: places in the bar, degrees, bars, ends of sections."""

from __future__ import annotations

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import SILENCE, read
from tunewright.music.features import features, pairs
from tunewright.music.playing import soundings
from tunewright.music.tune import Note, Tune


def places(music: str, meter: str = "4/4") -> list[tuple[float, int]]:
    return [(note.place.position, note.place.strength) for note in features(read(music, meter=meter)).melody]


@pytest.mark.parametrize(
    ("music", "meter", "expected"),
    [
        ("C4D2EF|", "4/4", [(0, 0), (1 / 2, 1), (3 / 4, 1), (7 / 8, 2)]),
        ("CDEFGA|", "6/8", [(0, 0), (1 / 8, 2), (2 / 8, 2), (3 / 8, 1), (4 / 8, 2), (5 / 8, 2)]),
        ("G2|C8|", "4/4", [(3 / 4, 1), (0, 0)]),  # a pickup lies at the end of its bar
        ("C8|D6:|G2|E8|", "4/4", [(0, 0), (0, 0), (3 / 4, 1), (0, 0)]),  # so does one in the middle
        ("|:G2|C8|1D6:|2E6|]", "4/4", [(3 / 4, 1), (0, 0), (0, 0), (0, 0)]),  # but not a second ending
        ("C4-C2D2-|D8|", "4/4", [(0, 0), (3 / 4, 1)]),
        ("C8|[M:3/4]C4D2|", "4/4", [(0, 0), (0, 0), (1 / 2, 1)]),
        ("CDE|F|", "none", [(0, 3)] * 4),
    ],
)
def test_a_note_has_a_place_in_its_bar(music: str, meter: str, expected: list[tuple[float, int]]) -> None:
    assert places(music, meter) == expected


@pytest.mark.parametrize("tune", real_tunes(10), ids=str)
def test_the_melody_is_what_is_heard_without_repeats(tune: Tune) -> None:
    melody = [(note.onset, note.pitch, note.length) for note in features(tune).melody]
    heard = soundings(tune, unfold=False)
    assert melody == [(float(note.onset), note.pitch.midi, float(note.length)) for note in heard]


def test_degrees_follow_the_key_that_holds() -> None:
    assert [note.degree for note in features(read("D2A2F2^c2|[K:G]G2B2z4|", "Dm")).melody] == [0, 7, 3, 11, 0, 4]
    assert {note.degree for note in features(read("C2D2E2F2|", "none")).melody} == {None}


def test_a_first_ending_does_not_lead_to_the_second() -> None:
    for music in ("|:C8|1D8:|2E8|]", "C8|[1D8|[2E8|]"):
        seen = features(read(music))
        assert [note.follows for note in seen.melody] == [False, True, False]
        assert [(one.degree, other.degree) for one, other in pairs(seen)] == [(0, 2)]


def test_a_bar_knows_its_length_and_when_its_notes_begin() -> None:
    bars = features(read("G2|C4-C2D2-|D4E4|[M:6/8]C3z3|")).bars
    ticks = features(read("G2|C4-C2D2-|D4E4|[M:6/8]C3z3|")).ticks
    assert [(bar.length or 0) / ticks for bar in bars] == [1, 1, 3 / 4]
    assert [[attack / ticks for attack in bar.attacks] for bar in bars] == [[0, 3 / 4], [1 / 2], [0]]
    assert features(read("C8|", meter="none")).bars[0].length is None


@pytest.mark.parametrize(
    ("music", "key", "ends"),
    [
        ("C8|D8:|E8|F8|]", "C", (2, 5)),
        ("C8|D8|", "C", (2,)),  # the end of the tune
        ("C8|D8", "C", (2,)),
        ("|:C8|1D8:|2E8|]", "C", (2, 4)),  # each ending
        ("G2||C8|D6:|", "C", (2,)),  # a pickup alone is no section
        ("C8|D6:|G2|E8|F6:|", "C", (2, 5)),
        ("C8|D4z4|]", "C", (2,)),
        ("E8||[K:G]G8|]", "C", (4, 0)),
        ("C8|]", "none", (None,)),
    ],
)
def test_the_degrees_on_which_sections_end(music: str, key: str, ends: tuple[int | None, ...]) -> None:
    assert features(read(music, key)).ends == ends
    assert features(SILENCE).ends == ()


@pytest.mark.parametrize("tune", real_tunes(10), ids=str)
def test_every_note_that_is_not_tied_on_begins_somewhere(tune: Tune) -> None:
    seen = features(tune)
    begun = sum(len(bar.attacks) for bar in seen.bars)
    assert begun <= len(seen.melody) <= sum(isinstance(element, Note) for element in tune.music)
    assert all(len(bar.attacks) == len(bar.classes) for bar in seen.bars)
