"""What is packed comes back equal, in text and repairs too, and what is equal comes back as one object."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.real_tunes import real_tunes
from tunewright.corpus.packing import PiecePacker, PieceUnpacker, TunePacker, TuneUnpacker
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.bars import with_bars
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.piece import Piece
from tunewright.music.playing import fingerprint
from tunewright.music.tune import Note, Repair, Tempo, Tune

FIELDS = tuple(Tune.__dataclass_fields__)


@pytest.fixture(scope="module")
def tunes() -> list[Tune]:
    written = list(real_tunes(60))
    return written + [parse_midi(to_midi(tune), "x.mid") for tune in written[:20] if not tune.irregular]


def test_speeds_and_words_come_back(tunes: list[Tune]) -> None:
    slow, fast = Tempo(Fraction(3, 8), Fraction(70)), Tempo(Fraction(1, 4), Fraction(281, 2))
    sung = replace(tunes[0], tempos=((0, slow), (4, fast)), lyrics=(("la-", "", "_"),), sounding=-12)
    back = TuneUnpacker().unpack(json.loads(json.dumps(TunePacker().pack(sung))))
    assert (back.tempos, back.lyrics, back.sounding) == (sung.tempos, sung.lyrics, sung.sounding)


def test_ties_of_single_notes_and_keys_that_are_not_drawn_come_back() -> None:
    [piper] = parse_abc("X:1\nL:1/4\nK:HP\n[Ac-e]2[Bce]2|[K:D]d4|]\n")
    [drawn] = parse_abc("X:1\nL:1/4\nK:AMix\n[Ac-e]2[Bce]2|[K:D]d4|]\n")
    unpacker = TuneUnpacker({})
    packer = TunePacker()
    for tune in (drawn, piper, drawn):
        back = unpacker.unpack(json.loads(json.dumps(packer.pack(tune))))
        assert (back, back.key.drawn, back.notes[0].held) == (tune, tune.key.drawn, tune.notes[0].held)


def test_what_is_packed_comes_back_whole(tunes: list[Tune]) -> None:
    packer, unpacker = TunePacker(), TuneUnpacker()
    for tune in tunes:
        back = unpacker.unpack(json.loads(json.dumps(packer.pack(tune))))
        assert back == tune
        assert [getattr(back, name) for name in FIELDS] == [getattr(tune, name) for name in FIELDS]
        assert (fingerprint(back), back.irregular) == (fingerprint(tune), tune.irregular)
        assert back.measures == tune.measures


def test_pieces_come_back_whole() -> None:
    packer, unpacker = PiecePacker(), PieceUnpacker()
    read = [with_bars(one) for one in (*chorales(), *songs())]
    assert any(one.inferred for one in read)
    for piece in (*read, replace(read[0], repairs=(Repair("mended", 1, 2, "x"),))):
        back = unpacker.unpack(json.loads(json.dumps(packer.pack(piece))))
        names = tuple(Piece.__dataclass_fields__)
        assert [getattr(back, name) for name in names] == [getattr(piece, name) for name in names]


def test_equal_elements_come_back_as_one_object_from_several_packers(tunes: list[Tune]) -> None:
    known: dict[object, object] = {}
    twice = [TuneUnpacker(known).unpack(TunePacker().pack(tunes[0])) for _ in range(2)]
    pairs = list(zip(twice[0].music, twice[1].music, strict=True))
    assert pairs
    assert all(one is other for one, other in pairs)


def test_a_tune_that_was_seen_is_small(tunes: list[Tune]) -> None:
    packer = TunePacker()
    first, again = (len(pickle.dumps(packer.pack(tunes[3]))) for _ in range(2))
    assert again < first
    assert again < 20 * len(tunes[3].music) + 2 * len(tunes[3].text) + 1000


def test_another_packer_may_follow_the_first(tunes: list[Tune]) -> None:
    unpacker = TuneUnpacker()
    assert [unpacker.unpack(TunePacker().pack(tune)) for tune in tunes[:3]] == tunes[:3]


def test_an_element_that_died_is_not_taken_for_a_new_one_in_its_place(tunes: list[Tune]) -> None:
    packer, unpacker = TunePacker(), TuneUnpacker()
    for octave in range(9):  # new notes at the places in memory of those before
        notes = tuple(
            Note((type(pitch)(pitch.step, pitch.alter, octave),), note.length)
            for note in tunes[0].notes
            for pitch in note.pitches
        )
        assert unpacker.unpack(packer.pack(Tune(notes))).music == notes


DAMAGED = ([], [0], [0, [], []], [0, [["Note"]], []], [0, [["Tune", 1]], []])


@pytest.mark.parametrize(
    "damage",
    [[], [0], [[[1, 2, 3], 0, False, ""], [], []], [[[[1, 2, 3], 0, False, ""]], [[], [], []], ["", ""], [], []]],
)
def test_what_is_no_packed_piece_is_an_error_that_a_reader_expects(damage: list[object]) -> None:
    with pytest.raises((ValueError, TypeError, IndexError)):
        PieceUnpacker().unpack(damage)


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_no_packed_tune_is_an_error_that_a_reader_expects(damage: list[object]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
        TuneUnpacker().unpack(damage)
