from collections.abc import Sequence
from dataclasses import replace

from tests.support.real_tunes import real_tunes
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.measuring.held_out import AGREEING, strictly_held_out
from tunewright.measuring.matching.melodies import melody
from tunewright.music.playing import soundings
from tunewright.music.transposing import transpose
from tunewright.music.tune import Note, Tune


def corpus_of(train: Sequence[Tune], test: Sequence[Tune]) -> Corpus[Tune]:
    music = (*train, *test)
    return Corpus("made", music, ("train",) * len(train) + ("test",) * len(test), tuple(range(len(music))))


def cut(tune: Tune, notes: int) -> Tune:
    """The tune up to so many notes as heard, once through."""
    kept = tuple(element for element in tune.music if isinstance(element, Note) and not element.tied)[:notes]
    return replace(tune.with_music(tuple(replace(note, grace=()) for note in kept)), text="")


def long_tune() -> Tune:
    return next(tune for tune in real_tunes(100) if len(cut(tune, 100).notes) >= 2 * AGREEING)


def test_a_passage_in_another_key_leaves_a_test_tune_out_from_32_notes_on() -> None:
    tune = long_tune()
    for notes, left_out in ((AGREEING, True), (AGREEING - 1, False)):
        test = cut(transpose(tune, 3), notes)
        assert len(soundings(test)) == notes
        assert strictly_held_out(corpus_of([tune], [test])) == (() if left_out else (test,))


def test_changed_notes_do_not_hide_a_passage() -> None:
    tune = long_tune()
    notes = list(cut(tune, AGREEING + 8).notes)
    for place in range(4, len(notes), 8):
        pitch = notes[place].pitch
        notes[place] = replace(notes[place], pitches=(replace(pitch, alter=1 - abs(pitch.alter)),))
    changed = replace(tune.with_music(tuple(notes)), text="")
    assert strictly_held_out(corpus_of([tune], [changed])) == ()


def test_what_another_collection_taught_counts_too() -> None:
    tune, short = long_tune(), cut(long_tune(), 12)
    corpus, other = corpus_of([], [tune, short]), corpus_of([transpose(tune, 2), short], [])
    assert strictly_held_out(corpus) == (tune, short)
    assert strictly_held_out(corpus, other) == ()


def test_of_real_tunes_those_with_a_variant_among_the_training_tunes_are_left_out() -> None:
    corpus = read_corpus("oneill")
    kept = strictly_held_out(corpus)
    assert set(map(id, kept)) < set(map(id, corpus.test))
    assert 0.8 < len(kept) / len(corpus.test) < 0.95
    passages = {tuple(pairs[at : at + AGREEING - 1]) for pairs in map(melody, corpus.train) for at in range(len(pairs))}
    for tune in kept:
        pairs = melody(tune)
        own = (tuple(pairs[at : at + AGREEING - 1]) for at in range(len(pairs) - AGREEING + 2))
        assert not passages.intersection(own)
