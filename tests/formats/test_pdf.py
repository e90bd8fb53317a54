"""Tune books: every title, vectors only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
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
    assert not re.search(rb"(Creation|Create|Mod|Modify)Date", content)  # another day would change it
    with pytest.raises(RenderError, match="no tunes"):
        write_pdf([], tmp_path / "empty.pdf")


def test_the_same_tunes_give_the_same_bytes_in_another_process_at_another_time(tmp_path: Path) -> None:
    write_pdf(real_tunes(2), tmp_path / "here.pdf")
    program = (
        "import sys; from pathlib import Path; from tests.support.real_tunes import real_tunes; "
        "from tunewright.formats.pdf import write_pdf; write_pdf(real_tunes(2), Path(sys.argv[1]))"
    )
    other = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "86400"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "there.pdf")], cwd=ROOT, env=other, check=True)
    assert (tmp_path / "here.pdf").read_bytes() == (tmp_path / "there.pdf").read_bytes()
