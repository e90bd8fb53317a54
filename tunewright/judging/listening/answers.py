"""What a rater gave: read from a file that anyone may have written, checked against its test, put beside others.

In: JSON as the static page writes it, or records from elsewhere. Out: `Rater`s. Everything is bounded and checked;
ConfigError, in one line, for what is no such file, is of another test, or is there already. This file draws no
conclusions (`results`) and knows no source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import HIGHEST, LOWEST, MACHINE, PAIRS
from tunewright.support.documents import check_shapes, parse_json
from tunewright.support.errors import ConfigError

FORMAT = "tunewright listening answers"
VERSION = 1
LARGEST = 2**18  # bytes of a file; sixty items take a tenth of that
LONGEST_SECONDS = 24 * 3600.0  # that an answer may have taken
MOST_RATERS = 500
TRIALS = 6  # of the check of headphones
PASSED = 5  # right ones of these, from which it is passed (Woods et al. 2017)
_ID = re.compile(r"[0-9a-f]{16}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")

_SHAPES = {
    "format": str, "version": int, "test": str, "rater": str, "sheet": int, "language": str, "consented": str,
    "started": str, "finished": str, "headphones": dict, "answers": list,
}  # fmt: skip
_OF_ANSWER = {"item": str, "first": str, "seconds": float, "heard": [float], "values": dict}

Value = int | bool | str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of an item: by question a rating, whether it is a machine's, or the id of the preferred tune."""

    item: str
    first: str  # the tune that was heard first, by its id
    values: Mapping[str, Value]
    seconds: float = 0.0  # from when it was shown
    heard: tuple[float, ...] = ()  # which share of each tune was played, in the order heard


@dataclass(frozen=True, slots=True)
class Rater:
    """One listener; `headphones` is how many trials of the check were right, None where it was left out."""

    id: str
    sheet: int
    answers: tuple[Answer, ...]
    consented: str = ""  # times as ISO 8601 has them
    started: str = ""
    finished: str = ""
    headphones: int | None = None
    language: str = "en"
    by_file: bool = field(default=False, compare=False)

    @property
    def wore_headphones(self) -> bool:
        """Whether the check was passed."""
        return self.headphones is not None and self.headphones >= PASSED


def read_answers(content: str | bytes, test: BlindTest, where: str) -> Rater:
    """The answers of one rater to this test. ConfigError, naming `where`, for anything else."""
    try:
        if len(content) > LARGEST:
            raise ValueError(f"{len(content):,} bytes, the largest file read has {LARGEST:,}")
        return _rater(parse_json(content, _SHAPES), test)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{where}: not the answers of a rater ({str(error).splitlines()[0][:200]})") from None


def merge(raters: Iterable[Rater]) -> list[Rater]:
    """Several raters side by side; ConfigError for one who is there twice, and for more than are reckoned with."""
    found: dict[str, Rater] = {}
    for rater in raters:
        if rater.id in found:
            raise ConfigError(f"rater {rater.id}: is there twice; expected each file of answers once")
        found[rater.id] = rater
    if len(found) > MOST_RATERS:
        raise ConfigError(f"{len(found)} raters; expected at most {MOST_RATERS}")
    return list(found.values())


def describe_rater(rater: Rater, test: BlindTest) -> dict[str, Any]:
    """A rater as the static page writes one."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "test": test.id,
        "rater": rater.id,
        "sheet": rater.sheet,
        "language": rater.language,
        "consented": rater.consented,
        "started": rater.started,
        "finished": rater.finished,
        "headphones": {"right": rater.headphones},
        "answers": [
            {
                "item": one.item,
                "first": one.first,
                "values": dict(one.values),
                "seconds": one.seconds,
                "heard": list(one.heard),
            }
            for one in rater.answers
        ],
    }


# ------------------------------------------------------------------------------------------------ checked


def _rater(plain: Mapping[str, Any], test: BlindTest) -> Rater:
    for key in _SHAPES:
        if plain.get(key) is None:
            raise ValueError(f"{key} is missing")
    if plain["format"] != FORMAT or plain["version"] != VERSION:
        raise ValueError(f"its format is {plain['format'][:40]!r} {plain['version']}, expected {FORMAT!r} {VERSION}")
    if plain["test"] != test.id:
        raise ValueError(f"of the test {plain['test'][:40]!r}, expected {test.id!r}")
    if not _ID.fullmatch(plain["rater"]):
        raise ValueError("rater is no id of 16 hexadecimal digits")
    if not 0 <= plain["sheet"] < len(test.sheets):
        raise ValueError(f"sheet {plain['sheet']} of {len(test.sheets)}")
    for key in ("consented", "started", "finished"):
        if plain[key] and not _TIME.fullmatch(plain[key]):
            raise ValueError(f"{key} is no time")
    if not plain["consented"]:
        raise ValueError("without consent")
    if len(plain["answers"]) > len(test.items):
        raise ValueError(f"{len(plain['answers'])} answers to {len(test.items)} items")
    answers = tuple(check_answer(one, test) for one in plain["answers"])
    if len({one.item for one in answers}) != len(answers):
        raise ValueError("an item is answered twice")
    return Rater(
        plain["rater"],
        plain["sheet"],
        answers,
        plain["consented"],
        plain["started"],
        plain["finished"],
        check_headphones(plain["headphones"].get("right")),
        plain["language"][:8],
        by_file=True,
    )


def check_headphones(right: Any) -> int | None:
    """How many trials were right; ValueError for what cannot be."""
    if right is not None and (type(right) is not int or not 0 <= right <= TRIALS):
        raise ValueError(f"headphones: found {str(right)[:20]}, expected 0 to {TRIALS}, or null")
    return right


def check_answer(plain: Any, test: BlindTest) -> Answer:
    """An answer to an item of this test, every question of it answered; ValueError for anything else."""
    check_shapes(plain, _OF_ANSWER)
    if any(plain.get(key) is None for key in _OF_ANSWER):
        raise ValueError("an answer lacks a key")
    item = next((one for one in test.items if one.id == plain["item"]), None)
    if item is None:
        raise ValueError(f"no item {plain['item'][:40]!r}")
    if plain["first"] not in item.stimuli:
        raise ValueError(f"item {item.id} has no tune {plain['first'][:40]!r}")
    if not 0 <= plain["seconds"] <= LONGEST_SECONDS:
        raise ValueError(f"item {item.id}: an answer after {plain['seconds']} seconds")
    heard = plain["heard"]
    if len(heard) != len(item.stimuli) or not all(0 <= share <= 1 for share in heard):
        raise ValueError(f"item {item.id}: heard is not a share of each of its tunes")
    values = plain["values"]
    if set(values) != set(test.questions):
        raise ValueError(
            f"item {item.id}: answers {', '.join(map(str, values))[:80]}, expected {', '.join(test.questions)}"
        )
    for question, value in values.items():
        _check_value(test.kind, question, value, item.stimuli)
    return Answer(item.id, plain["first"], dict(values), float(plain["seconds"]), tuple(map(float, heard)))


def _check_value(kind: str, question: str, value: Any, stimuli: Sequence[str]) -> None:
    if kind == PAIRS:
        fits, expected = value in stimuli, "the id of one of its tunes"
    elif kind == MACHINE:
        fits, expected = type(value) is bool, "true or false"
    else:
        fits, expected = type(value) is int and LOWEST <= value <= HIGHEST, f"{LOWEST} to {HIGHEST}"
    if not fits:
        raise ValueError(f"{question} is {str(value)[:40]}, expected {expected}")
