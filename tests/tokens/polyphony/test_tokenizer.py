import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.short_pieces import line, piece
from tunewright.music.piece import MeterAt, Part, Piece, PieceNote, transposed
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.masks import Masks
from tunewright.tokens.polyphony.fitting import grid_of
from tunewright.tokens.polyphony.grammar import PieceRules, PieceState
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.polyphony.vocabulary import VOCABULARIES, Slot, Struck
from tunewright.tokens.registry import codec_names

KINDS = sorted(VOCABULARIES)
EXACT_LENGTHS = [kind for kind in KINDS if kind != "structured"]


def music() -> tuple[Piece, ...]:
    return chorales() + songs()


def onsets(one: Piece) -> Counter[tuple[int, int, int, bool, str]]:
    """Every note by onset, number and part, which no vocabulary may lose."""
    return Counter(
        (note.onset, note.number, part.program, part.drums, "" if part.drums else part.name)
        for part in one.parts
        for note in part.notes
    )


def test_the_names_in_a_config_are_those_of_the_vocabularies() -> None:
    assert sorted(codec_names("piece")) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_note_of_a_piece_comes_back_in_its_part(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, music())
    named = {slot.name for slot in tokenizer.slots}
    assert {"Soprano", "Alto", "Tenor", "Bass", "Flute"} <= named
    for one in music():
        back = tokenizer.decode(tokenizer.encode(one))
        usual = tuple(replace(part, name=part.name if part.name in named else "") for part in one.parts)
        assert onsets(back) == onsets(replace(one, parts=usual))


@pytest.mark.parametrize("kind", KINDS)
def test_chorales_come_back_with_lengths_metres_and_tempi(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, chorales())
    for one in chorales():
        back = tokenizer.decode([*tokenizer.encode(one), tokenizer.END, 5, 5])
        assert [part.notes for part in back.parts] == [part.notes for part in one.parts]
        assert not tokenizer.miditok.config.use_time_signatures or back.meters == one.meters


@pytest.mark.parametrize("kind", ["remi", "tsd", "midilike", "cpword", "mmm"])
def test_lengths_come_back_in_every_metre(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, songs())
    for one in songs():
        back = tokenizer.decode(tokenizer.encode(one))
        lengths = [Counter((n.onset, n.end, n.number) for p in one.parts for n in p.notes) for one in (one, back)]
        assert lengths[0] == lengths[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tokenizer_comes_back_from_json_and_does_the_same(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, songs())
    back = PieceTokenizer.from_json(tokenizer.to_json())
    assert back == tokenizer
    assert back.vocab == tokenizer.vocab
    assert [back.encode(one) for one in songs()] == [tokenizer.encode(one) for one in songs()]


def test_pairs_make_pieces_shorter_and_lose_nothing() -> None:
    plain, paired = (PieceTokenizer.fit("remi", chorales(), bpe=bpe, transposed_by=2) for bpe in (0, 400))
    assert len(paired.vocab) == 400
    assert any("+" in name for name in paired.vocab)
    for one in chorales():
        assert len(paired.encode(one)) < 0.8 * len(plain.encode(one))
        assert onsets(paired.decode(paired.encode(one))) == onsets(one)
    back = PieceTokenizer.from_json(paired.to_json())
    assert back.encode(chorales()[0]) == paired.encode(chorales()[0])


def test_fitting_twice_gives_the_same() -> None:
    assert PieceTokenizer.fit("remi", songs(), bpe=300) == PieceTokenizer.fit("remi", songs(), bpe=300)


def test_pairs_of_compound_words_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"octuple describes notes by compound words; expected bpe=0"):
        PieceTokenizer.fit("octuple", chorales(), bpe=500)


def test_fewer_pairs_than_tokens_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"remi has \d+ tokens already"):
        PieceTokenizer.fit("remi", chorales(), bpe=20)


def test_an_unknown_vocabulary_is_refused() -> None:
    with pytest.raises(ConfigError, match="tokens is 'music'; known: beat"):
        PieceTokenizer.fit("music", chorales())


def test_equal_instruments_stay_apart() -> None:
    two = piece(line(60, 62, 64), line(48, 50, 52))
    tokenizer = PieceTokenizer.fit("remi", [two])
    assert tokenizer.slots == (Slot(0, "", 0), Slot(0, "", 1))
    assert tokenizer.decode(tokenizer.encode(two)).parts == two.parts


def test_pieces_moved_to_other_keys_are_covered() -> None:
    tokenizer = PieceTokenizer.fit("remi", chorales(), transposed_by=3)
    for semitones in (-3, 3):
        moved = transposed(chorales()[0], semitones)
        assert onsets(tokenizer.decode(tokenizer.encode(moved))) == onsets(moved)


@pytest.mark.parametrize(
    ("strange", "told"),
    [
        (piece(line(60, 62), line(70, 72)), "number 2 of its kind: no training piece has it"),
        (piece(line(60, 100)), "a note of number 100; the training pieces have 60 to 64"),
        (piece(line(60, 62), meter=(5, 8)), "metre 5/8, which no training piece has"),
        (Piece((Part((PieceNote(0, 480, 60),), 30),), (MeterAt(0, 4, 4),)), r"a part \(General MIDI program 31\)"),
    ],
)
def test_what_no_training_piece_has_is_refused(strange: Piece, told: str) -> None:
    tokenizer = PieceTokenizer.fit("remi", [piece(line(60, 62, 64))])
    with pytest.raises(TokenError, match=told):
        tokenizer.encode(strange)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_spell_nothing_are_refused_or_read(kind: str) -> None:
    tokenizer = PieceTokenizer.fit(kind, songs())
    with pytest.raises(TokenError, match="no tokens"):
        tokenizer.decode([tokenizer.END])
    with pytest.raises(TokenError, match="outside the vocabulary"):
        tokenizer.decode([len(tokenizer.vocab)])
    refused = 0
    for start in range(1, len(tokenizer.vocab), 7):  # nonsense: a piece or a TokenError, nothing else
        ids = [1 + (start + 31 * place) % (len(tokenizer.vocab) - 1) for place in range(60)]
        try:
            tokenizer.decode(ids)
        except TokenError:
            refused += 1
    assert refused or not tokenizer.compound


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"kind": "remi"}', '{"kind": "remi", "format": 9}'])
def test_what_is_no_tokenizer_is_refused(broken: str) -> None:
    with pytest.raises(TokenError):
        PieceTokenizer.from_json(broken)


