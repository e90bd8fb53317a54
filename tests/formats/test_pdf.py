"""Tune books: every title, vectors only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import JIG
from tunewright.formats.pdf import write_pdf
from tunewright.support.errors import RenderError


def test_a_book_has_every_title_and_pages(tmp_path: Path) -> None:
    write_pdf([JIG, *real_tunes(2)], tmp_path / "book.pdf")
    content = (tmp_path / "book.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Subtype /Image" not in content  # vectors only
    assert [path.name for path in tmp_path.iterdir()] == ["book.pdf"]
    with pytest.raises(RenderError, match="no tunes"):
        write_pdf([], tmp_path / "empty.pdf")
