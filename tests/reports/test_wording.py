"""The catalogues: the same keys and placeholders in every language, and every key that is used."""

from __future__ import annotations

import math
import re
import string
from pathlib import Path

import pytest

import tunewright
from tunewright.judging.runs.claims import ODDITIES, TOPICS
from tunewright.judging.runs.quantities import AT_END, QUANTITIES
from tunewright.reports.comparison.plots import SWEPT
from tunewright.reports.comparison.tables import GROUPS, MARKS
from tunewright.reports.wording import Wording, collection_title, format_number, languages, read_catalogue
from tunewright.support.errors import ConfigError
from tunewright.training.presets import preset_names

PACKAGE = Path(tunewright.__file__).parent
ENGLISH, CHINESE = read_catalogue("en"), read_catalogue("zh")
UNTRANSLATED = re.compile(  # names, units and terms that stand in Latin letters in Chinese too
    r"Tunewright|Markdown|MIDI|ABC|GPU|GRU|RNN|LSTM|CPU|Colab|Adam|fp32|bf16|sound|dropout|Dropout|lab-[a-z0-9-]+|softmax|s\b|MIT"
    r"|MusicXML|WAV|SVG|PDF|Ctrl|Shift|base|zip|MB|\b[A-D]{2,8}\b|\.(?:abc|midi?|kar)|JSON|OpenAPI|SSE|cookie"
    r"|Authorization: Bearer|\"error\"|4xx|5xx"
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_are_there() -> None:
    assert languages() == ("en", "zh")


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(ENGLISH) == sorted(CHINESE)
    assert len(ENGLISH) > 100


def test_a_text_is_the_same_sentence_in_both_languages() -> None:
    assert not [key for key in ENGLISH if not ENGLISH[key].strip() or not CHINESE[key].strip()]
    assert not [key for key in ENGLISH if placeholders(ENGLISH[key]) != placeholders(CHINESE[key])]


def test_nothing_is_left_in_english() -> None:
    texts = {key: re.sub(r"\{\w+\}", "", text) for key, text in CHINESE.items()}
    assert not [key for key, text in texts.items() if re.search(r"[A-Za-z]{2,}", UNTRANSLATED.sub("", text))]
    assert not [key for key, text in ENGLISH.items() if re.search(r"[一-鿿]", text)]


def keys_written() -> set[str]:
    """The keys that stand in the code and the templates, in full."""
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"""\bsay\(\s*["']([\w.]*[^\W_])["']""", text))  # not those that end in a name put in


def test_every_key_that_is_used_is_there() -> None:
    built = {f"quantity.{quantity.name.removesuffix(AT_END)}" for quantity in QUANTITIES}
    built |= {f"{table}.{topic.name}" for table in ("topic", "reported") for topic in TOPICS}
    built |= {f"table.group_{group}" for group in GROUPS} | {f"sweep.{name}" for name in SWEPT}
    built |= {f"verdict.{verdict}" for verdict in MARKS} | set(ODDITIES) | {"topic.sound", "reported.sound"}
    built |= {f"better.{quantity.better}" for quantity in QUANTITIES if quantity.better}
    built |= {f"claim.{topic.name}.{verdict}" for topic in TOPICS for verdict in MARKS}
    assert len(keys_written()) > 40
    assert (built | keys_written()) - {key.removeprefix("tune.").removeprefix("piece.") for key in ENGLISH} == set()


def test_every_preset_has_a_name_in_words() -> None:
    compared = [name for name in preset_names() if name.startswith("lab-") or name == "sound"]
    assert len(compared) > 4
    assert [name for name in compared if f"setting.{name}" not in ENGLISH] == []


def test_numbers_are_filled_in_as_people_read_them() -> None:
    said = Wording("en").say("answer.claims", count=8, holds=2, fails=4, partly=2, untested=0)
    assert said == "Of 8 reported claims, 2 hold, 4 fail, 2 hold in part and 0 were not tested."
    assert Wording("en").say("page.notes", count=12345) == "12,345 notes"


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown language 'de'; known: en, zh"):
        Wording("de")


def test_what_is_said_of_a_kind_of_music_comes_before_what_is_said_of_any() -> None:
    assert [Wording("en", kind).say("fact.judged") for kind in ("tune", "piece")] == ["Tunes", "Pieces"]
    assert [Wording("zh", kind).say("fault.none") for kind in ("", "piece")] == ["格式正确", "结构完好"]
    assert not Wording("en").knows("fact.judged")


def test_an_unknown_key_and_a_missing_number_are_bugs() -> None:
    with pytest.raises(KeyError):
        Wording("en").say("page.nothing")
    with pytest.raises(KeyError):
        Wording("en").say("page.notes")
    assert not Wording("en").knows("page.nothing")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (0.0, "0.000"),
        (-0.0001, "0.000"),
        (-0.5, "−0.500"),
        (1234.5, "1,234"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_numbers(number: float, written: str) -> None:
    assert format_number(number) == written


def test_built_in_collections_have_titles_and_others_keep_their_name() -> None:
    assert collection_title("oneill ryan") == "O'Neill's Music of Ireland and Ryan's Mammoth Collection"
    assert collection_title("my tunes") == "my tunes"
