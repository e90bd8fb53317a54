"""What a reader of a scorecard has to know: what keeps a number from meaning what it seems to mean.

In: the certificates of a set, and what it was held against. Out: `Remark`s, whose keys are those of the catalogues that
say them in other languages. This file measures nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tunewright.corpus.sources import Dropped
from tunewright.judging.kinds import KINDS
from tunewright.judging.scorecard import Certificate, Remark
from tunewright.judging.yardstick import Yardstick
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

FEW_REAL = 50  # held-out tunes or pieces below which percentiles mean little
RARE_METRE = 0.01  # of the tunes of a corpus


def remarks_on(
    each: Sequence[Certificate[M]], kind: str, yardstick: Yardstick[M] | None, unread: Sequence[Dropped] = ()
) -> Iterator[Remark]:
    """What a reader of the numbers of a set has to know."""
    with_notes = [one for one in each if one.notes]
    said = partial(remark, kind)
    if unread:
        rate = sum(one.valid for one in each) / (len(each) + len(unread))
        yield said("unread", unread=len(unread), rate=f"{100 * rate:.0f}")
    yield from _SILENT[kind](len(each), len(with_notes))
    if len(with_notes) == 1:
        yield said("one")
    prints = [KINDS[kind].fingerprint(one.music) for one in with_notes]
    if again := len(prints) - len(set(prints)):
        yield said("again", again=again)
    if yardstick is None:
        yield said("alone")
        return
    if len(yardstick.real) < FEW_REAL:
        yield said("few_real", real=len(yardstick.real), corpus=yardstick.corpus)
    yield from _OF_KIND[kind](each, yardstick)


def _silent_tunes(count: int, with_notes: int) -> Iterator[Remark]:
    if not count:
        yield remark(Tune.kind, "empty")
    elif not with_notes:
        yield remark(Tune.kind, "silent")
    elif with_notes < count:
        yield remark(Tune.kind, "some_silent", silent=count - with_notes)


def _silent_pieces(count: int, with_notes: int) -> Iterator[Remark]:
    if with_notes < count:
        yield remark(Piece.kind, "silent", silent=count - with_notes)


_SILENT: Mapping[str, Callable[[int, int], Iterator[Remark]]] = {Tune.kind: _silent_tunes, Piece.kind: _silent_pieces}


def _of_tunes(each: Sequence[Certificate[Tune]], yardstick: Yardstick[Tune]) -> Iterator[Remark]:
    """Tunes that stand whole in the corpus, and whether most are in metres that it hardly has."""
    if whole := sum(one.shared is not None and one.shared.line.share == 1 for one in each):
        yield remark(Tune.kind, "contained", contained=whole, corpus=yardstick.corpus)
    metres = Counter(yardstick.kind.metre(one.music) for one in each if one.music and one.notes)
    rare = {metre: times for metre, times in metres.items() if yardstick.metres.get(metre, 0) < RARE_METRE}
    if 2 * sum(rare.values()) > metres.total():
        named = ", ".join(sorted(rare, key=lambda metre: -rare[metre])[:3])
        yield remark(Tune.kind, "another_kind", tunes=sum(rare.values()), corpus=yardstick.corpus, metres=named)


def _of_pieces(each: Sequence[Certificate[Piece]], yardstick: Yardstick[Piece]) -> Iterator[Remark]:
    """Pieces that cannot be compared with others, and those that stand whole in the corpus."""
    if drums := sum(one.shared is not None and not one.shared.comparable for one in each if one.notes):
        yield remark(Piece.kind, "uncompared", drums=drums)
    if whole := sum(one.shared is not None and one.shared.beats.share == 1 for one in each):
        yield remark(Piece.kind, "contained", contained=whole, corpus=yardstick.corpus)


_OF_KIND: Mapping[str, Any] = {Tune.kind: _of_tunes, Piece.kind: _of_pieces}


def remark(kind: str, name: str, **values: object) -> Remark:
    """A remark of `REMARKS` on music of a kind, with its values filled in."""
    key = _KEYS[kind].format(name)
    return Remark(key, REMARKS[key].format_map(values), values)


_KEYS = {Tune.kind: "{}", Piece.kind: "pieces_{}"}
REMARKS: Mapping[str, str] = {
    "unread": "What could not be read is not among the tunes judged: {unread}. Counted with them, {rate} % would be "
    "well formed.",
    "empty": "There is no tune to judge.",
    "silent": "None of the tunes has a note: nothing of them can be measured or compared.",
    "some_silent": "Tunes without a note, which are not measured: {silent}.",
    "one": "There is one tune to measure: a set of one has no interval, and no classifier can be taught by it.",
    "again": "Tunes that are one of the others once more, note for note in some key: {again}.",
    "alone": "The tunes are held against no collection: whether they are like a style, and whether they are copies, is "
    "not judged. Name one with --against.",
    "few_real": "{corpus} holds out {real} tunes: what real tunes do is known roughly at best, or not at all.",
    "contained": "Tunes that stand whole in {corpus}, in some key: {contained}.",
    "gone": "What the run learned from is gone ({sources}).",
    "another": "The run did not learn from {corpus} as it is divided here: likelihood and originality are of "
    "these tunes, and it may have learned some of those that are held out.",
    "changed": "{corpus} has changed since the run learned from it: it may have learned some of the tunes that "
    "are held out now.",
    "another_kind": "{corpus} is another kind of music: {tunes} tunes are in metres that fewer than 1 in 100 of its "
    "tunes have ({metres}). How alike they are, and what they share, says little then.",
    "uncovered": "Held-out test tunes that the run's tokens do not cover, which its bits per note leave out: {left} of "
    "{test}.",
    "pieces_unread": "What could not be read is not among the pieces judged: {unread}. Counted with them, {rate} % "
    "would be well formed.",
    "pieces_silent": "Pieces without a note, which are not measured: {silent}.",
    "pieces_one": "There is one piece to measure: a set of one has no interval, and no classifier can be taught by it.",
    "pieces_again": "Pieces that are one of the others once more, note for note in some key: {again}.",
    "pieces_alone": "The pieces are held against no collection: whether they are like a style, and whether they are "
    "copies, is not judged. Name one with --against.",
    "pieces_few_real": "{corpus} holds out {real} pieces: what real pieces do is known roughly at best, or not at all.",
    "pieces_uncompared": "Pieces of drums alone, or of one note, which are not compared with others: {drums}.",
    "pieces_contained": "Pieces that stand whole in {corpus}, in some key: {contained}.",
    "pieces_gone": "What the run learned from is gone ({sources}).",
    "pieces_another": "The run did not learn from {corpus} as it is divided here: likelihood and originality are of "
    "these pieces, and it may have learned some of those that are held out.",
    "pieces_changed": "{corpus} has changed since the run learned from it: it may have learned some of the pieces that "
    "are held out now.",
    "pieces_uncovered": "Held-out test pieces that the run's tokens do not cover, which its bits per note leave out: "
    "{left} of {test}.",
}
