"""The settings of one training run: typed, checked, written as TOML.

In: names and values, from a preset, a file or `key=value`. Out: a frozen `Config`. Names are the lab's where the
lab has one. This file does not know which presets there are (`experiments`) and uses none of the settings.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tunewright.support.errors import ConfigError
from tunewright.tokens.registry import codec_class, codec_names
from tunewright.tokens.settings import TokenSettings

PIECE_TOKENS = codec_names("piece")  # vocabularies of music of several parts
CHOICES = {
    "tokens": codec_names(),
    "text": ("canonical", "verbatim"),
    "cell": ("lstm", "gru", "rnn"),
    "schedule": ("constant", "cosine"),
    "precision": ("auto", "fp32", "bf16"),
}
_AT_LEAST_ONE = ("embedding_dim", "hidden_size", "num_layers", "num_training_iterations", "batch_size", "seq_length")
_RANGES = {  # smallest and largest value that make sense
    **dict.fromkeys((*_AT_LEAST_ONE, "eval_every"), (1, 10**9)),
    "patience": (0, 10**9),
    "warmup": (0, 10**9),
    "bpe": (0, 30_000),
    "transpose": (0, 11),
    "seed": (0, 2**63 - 1),
    **dict.fromkeys(("dropout", "input_dropout", "weight_dropout"), (0.0, 0.95)),
    "start_share": (0.0, 1.0),
    "train_share": (1e-6, 1.0),
    "told_share": (0.0, 1.0),
    "learning_rate": (1e-9, 10.0),
    "weight_decay": (0.0, 10.0),
    "clip": (0.0, 1e9),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one training run; the defaults are the lab's, where the lab has the setting."""

    tokens: str = "characters"  # or degrees: musical tokens, the same in every key; or one of `PIECE_TOKENS`
    text: str = "verbatim"  # which characters: a tune's own text, or canonical ABC under R, M, L and K
    grace_notes: bool = True  # whether degrees keep them
    chord_symbols: bool = True  # whether degrees keep them
    told_share: float = 0.0  # share of the tunes that degrees are learned from with some notes to come told
    melody: str = ""  # which notes of a MIDI file tunes are read from: a track's name or number, or skyline
    bpe: int = 0  # ids that byte-pair encoding makes of the tokens of pieces; 0 is without
    transpose: int = 0  # semitones up to which pieces are moved, up or down, each time through
    regular_only: bool = False  # learn only from tunes whose bars add up
    train_share: float = 1.0  # of the training tunes, chosen by hash: for smaller versions of an experiment
    cell: str = "lstm"
    embedding_dim: int = 256
    hidden_size: int = 1024
    num_layers: int = 1
    dropout: float = 0.0  # on the output of every layer
    input_dropout: float = 0.0  # share of the characters that the model reads as blank while it learns
    weight_dropout: float = 0.0  # share of the recurrent weights left out in each step (Merity et al. 2018)
    num_training_iterations: int = 3000
    batch_size: int = 8  # windows per step
    seq_length: int = 100  # tokens per window
    start_share: float = 0.0  # share of windows that begin where a tune does; the lab's begin anywhere
    learning_rate: float = 5e-3
    schedule: str = "constant"  # or cosine, down to a hundredth, over the steps or minutes given
    warmup: int = 0  # steps in which the learning rate rises from 0
    weight_decay: float = 0.0
    clip: float = 0.0  # largest norm of the gradient; 0 is no limit
    eval_every: int = 250  # steps between two looks at the held-out tunes
    patience: int = 0  # looks without improvement before training stops; 0 is never
    precision: str = "auto"
    device: str = "auto"
    seed: int = 0

    @property
    def token_settings(self) -> TokenSettings:
        """The settings that a codec is fitted with."""
        kept = (self.grace_notes, self.chord_symbols)
        return TokenSettings(self.tokens, self.text, *kept, self.told_share, self.bpe, self.transpose)

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; known: {', '.join(known)}")
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected {low:g} to {high:g}")


_TYPES: dict[str, type] = {field.name: type(field.default) for field in fields(Config)}


def build_config(values: Mapping[str, Any], source: str = "settings") -> Config:
    """The `Config` with these values, defaults elsewhere; ConfigError for an unknown name or a wrong type."""
    for name in values:
        if name not in _TYPES:
            raise ConfigError(f"{source}: unknown setting {name!r}{_meant(name)}; known: {', '.join(_TYPES)}")
    return Config(**{name: _typed(name, value, source) for name, value in values.items()})


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, _TYPES, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _typed(name: str, value: Any, source: str) -> Any:
    expected = _TYPES[name]
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise ConfigError(f"{source}: {name} is {value!r}; expected {_NAMES[expected]}")
    return value


_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


def override(config: Config, assignments: Sequence[str]) -> Config:
    """The config with each "key=value" applied; ConfigError where one has no "=", an unknown key or a wrong type.

    >>> override(Config(), ["hidden_size=512", "cell=gru"]).hidden_size
    512
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, written = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise ConfigError(f"found {assignment!r}, expected key=value, as in hidden_size=512")
        changes[name] = _read_value(name, written)
    known = {name: value for name, value in dataclasses.asdict(config).items() if name not in changes}
    return build_config(known | changes)


def _read_value(name: str, written: str) -> Any:
    """A value as TOML would read it, so that 5e-3, true and 512 have their types; a bare word is a string."""
    if _TYPES.get(name) is str:
        return written.strip("\"'")
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written


def parse_config(text: str, source: str = "settings") -> Config:
    """The `Config` in a TOML text; ConfigError, with the source, where it is not TOML or has unknown settings."""
    try:
        return build_config(tomllib.loads(text), source)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not TOML ({error})") from None


def format_config(config: Config) -> str:
    """The config as TOML, one setting a line; `parse_config` reads it back."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in dataclasses.asdict(config).items())


def unit_of(tokens: str) -> str:
    """What the losses of a model with these tokens are per, in words."""
    return codec_class(tokens).unit


def with_seed(config: Config, seed: int | None) -> Config:
    """The config with another seed; as it is for None."""
    return config if seed is None else replace(config, seed=seed)
