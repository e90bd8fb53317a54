"""Where the things lie that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CASES = ROOT.parent / "shared" / "cases"  # small files that went wrong; tests that use them skip where they are missing
IRISH = ROOT.parent / "shared" / "data" / "irish.abc"  # the music lab's; tests that use it skip where it is missing
