"""The models of a studio by name: the one in the box, the runs it was started with, the runs trained in its folder.

In: `Settings`. Out: for a name the folder of a run, or an error that says why nothing can be drawn from it; and what
there is to say of each. A name that a browser sends is looked up among these names and never opened as a path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tunewright.music.tune import Tune
from tunewright.studio.settings import Settings
from tunewright.support.errors import ConfigError, RunError
from tunewright.training.base import BASE, has_base, run_folder
from tunewright.training.run import BEST, Run, find_runs, load_run

Kind = Literal["base", "given", "trained"]


@dataclass(frozen=True, slots=True)
class Model:
    """A run that can be drawn from, by its name in this studio."""

    name: str
    kind: Kind
    path: Path

    @property
    def stamp(self) -> int:
        """What changes when its weights do."""
        return (self.path / BEST).stat().st_mtime_ns

    @property
    def run(self) -> Run:
        """Its settings and tokens; RunError where they cannot be read, or there are no weights."""
        return _run(self.path, (self.path / "summary.json").stat().st_mtime_ns)


def models(settings: Settings) -> dict[str, Model]:
    """All runs of a studio by name, in order: the model in the box, those given, those trained here.

    Of several with one name those after the first are numbered: "mine", "mine-2".
    """
    found: dict[str, Model] = {}
    for kind, path in _folders(settings):
        name, number = path.name, 1
        while name in found:
            number += 1
            name = f"{path.name}-{number}"
        found[name] = Model(name, kind, path)
    return found


def find_model(settings: Settings, name: str) -> Model:
    """The model of a name; ConfigError where there is none, RunError where nothing can be drawn from it."""
    model = models(settings).get(name)
    if model is None:
        raise ConfigError(f"there is no model {name!r:.80}; expected one of those that /api/models names")
    try:
        kind, trained = model.run.config.music, model.run.trained
    except OSError:
        raise RunError(f"{name}: its run folder cannot be read") from None
    if kind != Tune.kind:
        raise ConfigError(f"{name} draws pieces of several parts; expected a model of tunes")
    if not trained:
        raise RunError(f"{name}: has no weights yet; expected a run that has been trained for some steps")
    return model


def usable_models(settings: Settings) -> list[Model]:
    """The models that tunes can be drawn from; others are left out."""
    return [model for name, model in models(settings).items() if _is_usable(settings, name)]


def _is_usable(settings: Settings, name: str) -> bool:
    try:
        find_model(settings, name)
    except (ConfigError, RunError):
        return False
    return True


def _folders(settings: Settings) -> Iterator[tuple[Kind, Path]]:
    if has_base():
        yield "base", run_folder(BASE).resolve()
    for path in settings.runs:
        yield "given", path.resolve()
    if settings.trained.is_dir():
        for path in find_runs(settings.trained):
            yield "trained", path.resolve()


@lru_cache(maxsize=64)
def _run(path: Path, _changed: int) -> Run:
    return load_run(path)
