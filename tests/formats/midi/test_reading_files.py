"""MIDI files that are none are refused before anybody waits for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tunewright.formats.midi.pieces import read_piece
from tunewright.support.errors import ParseError


def test_a_pipe_a_folder_and_what_is_too_large_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "folder.mid").mkdir()
    with (tmp_path / "large.mid").open("wb") as file:
        file.truncate(2**31)
    reasons = {"pipe": "neither a file", "folder": "a folder", "large": "expected at most", "none": "cannot be read"}
    for name, reason in reasons.items():
        with pytest.raises(ParseError, match=reason):
            read_piece(tmp_path / f"{name}.mid")
