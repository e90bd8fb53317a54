import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.musical import first_bars, regular_tunes, trained, wild
from tests.support.small_runs import SMALL, corpus_of, real_tunes, run_small, small
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.texts import canonical_text
from tunewright.formats.abc.validity import judge
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.keywords import generate
from tunewright.generation.sampling import Sampling, sample
from tunewright.models.attention import BLOCK
from tunewright.models.building import build_model
from tunewright.models.settings import MODELS
from tunewright.music.form import form_of
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Key, Note, Pitch, Rest, Tune
from tunewright.support.errors import ConfigError, RunError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.characters.writer import CharWriter
from tunewright.tokens.requests import Infill, Request, Variation, build_request
from tunewright.training.loop import train_steps

NAMES = ("lstm", "gru", "attentive-lstm", "transformer")
ROWS = CharWriter.rows
LONGER = BLOCK + 6  # ids: more than one block of what is attended to


def untrained(cell: str = "lstm", precision: str = "fp32", width: int = 20) -> Generator:
    config = small(cell).with_(hidden_size=width, embedding_dim=8)
    tokenizer = CharTokenizer.fit(real_tunes())
    model = build_model(config.model, len(tokenizer.vocab)).eval()
    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.head.weight.mul_(20)  # so that it matters what was read
        for weight in model.parameters():
            if not weight.any():  # begins as zeros
                weight.copy_(torch.randn(weight.shape, generator=chance) / 4)
    return Generator(model, tokenizer, "untrained", precision, config)