def test_a_description_that_sets_other_things_is_refused() -> None:
    stored = json.loads(PieceTokenizer.fit("remi", [piece(line(60, 62))]).to_json())
    stored["miditok"]["__class__"] = "something"
    with pytest.raises(TokenError, match="not a vocabulary of MidiTok"):
        PieceTokenizer.from_json(json.dumps(stored))


def test_the_grid_is_the_coarsest_that_holds_the_onsets() -> None:
    quarters, triplets = piece(line(60, 62, 64)), piece(line(60, 62, 64, quarters=1 / 3))
    assert (grid_of([quarters]), grid_of([triplets])) == (4, 12)
    assert grid_of([piece(line(60, 62, 64, quarters=1 / 8))]) == 8
    rubato = [piece(line(*range(40, 80), quarters=0.173))]
    assert grid_of(rubato) == 12


def test_one_strength_and_one_tempo_take_no_tokens_and_come_back() -> None:
    one = chorales()[0]
    tokenizer = PieceTokenizer.fit("remi", [one])
    assert not any(name.startswith(("Velocity", "Tempo")) for name in tokenizer.vocab)
    back = tokenizer.decode(tokenizer.encode(one))
    assert {note.velocity for part in back.parts for note in part.notes} == {tokenizer.velocity}
    assert back.tempos[0] == one.tempos[0]


# ------------------------------------------------------------------------------------------------ rules


def may_come(rules: PieceRules, state: PieceState, number: int, bars: int = 0) -> bool:
    row = rules.row(state, bars)
    return bool(rules.masks.table[row, number])


def walk(rules: PieceRules, ids: list[int], bars: int = 0) -> PieceState:
    state = PieceState()
    for number in ids:
        assert may_come(rules, state, number, bars), (state, rules.tokenizer.vocab[number])
        following = rules.after(state, number)
        assert following is not None
        state = following
    return state


@pytest.mark.parametrize(("kind", "bpe"), [*((kind, 0) for kind in KINDS), ("remi", 400), ("tsd", 400)])
def test_the_rules_let_every_training_piece_through(kind: str, bpe: int) -> None:
    tokenizer = PieceTokenizer.fit(kind, music(), bpe=bpe)
    rules = PieceRules(tokenizer, Masks(len(tokenizer.vocab)))
    for one in music():
        ended = walk(rules, tokenizer.encode(one))
        assert may_come(rules, ended, tokenizer.END)
    assert rules.masks.table[1:].mean() < 0.6  # and not everything


def test_positions_rise_and_end_with_the_bar() -> None:
    tokenizer = PieceTokenizer.fit("remi", songs())
    rules = PieceRules(tokenizer, Masks(len(tokenizer.vocab)))
    ids = {name: number for number, name in enumerate(tokenizer.vocab)}
    state = walk(rules, [ids["Bar_None"], ids["TimeSig_3/4"], ids["Position_4"]])
    allowed = {name for name, number in ids.items() if may_come(rules, state, number)}
    assert not any(name.startswith("Position") for name in allowed)
    state = walk(rules, [ids["Bar_None"], ids["TimeSig_3/4"]])
    first = {name for name in ids if name.startswith("Position") and rules.after(state, ids[name])}
    assert first == {f"Position_{place}" for place in range(12)}  # three quarters of four steps


def test_a_piece_of_so_many_bars_ends_after_them_and_not_before() -> None:
    tokenizer = PieceTokenizer.fit("remi", chorales())
    rules = PieceRules(tokenizer, Masks(len(tokenizer.vocab)))
    bar = tokenizer.vocab.index("Bar_None")
    one = tokenizer.encode(chorales()[0])
    begun = one.count(bar)
    state = walk(rules, one, bars=begun)
    assert may_come(rules, state, tokenizer.END, begun)
    after = rules.after(state, bar)
    assert after is not None
    assert may_come(rules, after, tokenizer.END, begun)
    assert not any(may_come(rules, after, number, begun) for number in range(1, len(tokenizer.vocab)))
    assert not may_come(rules, state, tokenizer.END, begun + 1)
    tsd = PieceTokenizer.fit("tsd", chorales())
    with pytest.raises(ConfigError, match="a piece in tsd does not tell its bars"):
        PieceRules(tsd, Masks(len(tsd.vocab))).check_bars(8)


def test_notes_that_begin_together_stand_in_order() -> None:
    struck = Struck().after("Program_1")
    assert struck is not None
    struck = struck.after("Pitch_60")
    assert struck is not None
    assert struck.after("Pitch_60") is None
    assert struck.after("Pitch_61") is not None
    assert struck.after("Program_0") is None
    moved_on = struck.after("Position_4")
    assert moved_on is not None
    assert moved_on.after("Pitch_60") is not None
