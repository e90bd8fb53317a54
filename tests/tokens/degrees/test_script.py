"""One tune while it is written: what has to come comes, what is written is the tune, whatever is drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.support.musical import regular_tunes, tokenizer
from tests.support.small_runs import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.music.form import form_of
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar import CharGrammar
from tunewright.tokens.characters.grammar import Request as TextRequest
from tunewright.tokens.characters.script import CharScript
from tunewright.tokens.characters.starts import read_start
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.degrees.context import read_rows
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.grammar import Grammar
from tunewright.tokens.degrees.plan import Plan, plan_infill, plan_tune, plan_variation
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.script import DegreeScript
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import Request, build_request

LONGEST = 6000


def writer(*, held: bool = True) -> DegreeRows:
    masks = Masks(len(tokenizer().vocab))
    return DegreeRows(tokenizer(), Grammar(tokenizer(), masks) if held else None, masks)


HELD = writer()


def write(script: DegreeScript, choose: Callable[[Sequence[int]], int]) -> list[tuple[int, ...]]:
    """The rows read while a script is written to its end, `choose` taking one of what may come."""
    rows = []
    while not script.ids or script.ids[-1] != tokenizer().END:
        number = script.forced
        if number < 0:
            row = script.row  # may be a new one
            number = choose(np.flatnonzero(HELD.masks.table[row]).tolist())
        rows.append(script.write(number))
        assert len(script.ids) < LONGEST
    return rows


def any_of(seed: int) -> Callable[[Sequence[int]], int]:
    """A choice at random, of notes that are one token nine times out of ten, so that tunes come to an end."""
    rng = random.Random(seed)

    def choose(allowed: Sequence[int]) -> int:
        assert allowed, "a dead end"
        notes = [number for number in allowed if number in tokenizer().timed]
        return rng.choice(notes if notes and rng.random() < 0.9 else allowed)

    return choose


# ------------------------------------------------------------------------------------------------ musical tokens


def test_a_real_tune_written_without_grammar_is_that_tune_and_read_as_it_was_learnt() -> None:
    free = writer(held=False)
    for tune in regular_tunes()[::12]:
        ids = [*tokenizer().encode(tune), tokenizer().END]
        script = DegreeScript(free, Plan(home=ids[4]))
        rows = [script.first, *(script.write(number) for number in ids)]
        assert rows == read_rows(ContextFeatures(tokenizer()), [tokenizer().END, *ids])
        assert script.tune() == tokenizer().prepared(tune)
        assert script.bars == sum(number in tokenizer().bar_lines for number in ids)
        assert script.key == tune.key
        assert sum(map(script.is_note, ids)) >= len(tune.notes)


def test_music_is_what_comes_after_header_and_form() -> None:
    tune = regular_tunes()[0]
    script, ids = DegreeScript(writer(held=False), Plan()), tokenizer().encode(tune)
    within = []
    for number in ids:
        within.append(script.in_body)
        script.write(number)
    music = len(tokenizer().encode_music(tokenizer().prepared(tune)))
    assert 0 < music < len(ids)
    assert within == [False] * (len(ids) - music) + [True] * music


REQUESTS = [
    {"parts": "AABB", "bars": "4", "key": "F# minor", "meter": "6/8"},
    {"bars": "11", "rhythm": "waltz"},
    {"bars": "100", "pitch_range": "G3-E5", "meter": "2/4"},
    {"parts": "AAB", "bars": "4,5", "pitch_range": "A4-F#6", "rhythm": "slip jig"},
    {"parts": "A", "bars": "5", "key": "Bb lydian", "meter": "12/8"},
    {"key": "C# mixolydian", "parts": "ABCDEF", "bars": "2", "pitch_range": "C4-G4"},
    {"meter": "3/8", "bars": "16"},
]


@pytest.mark.parametrize("words", REQUESTS, ids=str)
def test_what_is_asked_for_comes_out_whatever_is_drawn(words: dict[str, str]) -> None:
    request = build_request(**words)
    for seed in range(3):
        script = DegreeScript(HELD, plan_tune(tokenizer(), request))
        write(script, any_of(seed))
        tune = script.tune()
        form = form_of(tune)
        assert form is not None
        assert request.key in (None, tune.key)
        assert request.meter in (None, tune.meter)
        assert request.rhythm in ("", tune.rhythm)
        assert request.form in (None, form)
        assert request.bars in (None, form.bars)
        pitches = [pitch.midi for note in tune.notes for pitch in (*note.pitches, *note.grace)]
        if request.low and request.high:
            assert request.low.midi <= min(pitches)
            assert max(pitches) <= request.high.midi
        assert not tune.bar_errors
        assert not tune.form_errors


def test_without_a_range_the_melody_lies_in_the_middle_of_the_staff_in_every_key() -> None:
    for tonic in ("C", "D", "E", "F#", "Ab", "Bb"):
        script = DegreeScript(HELD, plan_tune(tokenizer(), build_request(key=tonic, bars="8", meter="4/4")))
        write(script, any_of(5))
        first = [note.pitch.midi for note in script.tune().notes[:24]]
        assert abs(sum(first) / len(first) - 71) <= 6.5


def test_the_same_is_drawn_in_every_key_and_spelled_in_it() -> None:
    def drawn(key: str) -> tuple[list[int], Tune]:
        request = build_request(key=key, meter="4/4", rhythm="reel", parts="AB", bars="4")
        script = DegreeScript(HELD, plan_tune(tokenizer(), request))
        rows = write(script, any_of(8))
        read.append(rows)
        return script.ids[4:], script.tune()

    read: list[list[tuple[int, ...]]] = []
    (first, _), *others = (drawn(f"{tonic} dorian") for tonic in ("D", "E", "Bb", "G#", "F"))
    assert all(ids == first for ids, _ in others)
    assert all(rows == read[0] for rows in read)


def test_the_music_to_begin_with_stands_at_the_beginning() -> None:
    for start in ("GABc dedB|", "M:6/8\nK:Ador\n|:A3 c3|e2", 'K:F\n"F"{g}f2 (3abc\' ~f4|'):
        plan = plan_tune(tokenizer(), Request(), start)
        meter = plan.meter or tokenizer().ids["M:4/4"]
        script = DegreeScript(
            HELD, Plan(plan.request, meter=meter, mode=plan.mode, tonic=plan.tonic, home=plan.home, music=plan.music)
        )
        write(script, any_of(2))
        head = "" if start.startswith("M") else "M:4/4\n" + ("" if "K:" in start else "K:G\n")
        [begun] = parse_abc(f"X:1\nL:1/8\n{head}{start}\n")
        assert script.tune().music[: len(begun.music)] == begun.music
        assert script.given_notes == len(begun.notes)


def test_filling_in_keeps_what_stands_around_and_the_frame_within() -> None:
    rng = random.Random(1)
    for tune in regular_tunes()[::10]:
        numbers = [measure.number for measure in tune.measures]
        first = rng.choice(numbers)
        last = min(first + rng.randrange(4), numbers[-1])
        script = DegreeScript(HELD, plan_infill(tokenizer(), tune, first, last))
        write(script, any_of(first))
        filled = script.tune()
        chosen = [measure for measure in tune.measures if first <= measure.number <= last]
        before, after = tune.music[: chosen[0].start], tune.music[chosen[-1].stop :]
        assert filled.music[: len(before)] == before
        assert filled.music[len(filled.music) - len(after) :] == after
        assert [m.length for m in filled.measures] == [m.length for m in tune.measures]
        assert [m.closing for m in filled.measures] == [m.closing for m in tune.measures]
        assert (filled.key, filled.meter, filled.rhythm) == (tune.key, tune.meter, tune.rhythm)
        assert not filled.form_errors


def test_notes_that_stay_in_a_variation_stand_where_they_stood() -> None:
    grid, stay = 6720 // 32, list[bool]()
    for tune in regular_tunes()[::10]:
        for amount in (0.2, 0.6):
            plan = plan_variation(tokenizer(), tune, amount, 3)
            script = DegreeScript(HELD, plan)
            write(script, any_of(1))
            features, found = ContextFeatures(tokenizer()), {}
            reader = DegreeScript(HELD, plan).reader
            for number in script.ids:
                onset = reader.onset
                reader.read(number)
                if reader.onset != onset and script.is_note(number):
                    found[onset] = reader.last[0]
            due = {o: features.sounds[pitch] for o, pitch in plan.anchors.items() if o[1] % grid == 0}
            stay += [found.get(onset) == sound for onset, sound in due.items()]
    assert len(stay) > 500
    assert sum(stay) > 0.97 * len(stay)  # what a tuplet leaves no room for goes


def test_nothing_is_drawn_of_the_same_tune() -> None:
    tune = regular_tunes()[5]
    script = DegreeScript(HELD, plan_variation(tokenizer(), tune, 0.0, 1))
    while not script.ids or script.ids[-1] != tokenizer().END:
        assert script.forced >= 0
        script.write(script.forced)
    assert script.tune() is tune
    assert script.given_notes == len(tune.notes)


def test_grace_notes_do_not_count_as_notes_given() -> None:
    plan = plan_tune(tokenizer(), Request(), "K:D\n{ef}d2 {g}f2 z2")
    assert DegreeScript(HELD, plan).given_notes == 2


# ------------------------------------------------------------------------------------------------ characters


def chars() -> CharTokenizer:
    return CharTokenizer.fit(real_tunes(), "canonical")


def written(start: str, drawn: str) -> CharScript:
    """What is written where a model draws this, and the start comes where it has to."""
    characters = chars()
    script = CharScript(characters, read_start(start, characters, 4000), None, Masks(len(characters.vocab)))
    left = list(characters.encode_text(drawn)[::-1])
    while left or script.forced >= 0:
        script.write(script.forced if script.forced >= 0 else left.pop())
    return script


def test_a_field_of_the_start_takes_the_place_of_the_models() -> None:
    script = written("K:G\nGAB", "M:6/8\nL:1/8\nK:cd|")
    assert chars().decode_text(script.ids) == "M:6/8\nL:1/8\nK:G\nGABcd|"
    assert script.in_body
    assert script.bars == 1
    assert script.given_notes == 3


def test_a_whole_header_is_written_first() -> None:
    script = written("M:3/4\nL:1/8\nK:D\nd2", "e2|")
    assert chars().decode_text(script.ids) == "M:3/4\nL:1/8\nK:D\nd2e2|"


def test_a_start_that_is_not_well_formed_is_refused_where_it_is_written() -> None:
    characters, masks = chars(), Masks(len(chars().vocab))
    state = CharGrammar(characters, masks).start(TextRequest())
    script = CharScript(characters, read_start("M:3/4\nL:1/8\nK:D\nd8|", characters, 4000), state, masks)
    with pytest.raises(ConfigError, match="cannot become a well-formed tune"):
        list(iter(lambda: script.forced >= 0 and script.write(script.forced), False))


def test_the_end_of_a_tokenizer_is_the_first_id() -> None:
    assert DegreeTokenizer.END == CharTokenizer.END == 0
