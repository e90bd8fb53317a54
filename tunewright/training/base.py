"""The model in the box: a small run folder that comes with the package, found by the name "base".

In: what a user calls a run. Out: the folder of it. The folder lies in the package once it is installed, and beside it
in the repository, as `presets` do; `make base` makes it (`cli.base_building`). This file loads nothing.
"""

from __future__ import annotations

from pathlib import Path

from tunewright.support.errors import ConfigError, RunError
from tunewright.training.run import is_run

BASE = "base"
CARD = "card.md"  # what it learned from and how, what it can do and what it cannot
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / BASE, _PACKAGE.parent / BASE)


def run_folder(named: str | Path) -> Path:
    """The folder of a run: for the word "base" the model in the box, unless a folder of that name is a run.

    RunError where no model came with the package.
    """
    if not is_base(named):
        return Path(named)
    found = next((folder for folder in FOLDERS if is_run(folder)), None)
    if found is None:
        raise RunError("base: this installation has no model in the box; expected the folder of a run, or `make base`")
    return found


def has_base() -> bool:
    """Whether the word "base" means a run, of the installation or a folder of that name here."""
    return any(map(is_run, (Path(BASE), *FOLDERS)))


def found_by_name(one: str | Path) -> str | Path:
    """The folder of the model in the box for the word "base", where that means it; anything else as it is."""
    return run_folder(one) if is_base(one) else one


def is_base(named: str | Path) -> bool:
    """Whether this means the model in the box."""
    return str(named) == BASE and not is_run(Path(BASE))


def in_the_box(folder: Path) -> bool:
    """Whether this is the folder of the model in the box, which is only read."""
    return folder.resolve() in FOLDERS


def refuse_to_change(folder: Path) -> None:
    """ConfigError for the folder of the model in the box."""
    if in_the_box(folder):
        raise ConfigError(f"{folder}: the model in the box stays as it came; expected a run of your own (train --from)")
