"""The presets: named settings, each value with its reason, in `configs/*.toml`.

In: the name of a preset. Out: a `Config`. The files lie in the package once it is installed, and beside it in the
repository. This file runs nothing.
"""

from __future__ import annotations

from pathlib import Path

from tunewright.support.errors import ConfigError
from tunewright.training.config import Config, parse_config

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "configs", _PACKAGE.parent / "configs")


def preset_names() -> list[str]:
    """The names of the presets, in alphabetical order."""
    return sorted({file.stem for folder in FOLDERS for file in folder.glob("*.toml")})


def usual_preset(kind: str) -> str:
    """The preset for music of a kind, "tune" or "piece", where nobody names one."""
    return {"tune": "default", "piece": "polyphony"}[kind]


def load_preset(name: str) -> Config:
    """The settings of a preset; ConfigError, naming the presets, for an unknown one."""
    if name not in preset_names():
        raise ConfigError(f"unknown preset {name!r}; known: {', '.join(preset_names())}")
    file = next(path for folder in FOLDERS if (path := folder / f"{name}.toml").is_file())
    return parse_config(file.read_text(encoding="utf-8"), file.name)