@pytest.fixture(scope="module")
def by_heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows one tune by heart."""
    path = tmp_path_factory.mktemp("runs") / "by-heart"
    config = SMALL.with_(hidden_size=96, num_layers=1, dropout=0.0, learning_rate=1e-2)
    config = config.with_(seq_length=350, batch_size=8, start_share=0.7, num_training_iterations=200, eval_every=200)
    corpus = corpus_of(real_tunes()[8:9], real_tunes()[8:9])
    *_, last = train_steps(corpus, path, config)
    assert last.train_loss < 0.1
    return path


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", NAMES)
def test_a_tune_is_the_same_whatever_is_drawn_beside_it(cell: str, precision: str) -> None:
    generator = untrained(cell, precision)
    options = {"max_length": LONGER, "seed": 5, "free": True}
    number = 9 + (0 if MODELS[cell].attends else ROWS)  # rows are replaced where fewer are drawn side by side
    many, few, one = (
        [drawn.text for drawn in generate(generator, number, batch_size=rows, **options)]  # type: ignore[arg-type]
        for rows in (3 * ROWS, 4, 1)
    )
    assert many == few == one
    for index in (0, 7, number - 6):
        (alone,) = generate(generator, 1, seed=5 + index, max_length=LONGER, free=True)
        assert _music(alone.text) == _music(many[index])
    assert len({_music(text) for text in many}) == len(many)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
@pytest.mark.parametrize("best_of", [1, 2])
def test_several_processes_draw_the_same_tunes(best_of: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tunewright.generation.generator"], "usable_processes", lambda most: most)
    generator = untrained("lstm", "fp32")
    options = {"max_length": 60, "free": True, "best_of": best_of}
    one, three = (list(generate(generator, 8, jobs=jobs, **options)) for jobs in (1, 3))  # type: ignore[arg-type]
    assert one == three
    assert [drawn.index for drawn in three] == list(range(8))


def _music(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line[:2] not in ("X:", "T:"))


def test_tunes_come_in_order_with_their_seeds() -> None:
    drawn = list(generate(untrained(), 70, seed=100, max_length=30, free=True))
    assert [tune.index for tune in drawn] == list(range(70))
    assert [tune.seed for tune in drawn] == list(range(100, 170))
    assert all(
        f"N:seed {tune.seed}, temperature 1," in tune.text and tune.text.startswith(f"X:{tune.index + 1}\n")
        for tune in drawn
    )


def test_a_model_that_knows_a_tune_writes_it_and_ends(by_heart: Path) -> None:
    (drawn,) = generate(by_heart, 1, temperature=0, free=True)
    expected = real_tunes()[8]
    assert drawn.tune == expected
    assert drawn.ended
    assert drawn.valid == (not judge(canonical_text(expected))[1])
    assert -0.5 < drawn.log_likelihood_per_note < 0
    assert parse_abc(drawn.text) == [expected]


def test_the_note_of_how_it_was_drawn_is_nothing_to_repair(by_heart: Path) -> None:
    several = list(generate(by_heart, 3, seed=19, temperature=0.2))
    assert len(several) == 3
    for drawn in several:
        assert drawn.tune is not None
        assert drawn.tune.header("N").startswith(f"seed {drawn.seed}, temperature 0.2, top-k 0,")
        assert not drawn.tune.repairs


def test_a_tune_that_does_not_end_is_cut_and_said_to_be() -> None:
    (drawn,) = generate(untrained(), 1, max_length=12, free=True)
    assert drawn.characters == 12
    assert not drawn.ended
    assert not drawn.valid
    assert math.isnan(drawn.log_likelihood_per_note)


def test_a_start_that_cannot_be_is_refused_in_its_own_words_whatever_was_drawn_before() -> None:
    reasons = set()
    for seed in range(4):
        with pytest.raises(ConfigError, match="cannot become a well-formed tune") as caught:
            list(generate(untrained(), 1, seed=seed, start="GABc dedB|GABc|z8z8z8z8|"))
        reasons.add(str(caught.value))
    for reason in reasons:
        quoted = reason.partition("at '")[2].partition("'")[0]
        assert quoted
        assert quoted in "GABc dedB|GABc|z8z8z8z8|"


def test_music_to_start_with_stands_at_the_beginning_of_the_body(by_heart: Path) -> None:
    tune = canonical_text(real_tunes()[8])
    several = list(generate(by_heart, 3, start="BAB d2", free=True))
    assert len(several) == 3
    for drawn in several:
        body = drawn.text.split("\nK:")[1].split("\n", 1)[1]
        assert body.startswith("BAB d2")
        assert drawn.text.split("\nK:")[1][0] == tune.split("\nK:")[1][0]


def test_a_start_with_a_key_alone_leaves_the_other_fields_to_the_model(by_heart: Path) -> None:
    free = next(generate(by_heart, 1, free=True))
    assert free.tune is not None
    for drawn in generate(by_heart, 3, start="K:F\nBAB d2", free=True):
        assert drawn.tune is not None
        assert (drawn.tune.key, drawn.tune.meter) == (Key("F"), free.tune.meter)
        assert drawn.text.split("K:F\n")[1].startswith("BAB d2")
        assert drawn.text.index("\nM:") < drawn.text.index("\nL:") < drawn.text.index("\nK:")


def test_a_start_with_a_header_keeps_its_header() -> None:
    start = "X:4\nT:Mine\nM:6/8\nL:1/8\nK:D major\n|: dcB"
    several = list(generate(untrained(), 2, start=start, max_length=60, free=True))
    assert len(several) == 2
    for drawn in several:
        assert "M:6/8\nL:1/8\nN:" in drawn.text
        assert "\nK:D\n|: dcB" in drawn.text


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": -1.0},
        {"top_p": 1.5},
        {"top_k": -1},
        {"min_p": 2.0},
        {"temperature": math.nan},
        {"start": "日本"},
        {"start": "A" * 5000},
        {"start": "M:nonsense/0\nK:Q"},
        {"n": 0},
        {"batch_size": 0},
    ],
)
def test_impossible_settings_are_refused_before_anything_is_drawn(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        generate(untrained(), **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_run_that_has_learnt_nothing_yet_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        generate(tmp_path / "none")
    run_small(tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").unlink()
    with pytest.raises(RunError, match="no such checkpoint"):
        generate(tmp_path / "run")


LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def frequencies(sampling: Sampling) -> list[float]:
    places = torch.arange(0.0005, 1, 0.001, dtype=torch.float64)
    drawn = sample(LOGITS.expand(len(places), -1), places, sampling)
    return [round(float((drawn == number).double().mean()), 2) for number in range(4)]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(top_k=2), [0.62, 0.38, 0, 0]),
        (Sampling(top_p=0.6), [0.62, 0.38, 0, 0]),
        (Sampling(top_p=0.0), [1, 0, 0, 0]),
        (Sampling(min_p=0.25), [0.53, 0.32, 0.16, 0]),
        (Sampling(temperature=0), [1, 0, 0, 0]),
        (Sampling(temperature=0.5), [0.68, 0.25, 0.06, 0.01]),
    ],
)
def test_ids_are_drawn_as_often_as_the_settings_say(sampling: Sampling, expected: list[float]) -> None:
    assert frequencies(sampling) == pytest.approx(expected, abs=0.011)


def test_a_sign_that_training_never_saw_is_never_written() -> None:
    generator = untrained()
    with torch.no_grad():
        generator.model.head.bias[CharTokenizer.UNKNOWN] = 1000.0
    several = list(generate(generator, 3, max_length=40, free=True))
    assert len(several) == 3
    for drawn in several:
        assert "\N{REPLACEMENT CHARACTER}" not in drawn.text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc | cBAG | FEDC |]", ""),
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc | cBAG | FEDCC |]", "bar 4 lasts 5/4, the metre is 1"),
        ("M:4/4\nL:1/4\nK:C\nCDEF | GABc |]", "has 2 bars, expected at least 4"),
        ("CDEF", "cannot be read"),
    ],
)
def test_well_formed_is_strict(text: str, error: str) -> None:
    assert judge(text)[1].startswith(error) if error else judge(text)[1] == ""
    assert judge(text, ended=False)[1]


def test_a_run_is_loaded_with_its_best_weights(by_heart: Path) -> None:
    assert load_generator(by_heart).name == "by-heart"


# ------------------------------------------------------------------------------------------------ musical tokens


SHORT = build_request(bars="8", meter="6/8", key="D")


def tunes(**options: Any) -> list[Generated]:
    return list(generate(wild(), **{"n": 5, "seed": 11, "request": SHORT, **options}))


def music(drawn: Sequence[Generated]) -> list[Tune | None]:
    return [one.tune for one in drawn]


def test_musical_tunes_are_well_formed_and_the_same_whatever_is_drawn_beside_them() -> None:
    many = tunes()
    assert all(one.valid and one.ended for one in many)
    assert len(set(music(many))) == len(many)
    assert music(tunes(batch_size=1)) == music(tunes(batch_size=3)) == music(many)
    for place in (0, 4):
        [alone] = tunes(n=1, seed=11 + place)
        assert alone.tune == many[place].tune
        assert alone.log_likelihood_per_note == pytest.approx(many[place].log_likelihood_per_note)
        assert alone.removed_mass == pytest.approx(many[place].removed_mass)
    assert all(one.removed_mass is not None and 0 <= one.removed_mass < 1 for one in many)
    assert all(-30 < one.log_likelihood_per_note < 0 for one in many)


def test_without_the_grammar_nothing_is_taken_away() -> None:
    drawn = tunes(request=Request(), free=True, max_length=80)
    assert all(one.removed_mass is None for one in drawn)
    assert not all(one.valid for one in drawn)


def test_bars_before_a_change_of_temperature_stay() -> None:
    request = build_request(parts="AB", bars="8", meter="2/4", key="G")
    plain = tunes(request=request)
    for bar in (3, 9):
        changed = tunes(request=request, temperature={1: 1.0, bar: 1.6})
        pairs = [(a.tune, b.tune) for a, b in zip(plain, changed, strict=True) if a.tune and b.tune]
        assert all(first_bars(a, bar - 1) == first_bars(b, bar - 1) for a, b in pairs)
        assert sum(a != b for a, b in pairs) >= 4


def test_of_several_candidates_the_one_with_the_highest_score_is_taken() -> None:
    candidates = {one.text for one in tunes(best_of=1)}
    shortest = tunes(best_of=4, score=lambda one: -one.characters)
    assert music(shortest) == music(tunes(best_of=4, score=lambda one: -one.characters, batch_size=2))
    assert all(few.characters <= one.characters for few, one in zip(shortest, tunes(), strict=True))
    likely = tunes(best_of=4)
    assert all(b.log_likelihood_per_note >= a.log_likelihood_per_note for a, b in zip(tunes(), likely, strict=True))
    assert music(likely) != music(tunes())
    assert len(candidates) == 5


def test_of_candidates_alike_the_first_is_taken_whenever_it_is_done() -> None:
    first = music(tunes())
    assert music(tunes(best_of=3, score=lambda _: 0.0)) == first
    assert music(tunes(best_of=3, score=lambda _: 0.0, batch_size=1)) == first


def test_a_bar_stands_as_often_in_a_row_as_it_may() -> None:
    options = {"request": build_request(bars="16", meter="3/8", key="D"), "temperature": 0.1, "n": 8}
    assert max(_longest_run(one) for one in tunes(**options)) > 2
    for limit in (1, 2):
        assert max(_longest_run(one) for one in tunes(**options, repeats=limit)) <= limit


def _longest_run(one: Generated) -> int:
    assert one.tune is not None
    bars = [one.tune.music[measure.start : measure.stop] for measure in one.tune.measures]
    return max(len(list(run)) for _, run in groupby(bars))


@pytest.mark.parametrize("make", [wild, trained])
def test_what_is_asked_for_is_what_comes_out(make: Callable[[], Generator]) -> None:
    rng = random.Random(6)
    for seed in range(15):
        request = any_request(rng)
        [one] = generate(make(), 1, seed=seed, request=request)
        assert one.tune is not None
        assert one.valid, one.error
        form = form_of(one.tune)
        assert form is not None
        assert request.key in (None, one.tune.key)
        assert request.meter in (None, one.tune.meter)
        assert request.rhythm in ("", one.tune.rhythm)
        assert not request.rhythm or str(one.tune.meter) in RHYTHMS[request.rhythm].meters
        assert request.form in (None, form)
        assert request.bars in (None, form.bars)
        if request.low and request.high:
            pitches = [pitch.midi for note in one.tune.notes for pitch in (*note.pitches, *note.grace)]
            assert request.low.midi <= min(pitches)
            assert max(pitches) <= request.high.midi


def any_request(rng: random.Random) -> Request:
    """A request of few bars, so that many can be tried."""
    key = f"{rng.choice(['D', 'G', 'A', 'Bb', 'F#'])} {rng.choice(['major', 'minor', 'dorian', 'mixolydian'])}"
    rhythm = rng.choice(["", *RHYTHMS])
    meter = rng.choice(["", *RHYTHMS[rhythm].meters] if rhythm else ["", "6/8", "C|", "5/4", "3/8"])
    parts = rng.choice(["", "AABB", "AAB", "ABC", "A"])
    bars = rng.choice(["4", "5", "8"] + ["4,6"] * (parts in ("AABB", "AAB")))
    pitch_range = rng.choice(["", "", "G3-E5", "D4-B5", "A4-F#6"])
    return build_request(
        key=rng.choice(["", key]), rhythm=rhythm, meter=meter, parts=parts, bars=bars, pitch_range=pitch_range
    )


def test_the_same_request_in_two_keys_gives_the_same_degrees() -> None:
    drawn = {tonic: tunes(n=3, request=replace(SHORT, key=Key(tonic, "dorian"))) for tonic in ("D", "Ab", "E")}
    encode = wild().tokenizer.encode
    for place in range(3):
        found = []
        for tonic, several in drawn.items():
            tune = several[place].tune
            assert tune is not None
            assert tune.key == Key(tonic, "dorian")
            ids = encode(tune)
            found.append([*ids[:3], *ids[5:]])  # all but tonic and octave
            for note in tune.notes:  # as read from the text: an accidental left out would be another pitch
                assert abs(note.pitch.alter - tune.key.signature[note.pitch.step]) <= 1
        assert found[0] == found[1] == found[2]


def test_a_start_is_how_the_tunes_begin() -> None:
    [begun] = parse_abc("X:1\nM:6/8\nL:1/8\nK:Edor\n|:E2F G3|A2")
    for request in (Request(), build_request(parts="AAB", bars="4", rhythm="jig")):
        for one in tunes(n=3, request=request, start="M:6/8\nK:Edor\n|:E2F G3|A2", max_length=3000):
            assert one.tune is not None
            assert one.valid, one.error
            assert one.tune.key == Key("E", "dorian")
            assert one.tune.music[: len(begun.music)] == begun.music
            assert math.isfinite(one.log_likelihood_per_note)


@pytest.mark.parametrize("make", [wild, trained])
def test_bars_are_filled_in_and_the_rest_stays(make: Callable[[], Generator]) -> None:
    rng = random.Random(2)
    for tune in regular_tunes()[150::60]:
        first = rng.choice(tune.measures).number
        last = min(first + rng.randrange(4), tune.measures[-1].number)
        chosen = [measure for measure in tune.measures if first <= measure.number <= last]
        drawn = list(generate(make(), 2, seed=first, given=Infill(tune, first, last)))
        for one in drawn:
            assert one.tune is not None
            assert one.valid, one.error
            after = tune.music[chosen[-1].stop :]
            assert one.tune.music[: chosen[0].start] == tune.music[: chosen[0].start]
            assert one.tune.music[len(one.tune.music) - len(after) :] == after
            assert [m.length for m in one.tune.measures] == [m.length for m in tune.measures]
            assert (one.tune.key, one.tune.meter, one.tune.rhythm) == (tune.key, tune.meter, tune.rhythm)
            inside = len(one.tune.notes) - one.given_notes
            assert one.log_likelihood_per_note == pytest.approx(
                one.log_likelihood / inside if inside else math.nan, nan_ok=True
            )
        assert drawn[0].tune != drawn[1].tune


def test_nothing_varied_is_the_very_tune() -> None:
    for tune in regular_tunes()[150::80]:
        several = list(generate(wild(), 2, given=Variation(tune, 0.0)))
        assert len(several) == 2
        for one in several:
            assert one.tune == tune
            assert one.valid
            assert math.isnan(one.log_likelihood_per_note)  # nothing was drawn


def test_the_more_a_tune_is_varied_the_less_of_it_stays() -> None:
    shares = []
    chosen = [tune for tune in regular_tunes()[150:] if len(tune.notes) < 100][:3]
    for amount in (0.0, 0.3, 0.6, 1.0):
        kept = []
        for tune in chosen:
            for one in generate(wild(), 2, seed=3, given=Variation(tune, amount)):
                assert one.tune is not None
                assert one.valid, one.error
                assert [m.length for m in one.tune.measures] == [m.length for m in tune.measures]
                kept.append(_share_kept(tune, one.tune))
        shares.append(sum(kept) / len(kept))
    assert shares[0] == 1
    assert all(more > less for more, less in pairwise(shares))


def _share_kept(tune: Tune, varied: Tune) -> float:
    """The share of the notes of a tune that stand at the same place in its variation."""
    before, after = set(_placed(tune)), set(_placed(varied))
    return len(before & after) / len(before)


def _placed(tune: Tune) -> Iterator[tuple[int, Fraction, Pitch]]:
    for bar, measure in enumerate(tune.measures):
        into = Fraction(0)
        for element in tune.music[measure.start : measure.stop]:
            if isinstance(element, Note):
                yield bar, into, element.pitch
            if isinstance(element, Note | Rest):
                into += element.length


def test_each_bar_is_told_as_it_comes() -> None:
    seen: list[str] = []
    [one] = tunes(n=1, request=build_request(parts="AB", bars="4", meter="2/4", key="G"), on_bar=seen.append)
    assert one.tune is not None
    assert seen  # from where the octave is settled
    told = [note.pitches for note in parse_abc(seen[-1])[0].notes]
    assert [note.pitches for note in one.tune.notes][: len(told)] == told


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"given": Infill(parse_abc("X:1\nM:4/4\nL:1/4\nK:C\nC4|C3|C4|C4|]")[0], 1, 2)}, "bar 2 lasts"),
        ({"given": Infill(real_tunes()[8], 90, 99)}, "it has bars"),
        ({"given": Variation(real_tunes()[8], 2.0)}, "the amount is 2"),
        ({"given": Variation(real_tunes()[8], 0.5), "request": SHORT}, "expected no others"),
        ({"given": Variation(real_tunes()[8], 0.5), "free": True}, "need the grammar"),
        ({"request": SHORT, "start": "M:4/4\nK:D\nd4 d4|"}, "does not fit"),
        ({"temperature": {2: 1.0}}, "the first one 1"),
        ({"repeats": -1}, "repeats is -1"),
        ({"best_of": 0}, "expected at least 1"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_drawn(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        generate(wild(), **options)


def test_a_model_of_characters_neither_fills_in_nor_varies() -> None:
    for given in (Infill(real_tunes()[8], 1, 2), Variation(real_tunes()[8], 0.5)):
        with pytest.raises(ConfigError, match="neither fill in nor vary"):
            generate(untrained(), given=given)


def test_the_limit_of_repeats_holds_without_the_grammar_too() -> None:
    generator = untrained()
    with torch.no_grad():
        generator.model.head.bias.fill_(-50.0)
        for sign in "A|":
            generator.model.head.bias[generator.tokenizer.vocab.index(sign)] = 50.0
        generator.model.head.weight.zero_()
    start = "M:4/4\nL:1/4\nK:C\nA|A|A|"
    bars = []
    for repeats in (0, 1):
        (drawn,) = generate(generator, 1, start=start, repeats=repeats, free=True, max_length=400, temperature=1e-3)
        bars.append(drawn.text.split("K:C\n")[1][len("A|A|A|") :])
    assert bars[0] != bars[1]
