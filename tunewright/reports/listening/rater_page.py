"""What a rater opens: one file that works without a network, and gives back a file of answers.

In: a test and the sound of its tunes. Out: an HTML file with everything in it, in all languages, and nothing that tells
where a tune is from: no key, no title, no source. What happens on it is done by `templates/rater/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.stimuli import as_wav, read_wav, resampled
from tunewright.reports.media import AUDIO_BUDGET, AUDIO_RATES, data_uri
from tunewright.reports.pages import Page, page_text
from tunewright.reports.wording import Wording, as_title, languages, read_catalogue
from tunewright.support.files import replace_file

TEXTS = "listening.rater."


@dataclass(frozen=True, slots=True)
class RaterFile(Page):
    """The page of a test."""

    template: ClassVar[str] = "listening_test.html"


def write_rater_file(path: Path, test: BlindTest, sounds: Mapping[str, bytes]) -> None:
    """Write the file for raters; OutputError where that fails."""
    replace_file(path, rater_file(test, sounds).encode())


def rater_file(test: BlindTest, sounds: Mapping[str, bytes]) -> str:
    """The same as a text; its sound is as good as fits into some fifteen megabytes."""
    wording = Wording(test.language)
    title = as_title(test.title) or wording.say(f"{TEXTS}title")
    content = {
        "test": public_test(test) | {"sounds": _addresses(sounds)},
        "texts": rater_texts(),
        "language": test.language,
    }
    return page_text(RaterFile(title, "", ()), wording, content=content)


def public_test(test: BlindTest) -> dict[str, Any]:
    """All that the file has to know of a test: items and orders by ids that say nothing."""
    return test.public() | {
        "order": [[item.id, list(item.stimuli)] for item in test.items],
        "sheets": [[[place.item, int(place.turned)] for place in sheet] for sheet in test.sheets],
    }


def rater_texts() -> dict[str, dict[str, str]]:
    """What raters read, by language and key."""
    return {
        language: {key[len(TEXTS) :]: text for key, text in read_catalogue(language).items() if key.startswith(TEXTS)}
        for language in languages()
    }


def _addresses(sounds: Mapping[str, bytes]) -> dict[str, str]:
    """The sounds as data URIs, all at the same rate: the best that fits."""
    read = {known_as: read_wav(content) for known_as, content in sounds.items()}
    seconds = sum(len(samples) / rate for samples, rate in read.values())
    best = next((rate for rate in AUDIO_RATES if 2 * rate * seconds <= AUDIO_BUDGET), AUDIO_RATES[-1])
    return {
        known_as: data_uri("audio/wav", as_wav(resampled(samples, rate, best), min(rate, best)))
        for known_as, (samples, rate) in read.items()
    }
