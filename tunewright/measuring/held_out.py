"""Which test tunes are held out more strictly than by family, for figures that are published.

In: a corpus of tunes, and whatever else was learned from. Out: those of its test tunes that have no long passage in
common with any training tune. The split by family (`corpus.split`) leaves variants of one tune on both sides: about
one test tune in five of O'Neill's, Ryan's and Aird's agrees with a training tune in so many notes. What agrees is
`originality`'s to find. This file divides nothing anew.
"""

from __future__ import annotations

from itertools import chain

from tunewright.corpus.corpus import Corpus
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import longest_shared, near_passages
from tunewright.music.kinds import music_id
from tunewright.music.tune import Tune

AGREEING = 32  # notes in one passage: from about 24 it is a variant of one tune (benchmarks/results.md)
LOOKED_AT = 5  # passages of each tune that are most like others; with forty the same tunes are found


def strictly_held_out(corpus: Corpus[Tune], *others: Corpus[Tune]) -> tuple[Tune, ...]:
    """The test tunes of a corpus that agree in fewer than `AGREEING` notes, in one passage, with every training tune.

    In any key, notes in between changed or not. Training tunes are those of the corpus and of the `others`, which a
    model has learned from too; a test tune that is itself among them is left out, however short it is.
    """
    learned = tuple(chain(corpus.train, *(other.train for other in others)))
    known = set(map(music_id, learned))
    test = [tune for tune in corpus.test if music_id(tune) not in known]
    if not learned or not test:
        return tuple(test)
    index = kept_index(learned)
    exact, near = longest_shared(test, index), near_passages(test, index, LOOKED_AT)
    most = (max(one.length, *(other.notes for other in like), 0) for one, like in zip(exact, near, strict=True))
    return tuple(tune for tune, agreeing in zip(test, most, strict=True) if agreeing < AGREEING)
