import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.real_pieces import CHORALES, chorales, songs
from tests.support.real_tunes import real_tunes
from tests.support.short_pieces import line, piece
from tunewright.corpus.families import SPLITS
from tunewright.corpus.piece_describe import pieces_text
from tunewright.corpus.pieces import describe_pieces, read_pieces, write_piece_split
from tunewright.formats.midi.bars import with_bars
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.pieces import parse_piece, piece_of_tune, read_piece, settled, to_midi, write_midi
from tunewright.formats.validity import fault_of
from tunewright.music.kinds import music_id
from tunewright.music.piece import (
    TICKS,
    MeterAt,
    Part,
    Piece,
    PieceNote,
    TempoAt,
    fingerprint,
    first_bars,
    from_first_note,
    in_full_bars,
    moved,
    transposed,
    transpositions,
)
from tunewright.support.errors import CorpusError, ParseError
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer

# ------------------------------------------------------------------------------------------------ values


def test_bars_follow_the_metres() -> None:
    one = Piece((line(*range(60, 70)),), (MeterAt(0, 4, 4), MeterAt(1920, 3, 4)))
    assert one.bar_lines == (0, 1920, 3360)
    assert [one.bar_at(tick) for tick in (0, 1919, 1920, 4000)] == [0, 0, 1, 2]


def test_without_a_metre_bars_are_of_four_quarters() -> None:
    assert Piece((line(60, 61, 62, 63, 64),)).bar_lines == (0, 1920)


def test_seconds_follow_the_tempi() -> None:
    one = Piece((line(60, 61, 62, 63),), tempos=(TempoAt(0, 1_000_000), TempoAt(960, 250_000)))
    assert one.seconds == pytest.approx(2 * 1.0 + 2 * 0.25)
    assert Piece((line(60, 61),)).seconds == pytest.approx(1.0)


def test_the_skyline_is_the_highest_note_at_each_onset() -> None:
    drums = Part((PieceNote(0, 10, 90),), drums=True)
    assert [note.number for note in Piece((line(60, 70), line(65, 62), drums)).skyline] == [65, 70]


def test_a_piece_in_another_key_has_the_same_fingerprint_and_another_name() -> None:
    for one in chorales()[:3] + songs()[:3]:
        up = transposed(one, 5)
        assert fingerprint(up) == fingerprint(one)
        assert music_id(up) != music_id(one)
        assert transposed(up, -5).parts == one.parts
        drums = [part.notes for part in one.parts if part.drums]
        assert [part.notes for part in up.parts if part.drums] == drums


def test_a_piece_cannot_leave_the_numbers_of_midi() -> None:
    low = piece(line(2, 60))
    assert transpositions(low, 6) == range(-2, 7)
    assert transpositions(piece(line(60, 126)), 6) == range(-6, 2)
    with pytest.raises(ValueError, match="leaves MIDI's range"):
        transposed(low, -3)


def test_the_first_bars_end_with_their_last_bar_line() -> None:
    cut = first_bars(Piece((line(*range(60, 70)), Part((PieceNote(960, 3000, 50),)))), 1)
    assert cut.length == 1920
    assert [len(part.notes) for part in cut.parts] == [4, 1]


# ------------------------------------------------------------------------------------------------ files


def test_pieces_come_back_from_midi_files(tmp_path: Path) -> None:
    for number, one in enumerate(chorales() + songs()):
        write_midi(one, tmp_path / f"{number}.mid")
        back = read_piece(tmp_path / f"{number}.mid")
        assert back == one
        assert back.title == one.title
        assert [part.name for part in back.parts] == [part.name for part in one.parts]
        assert not back.repairs


def test_a_tune_is_a_piece_of_one_part_with_every_note_where_it_is_written() -> None:
    for tune in real_tunes(8):
        one = piece_of_tune(tune)
        heard = [(note.onset, note.number) for note in written(tune)]
        assert len(one.parts) == 1
        assert [note.number for note in one.parts[0].notes] == [number for _, number in heard]
        for note, (onset, _) in zip(one.parts[0].notes, heard, strict=True):
            assert abs(Fraction(note.onset, 4 * TICKS) - onset) <= Fraction(1, 2 * 4 * TICKS)


