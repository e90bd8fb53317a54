"""The card of the model in the box: data and terms, recipe, scorecard, what it cannot do, what figures leave out.

In: a run in small, its corpus, its scorecard on test tunes that are strictly held out. Out: Markdown. This file
measures nothing and writes no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.judging.scorecard import Scorecard
from tunewright.measuring.held_out import AGREEING
from tunewright.measuring.intervals import Value
from tunewright.music.kinds import music_id
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.text import scorecard_text
from tunewright.reports.wording import duration
from tunewright.training.run import Run, read_record

COLLECTIONS: Mapping[str, str] = {
    "oneill": "*O'Neill's Music of Ireland*, Chicago 1903",
    "ryan": "*Ryan's Mammoth Collection*, Boston 1883",
    "aird": "Aird's *Selection of Scotch, English, Irish and Foreign Airs*, Glasgow 1778 and later",
}
CANNOT = (
    "It writes single melodies like those of Irish, Scottish, English and American collections of the 18th and 19th "
    "centuries, and nothing else: no parts, no words, no chords but those that stand over a tune.",
    "It knows what the tokens know: metres, lengths and ornaments beyond them are not written, and not learned.",
    "A tune of its own may still share a passage with one that it learned from: `tunewright evaluate` says which, and "
    "`generate --original 95` draws anew what shares more than 95 of 100 real tunes do.",
    "It does not know who a tune belongs to, what it is called, or how it is played.",
)


@dataclass(frozen=True, slots=True)
class Packing:
    """What the model takes and what making it small cost: bits per note of held-out tunes before and after."""

    size: int  # bytes of all its files
    wheel: int  # bytes of them in a wheel, which is compressed
    before: float
    after: float

    def __str__(self) -> str:
        return (
            f"{self.size / 1e6:.1f} MB, {self.wheel / 1e6:.1f} MB in the wheel; packing costs "
            f"{self.after - self.before:+.4f} bits per note ({self.before:.4f} before, {self.after:.4f} after)"
        )


def model_card(
    run: Run,
    corpus: Corpus[Tune],
    kept: Sequence[Tune],
    bits: Value,
    card: Scorecard[Tune],
    packing: Packing,
) -> str:
    """The card as Markdown; `kept` are the test tunes that figures are of, `bits` how well they are foreseen."""
    parts = [
        "# base: the model in the box",
        "Made small, measured and described by `make base`, which writes this page. `tunewright generate` draws from "
        "it where no run is named, and `tunewright train my-tunes/ --from base --out runs/mine` goes on from it.",
        "## What it learned from, and under which terms",
        _data(corpus),
        "## How",
        _recipe(run, packing),
        "## How good it is",
        f"Of {len(corpus.test):,} test tunes, {len(kept):,} are strictly held out, and the others are left out of "
        f"all figures here: **{bits.value:.3f} bits per note** (95 %: {bits.low:.3f} to {bits.high:.3f}).",
        f"```\n{scorecard_text(card)}\n```",
        "## What it cannot do",
        "\n".join(f"- {said}" for said in CANNOT),
        "## What these figures leave out",
        _left_out(corpus, kept),
        '`make base ARGS="--run DIR"` gives these figures of the run in DIR; trained anew they come out a little '
        "different. "
        "`tunewright evaluate base` gives those of all test tunes, families alone kept apart.",
    ]
    return "\n\n".join(parts) + "\n"


def _data(corpus: Corpus[Tune]) -> str:
    listed = "\n".join(f"- `{name}`: {COLLECTIONS[name]}" for name in corpus.sources if name in COLLECTIONS)
    return (
        f"{corpus.read:,} tunes, as the data files of the package `music21` have them; {len(corpus.train):,} to learn "
        f"from, {len(corpus.valid):,} to choose by, {len(corpus.test):,} to test with, families kept together "
        f"(fingerprint {corpus.fingerprint}).\n\n{listed}\n\n"
        "The printed books are in the public domain in the United States; the transcriptions are by volunteers, and no "
        "licence is stated for them. `docs/data.md` has what their files say. Essen's collection, which may be used "
        "for non-commercial purposes alone, was not used. The weights hold no text of any tune."
    )


def _recipe(run: Run, packing: Packing) -> str:
    told: Mapping[str, Any] = run.summary
    record = read_record(run.path)
    took = f"{told['steps']:,} steps, {duration(told['seconds'])}; the weights of step {told['best_step']:,} were best"
    settings = "\n".join(f"| `{name}` | {value} |" for name, value in run.config.flat().items())
    changed = ", ".join(f"`{one}`" for one in record.get("changed") or ())
    preset = f"With the preset `{record.get('preset')}`{f' and {changed}' if changed else ''}"
    by_time = told["status"] == "finished" and told["steps"] < run.config.schedule.num_training_iterations
    ended = "; a limit of time set where its schedule ended, not the number of steps" if by_time else ""
    return (
        f"{preset}{ended}. "
        f"{told['parameters']:,} weights, kept as whole numbers of eight bits with a scale for each row: {packing}. "
        f"Trained for {took} for the tunes to choose by ({told['bits_per_note']:.3f} bits per note).\n\n"
        f"| setting | value |\n| --- | --- |\n{settings}"
    )


def _left_out(corpus: Corpus[Tune], kept: Sequence[Tune]) -> str:
    there = set(map(music_id, kept))
    left = [tune for tune in corpus.test if music_id(tune) not in there]
    listed = "\n".join(f"- {tune.title or 'untitled'} ({tune.source})" for tune in left)
    return (
        "The split keeps families together, and variants of a tune may still stand on both sides of it. So "
        f"{len(left):,} test tunes are left out that agree with a training tune of any of the collections in "
        f"{AGREEING} notes or more, in one passage, in any key (`measuring/held_out.py`):\n\n{listed}"
    )
