import pytest

from tests.support.small_runs import real_tunes
from tunewright.formats.abc.texts import body_start, canonical_text, verbatim_text
from tunewright.support.errors import TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer


@pytest.mark.parametrize("text", ["canonical", "verbatim"])
def test_every_real_tune_comes_back(text: str) -> None:
    tunes = real_tunes()
    tokenizer = CharTokenizer.fit(tunes, text)
    for tune in tunes:
        assert tokenizer.decode(tokenizer.encode(tune)) == tune


def test_text_comes_back_character_by_character() -> None:
    tokenizer = CharTokenizer.fit(real_tunes(), "verbatim")
    for tune in real_tunes():
        assert tokenizer.decode_text(tokenizer.encode(tune)) == verbatim_text(tune)


def test_canonical_text_tells_only_rhythm_metre_unit_and_key_before_the_body() -> None:
    for tune in real_tunes():
        text = canonical_text(tune)
        header = text[: body_start(text)].splitlines()
        assert [line[0] for line in header] == [letter for letter in "RMLK" if letter != "R" or tune.rhythm]
        assert not any(line[1:2] == ":" and line[0].isalpha() for line in text[body_start(text) :].splitlines())


def test_the_vocabulary_is_the_same_whatever_the_order_of_the_tunes() -> None:
    tunes = real_tunes()
    assert CharTokenizer.fit(tunes).vocab == CharTokenizer.fit(tunes[::-1]).vocab


def test_characters_that_training_never_saw_are_one_id_and_counted() -> None:
    tokenizer = CharTokenizer(("\n\n", "\N{REPLACEMENT CHARACTER}", "A", "B"))
    assert tokenizer.encode_text("ABCC\N{REPLACEMENT CHARACTER}") == [2, 3, 1, 1, 1]
    assert tokenizer.unseen("ABCC") == {"C": 2}
    assert tokenizer.decode_text([2, 1, 0]) == "A\N{REPLACEMENT CHARACTER}\n\n"


def test_what_follows_the_end_is_not_decoded() -> None:
    tune = real_tunes()[0]
    tokenizer = CharTokenizer.fit([tune])
    ids = tokenizer.encode(tune)
    assert tokenizer.decode([*ids, tokenizer.END, *ids]) == tune


@pytest.mark.parametrize("ids", [[99999], [-1], [], [0]])
def test_ids_that_spell_no_tune_are_a_token_error(ids: list[int]) -> None:
    with pytest.raises(TokenError):
        CharTokenizer.fit(real_tunes()[:1]).decode(ids)


def test_a_tokenizer_survives_its_json() -> None:
    tokenizer = CharTokenizer.fit(real_tunes(), "verbatim")
    assert CharTokenizer.from_json(tokenizer.to_json()) == tokenizer


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "characters", "text": "canonical", "vocab": [1, 2]}'])
def test_broken_json_is_a_token_error(text: str) -> None:
    with pytest.raises(TokenError):
        CharTokenizer.from_json(text)


def test_the_body_begins_after_the_key_and_not_at_a_later_one() -> None:
    assert body_start("X:1\nK:D\nABc\nK:G\nABc") == len("X:1\nK:D\n")
    assert body_start("ABc") == 0
