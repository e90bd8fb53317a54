"""Where the things lie that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
IRISH = ROOT.parent / "shared" / "data" / "irish.abc"  # the music lab's; tests that use it skip where it is missing
