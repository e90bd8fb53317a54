from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.short_pieces import line, piece
from tunewright.music.piece import TICKS, Piece
from tunewright.tokens.polyphony.context import BARS, LOWEST, MOST_BEGUN, POSITIONS, PieceFeatures, PieceReader, Row
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.polyphony.vocabulary import VOCABULARIES


def told_before_notes(tokenizer: PieceTokenizer, one: Piece) -> Iterator[tuple[int, int, Row]]:
    """The program as spelled, the number of every note, and the row that the model reads before it."""
    rows = tokenizer.context([tokenizer.END, *tokenizer.encode(one)]).tolist()
    program = 0
    for row, after in pairwise(rows):
        kind, _, value = tokenizer.vocab[row[0]].partition("_")
        program = int(value) if kind == "Program" else program
        kind, _, value = tokenizer.vocab[after[0]].partition("_")
        if kind in ("Pitch", "PitchDrum"):
            yield program, int(value), row


def test_a_row_tells_what_the_notes_of_the_piece_say() -> None:
    tokenizer = PieceTokenizer.fit("remi", songs())
    for one in songs():
        bar = one.meters[0].ticks
        beat = 4 * TICKS // one.meters[0].denominator
        step = beat // PieceFeatures(tokenizer).grid
        events = sorted(
            (note.onset, -1 if part.drums else place, note.number, note.end)
            for place, part in enumerate(one.parts)
            for note in part.notes
        )
        spelled = list(told_before_notes(tokenizer, one))
        assert [number for _, number, _ in spelled] == [number for _, _, number, _ in events]
        last: dict[int, int] = {}
        at: dict[tuple[int, int], int] = {}
        ends: list[tuple[int, int]] = []
        here, now = 0, -1
        for (onset, _, number, end), (program, _, row) in zip(events, spelled, strict=True):
            here = here if onset == now else 0
            now = onset
            _, position, of_eight, begun, part, before, *rest = row
            back, (_, *heard) = rest[:3], rest[3:]
            assert position == min(onset % bar // step + 1, POSITIONS - 1)
            assert of_eight == onset // bar % BARS
            assert begun == min(here, MOST_BEGUN)
            assert part == program + 2
            assert before == last.get(program, -1) + 1
            assert back == [at.get((program, onset - bars * bar), -1) + 1 for bars in (1, 2, 4)]
            numbers = sorted({sounding + 1 for sounding, until in ends if until > onset})
            assert [low for low in heard[:LOWEST] if low] == numbers[:LOWEST]
            assert heard[LOWEST] == (numbers[-1] if len(numbers) > LOWEST else 0)
            last[program] = at[program, onset] = number
            ends += [(number, end)] if program >= 0 else []
            here += 1


def test_the_scale_that_is_told_holds_the_last_notes() -> None:
    for root in (0, 7, 2, 10):
        tonal = piece(line(*[60 + root + step for step in (0, 2, 4, 5, 7, 9, 11, 12)] * 4))
        tokenizer = PieceTokenizer.fit("remi", [tonal])
        rows = tokenizer.context(tokenizer.encode(tonal)).tolist()
        assert rows[-1][9] == root % 12 + 1


@pytest.mark.parametrize("kind", sorted(VOCABULARIES))
def test_every_column_stays_within_its_size(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, songs() + chorales())
    places = PieceFeatures(tokenizer)
    for one in (*songs()[:4], *chorales()[:4]):
        for row in tokenizer.context([tokenizer.END, *tokenizer.encode(one)]).tolist():
            assert len(row) == 1 + len(places.sizes)
            assert all(0 <= value < size for value, size in zip(row[1:], places.sizes, strict=True))


@pytest.mark.parametrize("kind", sorted(VOCABULARIES))
def test_nonsense_is_read_too(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, songs())
    reader = PieceReader(PieceFeatures(tokenizer))
    sizes = reader.features.sizes
    for step in range(600):
        row = reader.read((step * 37) % len(tokenizer.vocab))
        assert all(0 <= value < size for value, size in zip(row[1:], sizes, strict=True))


def test_vocabularies_that_shift_time_tell_the_same_places() -> None:
    remi, tsd = (PieceTokenizer.fit(kind, chorales()) for kind in ("remi", "tsd"))
    for one in chorales():
        rows = [[(number, row[1:]) for _, number, row in told_before_notes(kind, one)] for kind in (remi, tsd)]
        assert [number for number, _ in rows[0]] == [number for number, _ in rows[1]]
        assert rows[0][1:] == rows[1][1:]  # before the first note, nothing has told that a bar has begun


def test_joined_pairs_tell_the_same_places_as_single_tokens() -> None:
    tokenizer = PieceTokenizer.fit("remi", chorales(), bpe=400)
    plain = PieceTokenizer.fit("remi", chorales())
    for one in chorales()[:4]:
        joined = tokenizer.context(tokenizer.encode(one)).tolist()
        single = plain.context(plain.encode(one)).tolist()
        lengths = [len(tokenizer.tokens_of[row[0]]) for row in joined]
        ends = [sum(lengths[: place + 1]) - 1 for place in range(len(lengths))]
        assert [row[1:] for row in joined] == [single[end][1:] for end in ends]
