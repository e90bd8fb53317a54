from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.small_runs import SMALL, real_tunes
from tests.support.small_runs import corpus_of as tunes
from tunewright.corpus.corpus import PieceCorpus
from tunewright.formats.midi.pieces import parse_piece, to_midi
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.pieces import GeneratedPiece, generate_pieces
from tunewright.generation.tunes import generate
from tunewright.models.likelihood import likelihood
from tunewright.music.piece import Piece, first_bars
from tunewright.support.errors import ConfigError, RunError
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.polyphony.augmentation import MovedPieces
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.registry import fit_codec
from tunewright.training.batches import Windows, build_windows
from tunewright.training.config import Config
from tunewright.training.loop import train_steps
from tunewright.training.run import load_run

PIECES = SMALL.with_(tokens="remi", told_share=0.0, seq_length=64, batch_size=4, num_training_iterations=6)


def corpus_of(learned: Sequence[Piece], held_out: Sequence[Piece]) -> PieceCorpus:
    split = ("train",) * len(learned) + ("valid",) * len(held_out)
    return PieceCorpus("made here", (*learned, *held_out), split, tuple(range(len(split))))


def run_of(path: Path, config: Config = PIECES) -> Path:
    *_, last = train_steps(corpus_of(songs()[:8], songs()[8:10]), path, config)
    assert last.status == "finished"
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="module")
def by_heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knows the first bars of one chorale by heart."""
    path = tmp_path_factory.mktemp("runs") / "by-heart"
    config = PIECES.with_(hidden_size=128, num_layers=1, dropout=0.0, learning_rate=1e-2, seq_length=256)
    config = config.with_(start_share=0.8, num_training_iterations=200, eval_every=200)
    short = first_bars(chorales()[0], 5)
    *_, last = train_steps(corpus_of([short], [short]), path, config)
    assert last.train_loss < 0.1
    return path


def described(drawn: GeneratedPiece) -> tuple[object, ...]:
    return drawn.index, drawn.seed, drawn.ids, drawn.ended, drawn.error


# ------------------------------------------------------------------------------------------------ what is learned


def test_a_run_folder_holds_all_that_drawing_needs(run: Path) -> None:
    found = load_run(run)
    assert isinstance(found.tokenizer, PieceTokenizer)
    assert found.config.tokens.kind == "remi"
    assert found.summary["bits_per_note"] > 0


def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    config = PIECES.with_(transpose=3, num_training_iterations=8, eval_every=4)
    corpus = corpus_of(songs()[:4], songs()[4:5])
    straight = [progress.loss for progress in train_steps(corpus, tmp_path / "a", config)]
    stepped = train_steps(corpus, tmp_path / "b", config)
    first = [next(stepped).loss for _ in range(3)]
    stepped.close()
    rest = [progress.loss for progress in train_steps(corpus, tmp_path / "b", None, resume=True)]
    assert (first + rest)[:8] == straight[:8]


def test_windows_hold_every_piece_moved_by_some_semitones() -> None:
    config = PIECES.with_(transpose=2)
    pieces = songs()[:5]
    tokenizer = PieceTokenizer.fit("remi", pieces, transposed_by=2)
    windows = Windows(MovedPieces(tokenizer, pieces, 2, Counter()), config)
    seen = set()
    for time in range(12):
        data, begins = windows.joined(time).ids, windows.joined(time).begins.tolist()
        for start, end in pairwise([*begins, len(data) - 1]):
            back = tokenizer.decode(data[start + 1 : end].tolist())
            flute = tuple(note.number for note in back.parts[0].notes)
            moved = [
                (place, by)
                for place, one in enumerate(pieces)
                for by in range(-2, 3)
                if flute == tuple(note.number + by for note in one.parts[0].notes)
            ]
            assert len(moved) == 1
            seen.add(moved[0])
    assert {place for place, _ in seen} == set(range(5))
    assert {by for _, by in seen} == set(range(-2, 3))


def test_pieces_that_the_tokens_do_not_cover_are_counted() -> None:
    tokenizer = PieceTokenizer.fit("remi", songs()[:2])
    refused: Counter[str] = Counter()
    windows = build_windows(tokenizer, corpus_of([*songs()[:2], chorales()[0]], []), PIECES, refused)
    assert sum(refused.values()) == 1
    assert windows.length == PIECES.data.seq_length


def test_tunes_and_pieces_are_not_mixed_up() -> None:
    with pytest.raises(ConfigError, match=r"pieces of several parts; expected tunes, or tokens that spell pieces"):
        fit_codec(SMALL.tokens, songs()[:1])


# ------------------------------------------------------------------------------------------------ what is drawn


def test_a_piece_learned_by_heart_comes_back(by_heart: Path) -> None:
    short = first_bars(chorales()[0], 5)
    drawn = list(generate_pieces(by_heart, 4, temperature=0.2))
    assert any(one.piece and [p.notes for p in one.piece.parts] == [p.notes for p in short.parts] for one in drawn)
    assert all(one.ended for one in drawn)


def test_likelihood_per_note_of_what_is_known_is_high(by_heart: Path) -> None:
    generator = load_generator(by_heart)
    passages = encode_passages(generator.tokenizer, [first_bars(chorales()[0], 5)])
    device = next(generator.model.parameters()).device
    found = likelihood(lambda ids, state: generator.model(ids, state), passages, device)
    assert found.bits_per_note < 1
    assert found.notes == passages[0].notes


def test_every_piece_is_the_same_whatever_is_drawn_beside_it(run: Path) -> None:
    alone = [next(generate_pieces(run, 1, seed=seed, max_length=200)) for seed in range(3, 7)]
    together = list(generate_pieces(run, 4, seed=3, max_length=200))
    few = list(generate_pieces(run, 4, seed=3, max_length=200, batch_size=2))
    assert [one.ids for one in together] == [one.ids for one in alone] == [one.ids for one in few]
    assert [one.index for one in together] == list(range(4))


def test_several_processes_draw_the_same(run: Path) -> None:
    one, two = (list(generate_pieces(run, 6, seed=2, max_length=150, jobs=jobs)) for jobs in (1, 2))
    assert [described(piece) for piece in one] == [described(piece) for piece in two]


@pytest.mark.parametrize("kind", ["remi", "cpword", "mmm", "midilike", "beat"])
def test_what_is_drawn_with_the_rules_spells_a_piece(kind: str, tmp_path: Path) -> None:
    run = run_of(tmp_path / kind, PIECES.with_(tokens=kind, num_training_iterations=2))
    for one in generate_pieces(run, 6, temperature=1.2, max_length=240):
        assert one.piece is not None, one.error
        assert one.removed_mass is not None
        again = parse_piece(to_midi(one.piece), "x.mid") if one.piece.notes else one.piece
        assert again.parts == one.piece.parts
        if one.ended and kind == "remi":
            assert "struck twice" not in one.error


def test_a_vocabulary_that_can_spell_nonsense_says_so(tmp_path: Path) -> None:
    run = run_of(tmp_path / "octuple", PIECES.with_(tokens="octuple", num_training_iterations=2))
    drawn = list(generate_pieces(run, 6, temperature=1.2, max_length=240))
    assert all(one.piece is not None or one.error for one in drawn)
    assert not any(one.valid for one in drawn if one.piece is None)


def test_as_many_bars_as_asked_for(run: Path) -> None:
    for bars in (1, 4, 7):
        for one in generate_pieces(run, 3, bars=bars, seed=bars, max_length=4000):
            assert one.piece is not None
            assert one.ended
            assert len(one.piece.bar_lines) <= bars
            assert one.ids.count(one.tokenizer.vocab.index("Bar_None")) in (bars, bars + 1)


def test_a_piece_has_four_bars_or_more(run: Path) -> None:
    bar = load_generator(run).tokenizer.vocab.index("Bar_None")
    drawn = list(generate_pieces(run, 12, temperature=1.5, seed=50))
    assert all(one.ids.count(bar) >= 4 for one in drawn)
    assert any(one.ids.count(bar) < 4 for one in generate_pieces(run, 12, temperature=1.5, seed=50, free=True))


def test_a_piece_begins_with_what_is_given(run: Path) -> None:
    start = first_bars(songs()[0], 2)
    for one in generate_pieces(run, 2, start=start, max_length=600):
        assert one.piece is not None
        played = [[(note.onset, note.number) for note in part.notes] for part in first_bars(one.piece, 2).parts]
        for part, given in zip(played, start.parts, strict=False):
            assert {(note.onset, note.number) for note in given.notes} <= set(part)
        assert one.given_notes == start.notes


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"n": 0}, "expected at least 1"),
        ({"bars": -1}, "bars is -1; expected at least 1"),
        ({"bars": 4, "free": True}, "expected no --free"),
        ({"start": chorales()[0]}, "the start has"),
        ({"start": songs()[0], "bars": 2}, "expected at most the 2 that were asked for"),
        ({"temperature": -1.0}, "temperature"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_drawn(run: Path, asked: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        generate_pieces(run, **({"n": 1} | asked))  # type: ignore[arg-type]


def test_without_the_rules_anything_may_come_and_errors_are_told(run: Path) -> None:
    drawn = list(generate_pieces(run, 8, free=True, temperature=2.0, max_length=80))
    assert all(one.removed_mass is None for one in drawn)
    assert all(one.error for one in drawn if not one.ended)


def test_each_kind_of_model_says_what_it_draws(run: Path) -> None:
    with pytest.raises(ConfigError, match="draws pieces of several parts; expected generate_pieces"):
        generate(run)
    with pytest.raises(RunError):
        generate_pieces(run / "nothing")


def test_a_model_of_tunes_draws_no_pieces(tmp_path: Path) -> None:
    list(train_steps(tunes(real_tunes()[:4]), tmp_path / "tunes", SMALL))
    with pytest.raises(ConfigError, match="draws tunes; expected generate"):
        generate_pieces(tmp_path / "tunes")


def test_a_generator_can_be_given(run: Path) -> None:
    generator = load_generator(run)
    assert isinstance(generator, Generator)
    assert next(generate_pieces(generator, 1, max_length=50)).ids
