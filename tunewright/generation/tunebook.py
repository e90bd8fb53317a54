"""Drawn music as files, each in every format asked for, and tunebooks.

In: `Generated` music and a folder. Out: the paths of what was written. The file of a drawn tune is named by its seed,
so that it says how to draw it again and no other tune of the run overwrites it. This file makes no format itself
(`formats`) and draws nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.formats.formats import write_formats
from tunewright.music.tune import Tune
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from tunewright.generation.generated import Generated

TUNEBOOK = "tunebook"


def write_drawn(drawn: Generated[Any], folder: Path, formats: Collection[str], **performance: Any) -> dict[str, Path]:
    """Write one drawn tune or piece in each of the formats, `tune-SEED.abc` and so on; the path of each.

    The ABC of a tune is the text as drawn, with seed and settings in `N:`; of a text that cannot be read only that is
    written. `performance` is what `Format.encode` takes. Errors as there.
    """
    name = f"{drawn.kind}-{drawn.seed:03}"
    paths = {}
    if "abc" in formats:
        paths["abc"] = folder / f"{name}.abc"
        replace_file(paths["abc"], drawn.text.encode())
    if drawn.music is not None and drawn.music.notes:
        others = [kind for kind in formats if kind != "abc"]
        paths |= write_formats(drawn.music, folder, name, others, **performance)
    return paths


def write_tunebook(drawn: Sequence[Generated[Tune]], folder: Path) -> Path:
    """Write the texts of all tunes, an empty line between them, as `tunebook.abc`; each has an `X:` of its own."""
    path = folder / f"{TUNEBOOK}.abc"
    replace_file(path, "\n".join(f"{one.text.strip()}\n" for one in drawn).encode())
    return path
