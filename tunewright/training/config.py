"""The settings of one training run: typed, checked, written as TOML.

In: names and values, from a preset, a file or `key=value`. Out: a frozen `Config` of parts, each of which goes to who
needs it. Users know settings by one level of names, the lab's where the lab has one. This file does not know which
presets there are (`presets`) and uses none of the settings.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass
from typing import Any

from tunewright.models.settings import ModelSettings
from tunewright.support.documents import parse_toml, shown
from tunewright.support.errors import ConfigError
from tunewright.support.settings import check_settings, choice, named_fields, number
from tunewright.tokens.registry import codec_class, music_of
from tunewright.tokens.settings import TokenSettings


@dataclass(frozen=True, slots=True)
class DataSettings:
    """What is learned from, and in what windows it is read."""

    melody: str = ""  # which notes of a MIDI file tunes are read from: a track's name or number, or skyline
    regular_only: bool = False  # learn only from tunes whose bars add up
    train_share: float = number(1.0, 1e-6, 1.0)  # of the training tunes, chosen by hash: for smaller experiments
    batch_size: int = number(8, 1, 2**16)  # windows per step; more than there is memory for long before
    seq_length: int = number(100, 1, 2**20)  # tokens per window
    start_share: float = number(0.0, 0.0, 1.0)  # of windows that begin where a tune does; the lab's begin anywhere

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """How a gradient is followed."""

    learning_rate: float = number(5e-3, 1e-9, 10.0)
    weight_decay: float = number(0.0, 0.0, 10.0)
    clip: float = number(0.0, 0.0, 1e9)  # largest norm of the gradient; 0 is no limit

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """How long training goes on, how the learning rate changes, and when the held-out tunes are looked at."""

    num_training_iterations: int = number(3000, 1, 10**9)
    shape: str = choice("constant", ("constant", "cosine"), name="schedule")  # cosine: down to a hundredth at the end
    warmup: int = number(0, 0, 10**9)  # steps in which the learning rate rises from 0
    eval_every: int = number(250, 1, 10**9)  # steps between two looks at the held-out tunes
    patience: int = number(0, 0, 10**9)  # looks without improvement before training stops; 0 is never

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, slots=True, init=False)
class Config:
    """The settings of one training run; the defaults are the lab's, where the lab has the setting.

    Made from settings by the names that users know, as in `Config(tokens="degrees", hidden_size=512)`. ConfigError for
    an unknown name and for a value that makes no sense.
    """

    data: DataSettings
    tokens: TokenSettings
    model: ModelSettings
    optimiser: OptimiserSettings
    schedule: ScheduleSettings
    precision: str = choice("auto", ("auto", "fp32", "bf16"))
    device: str = "auto"
    seed: int = number(0, 0, 2**63 - 1)

    def __init__(self, **settings: Any) -> None:
        _check_names(settings, "settings")
        music_of(settings.get("tokens", "characters"))
        values = {name: settings.get(name, one.default) for name, (_, one) in _PLACES.items()}
        for part, kind in _PARTS.items():
            own = {one.name: values[name] for name, (home, one) in _PLACES.items() if home == part}
            object.__setattr__(self, part, kind(**own))
        for name, (home, _) in _PLACES.items():
            if not home:
                object.__setattr__(self, name, values[name])
        check_settings(self)

    @property
    def music(self) -> str:
        """The kind of music that is learned: "tune" or "piece"."""
        return music_of(self.tokens.kind)

    @property
    def unit(self) -> str:
        """What the losses of a model with these tokens are per, in words."""
        return codec_class(self.tokens.kind).unit

    def flat(self) -> dict[str, Any]:
        """Every setting by the name that users know."""
        return {name: getattr(getattr(self, home) if home else self, one.name) for name, (home, one) in _PLACES.items()}

    def with_(self, **changes: Any) -> Config:
        """The config with some settings changed, by the names that users know."""
        return Config(**self.flat() | changes)


_PARTS: Mapping[str, Any] = {
    "data": DataSettings,
    "tokens": TokenSettings,
    "model": ModelSettings,
    "optimiser": OptimiserSettings,
    "schedule": ScheduleSettings,
}
_ORDER = (  # of config.toml
    *("tokens", "text", "grace_notes", "chord_symbols", "phrase_plan", "last_notes", "told_share"),
    *("melody", "bpe", "transpose", "regular_only", "train_share"),
    *("cell", "embedding_dim", "hidden_size", "num_layers", "num_heads", "attention_window"),
    *("dropout", "input_dropout", "weight_dropout", "direct_dropout"),
    *("num_training_iterations", "batch_size", "seq_length", "start_share"),
    *("learning_rate", "schedule", "warmup", "weight_decay", "clip"),
    *("eval_every", "patience", "precision", "device", "seed"),
)


def _places() -> dict[str, tuple[str, Field[Any]]]:
    """By the name that users know, in the order of config.toml: the part that a setting is in, "" for none."""
    parts = {name: (part, one) for part, kind in _PARTS.items() for name, one in named_fields(kind)}
    own = {name: ("", one) for name, one in named_fields(Config) if name not in _PARTS}
    found = {**own, **parts}
    return {name: found[name] for name in _ORDER}


_PLACES = _places()
_TYPES: dict[str, type] = {name: type(one.default) for name, (_, one) in _PLACES.items()}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


def build_config(values: Mapping[str, Any], source: str = "settings") -> Config:
    """The `Config` with these values, defaults elsewhere; ConfigError for an unknown name or a wrong type."""
    _check_names(values, source)
    return Config(**{name: _typed(name, value, source) for name, value in values.items()})


def _check_names(names: Iterable[str], source: str) -> None:
    for name in names:
        if name not in _TYPES:
            raise ConfigError(f"{source}: unknown setting {name!r:.60}{_meant(name)}; known: {', '.join(_TYPES)}")


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, _TYPES, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _typed(name: str, value: Any, source: str) -> Any:
    expected = _TYPES[name]
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise ConfigError(f"{source}: {name} is {shown(value)}; expected {_WORDS[expected]}")
    return value


def override(config: Config, assignments: Sequence[str]) -> Config:
    """The config with each "key=value" applied; ConfigError where one has no "=", an unknown key or a wrong type.

    >>> override(Config(), ["hidden_size=512", "cell=gru"]).model.hidden_size
    512
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, written = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise ConfigError(f"found {assignment!r}, expected key=value, as in hidden_size=512")
        changes[name] = _read_value(name, written)
    known = {name: value for name, value in config.flat().items() if name not in changes}
    return build_config(known | changes)


def _read_value(name: str, written: str) -> Any:
    """A value as TOML would read it, so that 5e-3, true and 512 have their types; a bare word is a string."""
    if _TYPES.get(name) is str:
        return written.strip("\"'")
    try:
        return parse_toml(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def parse_config(text: str, source: str = "settings") -> Config:
    """The `Config` in a TOML text; ConfigError, with the source, where it is not TOML or has unknown settings."""
    try:
        values = parse_toml(text)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from None
    return build_config(values, source)


def format_config(config: Config) -> str:
    """The config as TOML, one setting a line; `parse_config` reads it back."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in config.flat().items())


def with_seed(config: Config, seed: int | None) -> Config:
    """The config with another seed; as it is for None."""
    return config if seed is None else config.with_(seed=seed)
