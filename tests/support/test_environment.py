import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tunewright.support.environment import environment, git_state


def test_the_environment_is_json_and_names_what_results_depend_on() -> None:
    told = environment()
    assert json.loads(json.dumps(told)) == told
    assert told["libraries"]["torch"]
    assert told["cores"] >= 1
    assert told["started"].endswith("+00:00")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_the_git_state_says_commit_branch_and_whether_anything_changed(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None  # not a working copy
    for words in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "one"]):
        (tmp_path / "file").write_text("one")
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)
    clean = git_state(tmp_path)
    assert clean is not None
    assert (len(clean["commit"]), clean["branch"], clean["changed"]) == (40, "trunk", False)
    (tmp_path / "file").write_text("two")
    changed = git_state(tmp_path)
    assert changed is not None
    assert changed["changed"] is True


def test_without_git_there_is_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) is None
