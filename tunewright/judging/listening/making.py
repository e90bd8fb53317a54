"""A blind listening test made: tunes found for every slot, cut, sounded and measured, under ids that say nothing.

In: sources, the kind of test, numbers, a seed. Out: a `BlindTest` and the sound of each of its tunes. The same seed and
sources give the same test. This file writes no file.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tunewright.formats.abc import format_abc
from tunewright.formats.sound.loudness import loudness
from tunewright.judging.listening.design import BlindTest, Compared, Heard, Stimulus
from tunewright.judging.listening.planning import Item, Slot, plan_items, plan_sheets
from tunewright.judging.listening.questions import QUESTIONS
from tunewright.judging.listening.sources import REAL, Chosen, Profile, Source, There, choose_profiles
from tunewright.judging.listening.stimuli import (
    FEWEST_BARS,
    MOST_BARS,
    RATE,
    USUAL_BARS,
    Floats,
    as_wav,
    sounds,
)
from tunewright.measuring.table import Habits, fit_habits, measure_each
from tunewright.support.errors import ConfigError

ID_SIGNS = 8
USUAL_ITEMS = 12
LONGEST_TITLE = 120
HABITS = 1000  # tunes of a collection, about, from which its habits are known well enough

Progress = Callable[[int, int], None]  # how much is done, and of how much


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a test."""

    kind: str = "pairs"
    questions: tuple[str, ...] = QUESTIONS["pairs"]
    items: int = USUAL_ITEMS
    bars: int = USUAL_BARS
    seed: int = 0
    language: str = "en"
    title: str = ""

    def __post_init__(self) -> None:
        if not FEWEST_BARS <= self.bars <= MOST_BARS:
            raise ConfigError(f"excerpts of {self.bars} bars; expected {FEWEST_BARS} to {MOST_BARS}")
        if len(self.title) > LONGEST_TITLE:
            raise ConfigError(f"a title of {len(self.title)} signs; expected at most {LONGEST_TITLE}")


@dataclass(frozen=True, slots=True)
class Made:
    """A test, and the sound of each of its tunes by id: WAV files of one channel."""

    test: BlindTest
    sounds: Mapping[str, bytes]


def make_test(
    sources: Sequence[Source],
    order: Order,
    *,
    on_progress: Progress = lambda _done, _of: None,
) -> Made:
    """A test of these sources. What the collection of real tunes does is known to those measures that ask for habits.

    Half of the progress is finding tunes, half sounding them. Raises ConfigError where nothing can be compared so,
    CorpusError and RunError where a source has not what is wanted.
    """
    chance = random.Random(order.seed)
    real = next((number for number, one in enumerate(sources) if one.kind == REAL), None)
    planned = plan_items(order.kind, len(sources), order.items, real)
    slots = [slot for item in planned for slot in item]
    whole = 2 * len(slots)
    filled = _fill(slots, sources, order, chance, lambda done: on_progress(done, whole))
    chosen = [filled[slot] for slot in slots]
    # of what was chosen too: ids of the seed alone would give the seed away, and with it which slot is of which source
    chance = random.Random("\n".join((str(order.seed), *(one.abc for one in chosen))))
    heard = sounds([one.heard for one in chosen], lambda done: on_progress(len(slots) + done, whole))
    learned = next((one.learned for one in sources if isinstance(one, There) and one.learned), ())
    habits = fit_habits(learned[:: 1 + len(learned) // HABITS])
    stimuli = _stimuli(slots, chosen, heard, habits, _ids(len(slots), "t", chance))
    test = _test(sources, order, planned, stimuli, chance)
    return Made(test, dict(sorted((one.id, as_wav(samples)) for one, samples in zip(stimuli, heard, strict=True))))


def _fill(
    slots: Sequence[Slot],
    sources: Sequence[Source],
    order: Order,
    chance: random.Random,
    on_progress: Callable[[int], None],
) -> dict[Slot, Chosen]:
    """A tune for each slot."""
    count = 1 + max(slot.profile for slot in slots)
    profiles = choose_profiles(sources, count, order.bars, chance)
    found: dict[Slot, Chosen] = {}
    for number, source in enumerate(sources):
        own = [slot for slot in slots if slot.source == number]
        wanted: list[Profile] = [profiles[slot.profile] for slot in own]
        for slot, chosen in zip(own, source.find(wanted, order.bars, chance), strict=True):
            found[slot] = _like(chosen, profiles[slot.profile])
            on_progress(len(found))
    return found


def _like(chosen: Chosen, profile: Profile) -> Chosen:
    """The same, played as the rhythm of its profile is where it has its metre: as fast as what it is held against."""
    same = str(chosen.heard.meter) == profile.meter
    return replace(chosen, heard=replace(chosen.heard, rhythm=profile.rhythm)) if same else chosen


def _ids(count: int, letter: str, chance: random.Random) -> list[str]:
    """As many ids that say nothing, no two of them alike."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[letter + "".join(chance.choices("0123456789abcdef", k=ID_SIGNS))] = None
    return list(found)


def _stimuli(
    slots: Sequence[Slot], chosen: Sequence[Chosen], heard: Sequence[Floats], habits: Habits, ids: Sequence[str]
) -> list[Stimulus]:
    measured = measure_each([one.heard for one in chosen], habits)
    return [
        Stimulus(
            known_as,
            slot.source,
            one.tune.title,
            one.abc,
            format_abc(one.heard),
            str(one.heard.meter),
            str(one.heard.key),
            one.heard.rhythm,
            len(samples) / RATE,
            loudness(samples, RATE),
            {name: value for name, value in measures.items() if not math.isinf(value)},
        )
        for known_as, slot, one, samples, measures in zip(ids, slots, chosen, heard, measured, strict=True)
    ]


def _test(
    sources: Sequence[Source],
    order: Order,
    planned: Sequence[Item],
    stimuli: Sequence[Stimulus],
    chance: random.Random,
) -> BlindTest:
    each = iter(stimuli)
    names = _ids(len(planned), "i", chance)
    items = [Heard(name, tuple(next(each).id for _ in item)) for name, item in zip(names, planned, strict=True)]
    items.sort(key=lambda item: item.id)  # by an id that chance has given: the list tells nothing
    sheets = plan_sheets(order.kind, len(items), chance)
    test = BlindTest(
        id="",
        title=order.title,
        kind=order.kind,
        questions=order.questions,
        bars=order.bars,
        seed=order.seed,
        language=order.language,
        sources=tuple(Compared(one.name, one.kind) for one in sources),
        stimuli=tuple(sorted(stimuli, key=lambda one: one.id)),
        items=tuple(items),
        sheets=tuple(sheets),
        remarks=tuple(_remarks(sources, stimuli)),
    )
    content = json.dumps(test.described(), sort_keys=True)
    return replace(test, id=f"l{hashlib.sha256(content.encode()).hexdigest()[: 2 * ID_SIGNS]}")


def _remarks(sources: Sequence[Source], stimuli: Sequence[Stimulus]) -> list[str]:
    """Which sources have other metres than the first, by name of the remark and of the source."""
    metres = [Counter(one.meter for one in stimuli if one.source == number) for number in range(len(sources))]
    shares = [{meter: count / total.total() for meter, count in total.items()} for total in metres if total]
    if not shares:
        return []
    apart = [sum(abs(one.get(meter, 0) - shares[0].get(meter, 0)) for meter in {*one, *shares[0]}) for one in shares]
    return ["metres"] if max(apart) > METRES_APART else []


METRES_APART = 0.5  # summed over metres: a quarter of the tunes of a source have another metre than those of the first