def test_other_divisions_of_time_are_scaled() -> None:
    content = bytearray(to_midi(piece(line(60, 62, 64))))
    assert content[12:14] == TICKS.to_bytes(2)
    content[12:14] = (TICKS // 2).to_bytes(2)
    notes = parse_piece(bytes(content), "x.mid").parts[0].notes
    assert [note.onset for note in notes] == [0, 960, 1920]


def test_of_two_notes_at_once_on_one_number_the_longer_stays() -> None:
    notes = [PieceNote(0, 100, 60), PieceNote(0, 200, 60), PieceNote(0, 50, 62), PieceNote(150, 300, 60)]
    assert settled(notes) == [PieceNote(0, 150, 60), PieceNote(0, 50, 62), PieceNote(150, 300, 60)]


def test_files_without_notes_are_refused() -> None:
    with pytest.raises(ParseError, match=r"x\.mid: no notes; expected music"):
        parse_piece(to_midi(Piece((Part(()),))), "x.mid")


def test_damaged_files_are_refused_and_nothing_else_happens() -> None:
    rng = random.Random(7)
    for one in chorales()[:2] + songs()[:2]:
        content = to_midi(one)
        for _ in range(60):
            broken = bytearray(content)
            for _ in range(rng.randint(1, 6)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                read = parse_piece(bytes(broken[: rng.randint(1, len(broken))]), "x.mid")
            except ParseError:
                continue
            assert parse_piece(to_midi(read), "y.mid").parts == read.parts


def test_a_silence_of_days_is_refused() -> None:
    with pytest.raises(ParseError, match="lasts more than"):
        parse_piece(to_midi(piece(Part((PieceNote(0, 10, 60), PieceNote(10**8, 10**8 + 1, 60))))), "x.mid")


# ------------------------------------------------------------------------------------------------ bars


def with_pickup(one: Piece, quarters: int) -> Piece:
    """The piece without its first bar but for so many quarters, as a file that states the first full bar has it."""
    first = one.meters[0]
    cut = first.ticks - quarters * TICKS
    parts = tuple(
        Part(
            tuple(n._replace(onset=n.onset - cut, end=n.end - cut) for n in part.notes if n.onset >= cut),
            part.program,
            part.drums,
            part.name,
        )
        for part in one.parts
    )
    return replace(one, parts=parts, meters=(first, first._replace(time=quarters * TICKS)), tempos=one.tempos[:1])


@pytest.mark.parametrize("quarters", [1, 2])
def test_a_pickup_comes_back_from_files_and_from_every_vocabulary_with_bars(quarters: int) -> None:
    pieces = [with_pickup(one, quarters) for one in songs() if one.meters[0].ticks > 2 * TICKS]
    tokenizer = PieceTokenizer.fit("remi", pieces)
    for one in pieces:
        assert one.pickup == quarters * TICKS
        assert one.bar_lines[:2] == (0, quarters * TICKS)
        assert parse_piece(to_midi(one), "x.mid") == one
        assert fault_of(one) == ""
        back = tokenizer.decode(tokenizer.encode(one))
        assert back.bar_lines[:3] == one.bar_lines[:3]
        assert [[(n.onset, n.number) for n in p.notes] for p in back.parts] == [
            [(n.onset, n.number) for n in p.notes] for p in one.parts
        ]


def test_silence_before_the_first_note_goes() -> None:
    one = songs()[0]
    bar = one.meters[0].ticks
    later = moved(one, bar)
    assert from_first_note(later).parts == one.parts
    assert from_first_note(later).bar_lines == one.bar_lines
    assert from_first_note(moved(one, bar - TICKS)).pickup == TICKS
    assert in_full_bars(from_first_note(moved(one, bar - TICKS))).parts == moved(one, bar - TICKS).parts


def test_pickups_of_chorales_are_found_where_the_files_do_not_say() -> None:
    without = {"bwv40.8"}  # the others begin with a quarter before the first bar, as music21 has their scores
    found = [with_bars(one) for one in chorales()]
    right = sum(one.pickup == (0 if name in without else TICKS) for name, one in zip(CHORALES, found, strict=True))
    assert right >= len(CHORALES) - 3
    assert all(one.inferred for one in found if one.pickup)
    assert [one.parts for one in found] == [one.parts for one in chorales()]


def test_what_a_file_states_is_not_changed() -> None:
    for one in songs():
        stated = with_pickup(one, 1)
        assert with_bars(stated).meters == stated.meters


# ------------------------------------------------------------------------------------------------ corpora


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pieces")
    for number, one in enumerate(songs()):
        write_midi(one, path / f"song-{number:02}.mid")
    for number, one in enumerate(chorales()):
        write_midi(one, path / f"chorale-{number}.mid")
        write_midi(transposed(one, 2), path / f"chorale-{number}-up.mid")
    write_midi(chorales()[0], path / "copy.mid")
    (path / "text.mid").write_text("not music")
    (path / "tune.abc").write_text("X:1\nT:A tune\nM:4/4\nL:1/8\nK:D\nABcd efga|bagf edcB|AFDF AFDF|E2 E2 D4|]\n")
    return path


def test_a_folder_is_read_and_nothing_vanishes(folder: Path) -> None:
    corpus = read_pieces(folder)
    assert corpus.read == len(songs()) + 2 * len(chorales()) + 2
    assert [item.reason for item in corpus.dropped] == [
        "begins with b'not '; expected a MIDI file, which begins with b'MThd'"
    ]
    assert len(corpus.duplicates) == 1
    assert len(corpus.train) + len(corpus.valid) + len(corpus.test) == len(corpus.pieces)
    assert set(corpus.split) <= set(SPLITS)
    assert read_pieces(folder) == corpus


def test_a_piece_in_another_key_is_of_its_family_and_in_its_part(folder: Path) -> None:
    corpus = read_pieces(folder)
    at = {Path(one.source.removesuffix(":1")).stem: place for place, one in enumerate(corpus.pieces)}
    for number in range(len(chorales())):
        one, up = at[f"chorale-{number}"], at[f"chorale-{number}-up"]
        assert corpus.families[one] == corpus.families[up]
    for family in set(corpus.families):
        assert len({part for part, of in zip(corpus.split, corpus.families, strict=True) if of == family}) == 1


def test_two_settings_of_one_melody_are_one_family(tmp_path: Path) -> None:
    one = chorales()[0]
    other = replace(one, parts=(one.parts[0], Part(tuple(n._replace(number=n.number - 3) for n in one.parts[3].notes))))
    write_midi(one, tmp_path / "a.mid")
    write_midi(other, tmp_path / "b.mid")
    assert len(set(read_pieces(tmp_path).families)) == 1


def test_what_is_told_adds_up(folder: Path, tmp_path: Path) -> None:
    corpus = read_pieces(folder)
    described = describe_pieces(corpus)
    assert sum(described["split"].values()) == described["tunes"] - described["duplicates"]
    assert sum(described["parts"].values()) == len(corpus.pieces)
    assert described["instruments"]["drums"] == len(songs())
    text = pieces_text(described)
    assert "Dropped: 1" in text
    assert "text.mid" in text
    assert "Flute" in text
    write_piece_split(corpus, tmp_path / "split.tsv")
    rows = (tmp_path / "split.tsv").read_text().splitlines()
    assert len(rows) == 1 + len(corpus.pieces)


def test_a_folder_without_music_says_what_was_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match=r"no piece could be read, 1 dropped, the first: .*a\.mid:1: begins with"):
        read_pieces(tmp_path)


def test_long_lists_stay_short() -> None:
    dropped = [{"source": f"{number}.mid:1", "reason": f"reason {number % 40}"} for number in range(100_000)]
    described = {
        "name": "many",
        "tunes": 0,
        "notes": 0,
        "bars": 0,
        "seconds": 0,
        "duplicates": 0,
        "families": 0,
        "split": dict.fromkeys(SPLITS, 0),
        "parts": {},
        "instruments": {},
        "meters": {},
        "repairs": {},
        "inferred": {},
        "dropped": dropped,
    }
    assert len(pieces_text(described).splitlines()) < 25
