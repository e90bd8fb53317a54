"""Whatever the grammar lets a character model write is a tune without fault, and real tunes are let through."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import IRISH
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.reading import with_number
from tunewright.formats.abc.validity import judge
from tunewright.music.form import Form, Section, form_of
from tunewright.music.tune import Key, Meter, Pitch, Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar import CharGrammar, CharState, Request
from tunewright.tokens.characters.tokenizer import CharTokenizer

HEADER = "R:reel\nM:4/4\nL:1/8\nK:G\n"
JIG = "M:6/8\nL:1/8\nK:D\n"
FAVOURITES = {  # what a walk writes wherever it may
    "anything": "",
    "prefixes": '({"~.TMuv^_=',
    "ties": "-|",
    "pairs": "<>/",
    "tuplets": "(3246",
    "bars": "|:]12[!\n",
    "rests": "z|/",
}


@cache
def tunes_of(name: str) -> tuple[Tune, ...]:
    if name == "irish" and not IRISH.is_file():
        pytest.skip("shared/data/irish.abc is not here")
    corpus = read_corpus(IRISH if name == "irish" else name)
    return (*corpus.train, *corpus.valid, *corpus.test)


@cache
def grammar_of(name: str) -> CharGrammar:
    """The grammar of a vocabulary: that of a corpus and a text, or a small one."""
    if name == "small":
        return CharGrammar(CharTokenizer(("\n\n", "\ufffd", *sorted("\n |:MLK4/8GAB128]["))))
    if name == "no slash":
        return CharGrammar(CharTokenizer(("\n\n", "\ufffd", *sorted('\n |XT:MKCDEFG1"{}()')), "verbatim"))
    corpus, _, text = name.partition(" ")
    return CharGrammar(CharTokenizer.fit(tunes_of(corpus), text))


VOCABULARIES = ("oneill canonical", "irish canonical", "irish verbatim", "small", "no slash")


def walk(grammar: CharGrammar, choose: Callable[[Sequence[int]], int], request: Request) -> str:
    """A text that comes of choosing among what may come, until the end."""
    state, ids = grammar.start(request), list[int]()
    while not ids or ids[-1] != CharTokenizer.END:
        assert len(ids) <= request.max_length, grammar.tokenizer.decode_text(ids[-80:])
        ids.append(choose(grammar.masks.table[state.row].nonzero()[0].tolist()))
        state = state.after(ids[-1])
    return grammar.tokenizer.decode_text(ids[:-1]).strip("\n")


def favouring(grammar: CharGrammar, signs: str, seed: int, *, end: bool = True) -> Callable[[Sequence[int]], int]:
    rng = random.Random(seed)
    favourites = {number for number, sign in enumerate(grammar.tokenizer.vocab) if number > 1 and sign in signs}

    def choose(numbers: Sequence[int]) -> int:
        if not end and len(numbers) > 1:
            numbers = [number for number in numbers if number != CharTokenizer.END]
        liked = [number for number in numbers if number in favourites]
        return rng.choice(liked if liked and rng.random() < 0.7 else list(numbers))

    return choose


def complaints(texts: Sequence[str], folder: Path) -> list[str]:
    """What abc2midi finds wrong, R: left out: it calls a hornpipe in C| an error."""
    program = shutil.which("abc2midi")
    if program is None:
        return []
    path = folder / "walks.abc"
    kept = ["\n".join(line for line in text.split("\n") if not line.startswith("R:")) for text in texts]
    path.write_text("\n\n".join(with_number(text) for text in kept) + "\n", encoding="utf-8")
    output = subprocess.run([program, path, "-c"], capture_output=True, check=False, cwd=folder).stdout
    return re.findall(r"Error.*|Warning.*units.*", output.decode("latin-1"))


def check(texts: Sequence[str], folder: Path) -> None:
    for text in texts:
        tune, error = judge(text)
        assert tune is not None, text
        assert not error, f"{error}\n{text}"
    found = complaints(texts, folder)
    assert not found, f"{found[:3]}\n" + "\n\n".join(texts)


@pytest.mark.parametrize("kind", FAVOURITES)
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_walk_is_a_tune_without_fault(vocabulary: str, kind: str, tmp_path: Path) -> None:
    grammar = grammar_of(vocabulary)
    request = Request(max_length=900)
    texts = [walk(grammar, favouring(grammar, FAVOURITES[kind], seed), request) for seed in range(2)]
    check(texts, tmp_path)


@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_stubborn_walk_ends_in_time(vocabulary: str, place: int, tmp_path: Path) -> None:
    grammar, rng = grammar_of(vocabulary), random.Random(4)

    def choose(numbers: Sequence[int]) -> int:
        return numbers[place] if rng.random() < 0.97 else rng.choice(numbers)

    check([walk(grammar, choose, Request(max_length=length)) for length in (700, 1100)], tmp_path)


@pytest.mark.parametrize("kind", FAVOURITES)
def test_a_walk_that_would_go_on_for_ever_is_brought_to_its_end(kind: str, tmp_path: Path) -> None:
    grammar = grammar_of("oneill canonical")
    request = Request(max_length=800)
    texts = [walk(grammar, favouring(grammar, FAVOURITES[kind], seed, end=False), request) for seed in range(2)]
    check(texts, tmp_path)
    assert all(len(text) <= 800 for text in texts)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_asked_for_comes_out(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    grammar = grammar_of(rng.choice(("oneill canonical", "irish canonical")))
    meter = rng.choice((Meter(4, 4), Meter(6, 8), Meter(9, 8), Meter(2, 4), Meter(2, 2, "C|")))
    key = Key(rng.choice("GDAE"), rng.choice(("major", "minor", "dorian", "mixolydian")))
    form = Form(tuple(Section(rng.randint(2, 8), rng.random() < 0.6) for _ in range(rng.randint(2, 4))))
    request = Request(meter, key, rng.choice(("reel", "jig", "")), form, Pitch("D", 0, 4), Pitch("B", 0, 5))
    texts = [walk(grammar, favouring(grammar, rng.choice(("", "G|", "(3")), seed), request) for _ in range(2)]
    check(texts, tmp_path)
    for text in texts:
        (tune,) = parse_abc(with_number(text))
        assert (tune.meter, tune.key, tune.rhythm) == (meter, key, request.rhythm)
        assert form_of(tune) == form
        assert all(62 <= pitch.midi <= 83 for note in tune.notes for pitch in (*note.pitches, *note.grace))


@pytest.mark.parametrize(
    ("music", "refused"),
    [
        ("A8 | B8 | c8 | d12", "2"),
        ("A8 | B7 | c8 |", " c8 |"),
        ("A8 | (3ABc | ", " "),
        ("A4- B4", "B4"),
        ("A4- z4", "z4"),
        ("A8 | B8 | c8 | d8- |]", "]"),
        ("A8 | (B8 | c8 |]", "]"),
        ("A8 | (B8) ", ") "),
        ("A7>", ">"),
        ("A>B2", "2"),
        ("A8 | B8 |]", ""),
        ("A8 |\n\nB8", "\nB8"),
        ("z8 |", "8 |"),
        ("|: A8 | B8 | c8 | d8 |]", ""),
        ("A8 | B8 |2 c8", "2 c8"),
        ("A8 | B8 | c8 | d8 |1 e8 |]", "]"),
        ("{A}", ""),
        ("HA8 |", "HA8 |"),
        ("A8 | [GB]8", "GB]8"),
        ("V:1", "V:1"),
        ("!trill!A8", "!trill!A8"),
    ],
)
def test_the_first_wrong_sign_is_refused(music: str, refused: str) -> None:
    place = grammar_of("oneill canonical").refused(HEADER + music)
    assert place is not None
    assert (HEADER + music)[place:] == refused


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "AB | c2d2 e>d cB | (3ABc {d}d2 (ef) .gg | A4- .A4 |1 A6 :|2 B6 ||",
        HEADER + "|: A4 z4 | ^f8- | f8 | ~A2 B2 c2 d2 :|",
        JIG + "A | d2f a2f | d2f a2f | g2e c2A | d3 d2 :|",
        JIG + "A>BA d3 | (2de f3 | (4defg a3 | c'3 B,3 |] ",
        "M:C|\nL:1/16\nK:Em\nE4 F4 G4 A4 | B16 |\nE16 | E16 ||",
    ],
)
def test_a_right_tune_is_let_through(text: str) -> None:
    assert grammar_of("oneill canonical").refused(text.strip()) is None


def test_real_tunes_are_let_through() -> None:
    right = [tune for tune in tunes_of("oneill") if not tune.irregular and not tune.form_errors]
    grammar = grammar_of("oneill canonical")
    texts = [grammar.tokenizer.text_of(tune) for tune in random.Random(2).sample(right, 60)]
    plain = [text for text in texts if not re.search(r"H|\[", text)]  # fermatas, chords and changes of key are left out
    assert sum(grammar.refused(text) is None for text in plain) >= 0.95 * len(plain)


def test_real_tunes_are_let_through_as_their_files_have_them() -> None:
    right = [tune for tune in tunes_of("irish") if not tune.irregular and not tune.form_errors]
    grammar = grammar_of("irish verbatim")
    texts = [grammar.tokenizer.text_of(tune) for tune in random.Random(2).sample(right, 60)]
    plain = [text for text in texts if not re.search(r"\n[KM]:.*\n(.*\n)+[KM]:", text) and "[1" not in text]
    assert sum(grammar.refused(text) is None for text in plain) >= 0.95 * len(plain)


def test_equal_masks_are_one_row_and_a_state_can_be_gone_back_to() -> None:
    grammar = grammar_of("irish canonical")
    ids = grammar.tokenizer.encode_text(JIG + "A | d2f a2f | d2f a2f |")
    for _ in range(2):
        states: list[CharState] = [grammar.start()]
        for number in ids:
            states.append(states[-1].after(number))
        rows = [state.row for state in states]
        assert [state.after(number).row for state, number in zip(states, ids, strict=False)] == rows[1:]
    table = grammar.masks.table
    assert len({mask.tobytes() for mask in table}) == len(table)
    assert not table[rows][:, CharTokenizer.UNKNOWN].any()


def test_a_vocabulary_that_can_write_no_tune_is_refused() -> None:
    for signs in ("\n |:MLKAB4/8", "\n |:MLK4/81", "\n:MLK4/81AB", " |:MLK4/8AB\n"):
        tokenizer = CharTokenizer(("\n\n", "\ufffd", *sorted(signs)))
        with pytest.raises(ConfigError):
            CharGrammar(tokenizer).start()


@pytest.mark.parametrize(
    "request_",
    [
        Request(max_length=100),
        Request(low=Pitch("A"), high=Pitch("B")),
        Request(meter=Meter(5, 64)),
        Request(meter=Meter(0, 1)),
        Request(rhythm="ÖÄ"),
        Request(form=Form((Section(64, False),) * 12)),
    ],
    ids=["short", "narrow", "metre", "free metre", "rhythm", "long form"],
)
def test_what_cannot_be_written_is_refused_before_anything_is(request_: Request) -> None:
    with pytest.raises(ConfigError, match=r"expected|lacks"):
        grammar_of("irish canonical").start(request_)
