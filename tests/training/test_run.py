import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.places import ROOT
from tests.support.small_runs import SMALL, real_tunes
from tunewright.support.errors import OutputError, RunError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.training.run import (
    LAST,
    MetricsLog,
    create_run,
    find_runs,
    list_runs,
    load_run,
    locked,
    read_metrics,
    read_record,
    status_of,
    write_summary,
)
from tunewright.training.tensors import load_tensors, save_tensors

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones((), dtype=torch.int64)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_run(tmp_path / "run", SMALL, CharTokenizer.fit(real_tunes()[:2]), {"fingerprint": "0"})
    return tmp_path / "run"


def test_a_run_is_read_back(path: Path) -> None:
    run = load_run(path)
    assert run.config == SMALL
    assert run.tokenizer == CharTokenizer.fit(real_tunes()[:2])
    assert (run.trained, run.resumable) == (False, False)


def test_a_second_run_in_the_same_folder_is_refused(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(RunError, match="already holds a run; go on with --resume"):
        create_run(path, SMALL, CharTokenizer.fit(real_tunes()), {})
    assert {file: file.read_bytes() for file in path.iterdir()} == before


def test_tensors_and_facts_are_read_back(tmp_path: Path) -> None:
    save_tensors(tmp_path / LAST, TENSORS, {"step": 3})
    tensors, facts = load_tensors(tmp_path / LAST)
    assert facts == {"step": 3}
    assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())


def test_every_kind_of_tensor_is_read_back_by_the_library_too(tmp_path: Path) -> None:
    kinds = (torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.int16)
    tensors = {f"ä.{kind}": torch.arange(3).to(kind) for kind in (*kinds, torch.int8, torch.uint8, torch.bool)}
    tensors |= {"none": torch.zeros(0, 3), "one": torch.tensor(2.5), "turned": torch.arange(6.0).view(2, 3).t()}
    save_tensors(tmp_path / LAST, tensors, {"step": 3})
    read, library = load_tensors(tmp_path / LAST)[0], load_file(tmp_path / LAST)
    assert read.keys() == library.keys() == tensors.keys()
    for name, tensor in tensors.items():
        for found in (read[name], library[name]):
            assert found.dtype == tensor.dtype
            assert torch.equal(found, tensor)


def test_equal_tensors_give_equal_bytes(tmp_path: Path) -> None:
    contents = set()
    for turn in range(8):
        names = list(TENSORS)[:: 1 if turn % 2 else -1]
        save_tensors(tmp_path / LAST, {name: TENSORS[name].clone() for name in names}, {"step": 3, "valid_loss": 1.5})
        contents.add((tmp_path / LAST).read_bytes())
    assert len(contents) == 1


def one_line(caught: pytest.ExceptionInfo[Exception]) -> None:
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        load_run(tmp_path / "none")


@pytest.mark.parametrize("name", ["summary.json", "config.toml", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe\x00", b"[1, 2]"])
def test_a_missing_or_broken_file_is_a_run_error(path: Path, name: str, content: bytes | None) -> None:
    if name == "config.toml" and content == b"":
        pytest.skip("an empty file is a whole config: everything as the defaults have it")
    if content is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(content)
    with pytest.raises(RunError) as caught:
        load_run(path)
    one_line(caught)


def test_a_run_of_another_version_is_a_run_error(path: Path) -> None:
    summary = json.loads((path / "summary.json").read_text())
    (path / "summary.json").write_text(json.dumps(summary | {"format": 99}))
    with pytest.raises(RunError, match="run format 99, this version reads 1"):
        load_run(path)


@pytest.mark.parametrize("damage", ["missing", "empty", "short", "garbage", "other"])
def test_a_broken_checkpoint_is_a_run_error(tmp_path: Path, damage: str) -> None:
    file = tmp_path / LAST
    save_tensors(file, TENSORS, {})
    whole = file.read_bytes()
    damaged = {"empty": b"", "short": whole[:-9], "garbage": b"\xff" * 200, "other": whole.replace(b'"1"', b'"7"')}
    file.unlink()
    if damage != "missing":
        file.write_bytes(damaged[damage])
    with pytest.raises(RunError) as caught:
        load_tensors(file)
    one_line(caught)


@pytest.mark.parametrize("fails", ["replace", "fdopen"])
def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    save_tensors(tmp_path / LAST, TENSORS, {"step": 1})

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        save_tensors(tmp_path / LAST, {}, {"step": 2})
    one_line(caught)
    monkeypatch.undo()
    assert load_tensors(tmp_path / LAST)[1] == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == [LAST]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a small file system to fill: Linux only")
def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("needs root to mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        save_tensors(disk / LAST, TENSORS, {"step": 1})
        with pytest.raises(OutputError, match="No space left on device"):
            save_tensors(disk / LAST, {"big": torch.zeros(100_000)}, {"step": 2})
        assert load_tensors(disk / LAST)[1] == {"step": 1}
        assert [file.name for file in disk.iterdir()] == [LAST]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(OutputError) as caught:
        create_run(tmp_path / "file" / "run", SMALL, CharTokenizer.fit(real_tunes()[:1]), {})
    one_line(caught)
    assert (tmp_path / "file").read_text() == "here first"


def test_metrics_after_the_checkpoint_and_a_line_cut_short_are_dropped(path: Path) -> None:
    log = MetricsLog(path, 0)
    for step in range(1, 6):
        log.write(step=step, loss=float("nan") if step == 2 else step / 2)
    log.close()
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    log = MetricsLog(path, 3)
    log.write(step=4, loss=9.0)
    log.close()
    assert read_metrics(path) == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": None},
        {"step": 3, "loss": 1.5},
        {"step": 4, "loss": 9.0},
    ]


def test_a_broken_line_of_metrics_says_where(path: Path) -> None:
    (path / "metrics.jsonl").write_text('{"step": 1}\nnonsense\n')
    with pytest.raises(RunError, match=r"metrics\.jsonl:2: found 'nonsense'"):
        read_metrics(path)


def test_numbers_that_are_not_finite_become_null(path: Path) -> None:
    write_summary(path, {"valid_loss": float("inf"), "steps": 3})
    assert load_run(path).summary == {"format": 1, "valid_loss": None, "steps": 3}


def test_the_record_is_read_back_and_an_older_run_has_none(path: Path) -> None:
    create_run(path / "new", SMALL, CharTokenizer.fit(real_tunes()[:1]), {}, {"preset": "sound"})
    assert read_record(path / "new") == {"preset": "sound"}
    (path / "record.json").unlink()
    assert read_record(path) == {}


HOLDS = """
import sys
from pathlib import Path
from tunewright.training.run import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_held_by_one_process_until_it_ends(path: Path) -> None:
    write_summary(path, {"status": "running"})
    assert status_of(load_run(path)) == "interrupted"  # nobody trains it
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert status_of(load_run(path)) == "running"
        with pytest.raises(RunError, match="another process is training this run"), locked(path, seconds=0):
            pass
        other.kill()
    with locked(path, seconds=5):
        assert status_of(load_run(path)) == "running"  # by this process


@pytest.mark.parametrize("status", ["finished", "early_stopped", "diverged", "failed", "interrupted"])
def test_an_ended_run_keeps_its_status(path: Path, status: str) -> None:
    write_summary(path, {"status": status})
    with locked(path):
        pass
    assert status_of(load_run(path)) == status


def test_runs_are_listed_with_what_they_came_to_and_broken_ones_with_the_reason(tmp_path: Path) -> None:
    tokenizer = CharTokenizer.fit(real_tunes()[:1])
    create_run(tmp_path / "a" / "one", SMALL, tokenizer, {}, {"preset": "sound"})
    write_summary(tmp_path / "a" / "one", {"status": "finished", "bits_per_note": 2.5, "corpus": "x.abc"})
    create_run(tmp_path / "two", SMALL, tokenizer, {})
    (tmp_path / "two" / "config.toml").write_text("hidden_size = 0")
    (tmp_path / "neither").mkdir()
    good, broken = list_runs(tmp_path)
    told = ("preset", "status", "bits_per_note", "corpus")
    assert [good[name] for name in told] == ["sound", "finished", 2.5, "x.abc"]
    assert broken["status"] == "broken"
    assert "hidden_size is 0" in broken["reason"]
    assert find_runs(tmp_path / "two") == [tmp_path / "two"]


def test_a_folder_without_runs_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        list_runs(tmp_path)
    with pytest.raises(RunError, match="no such folder"):
        list_runs(tmp_path / "none")
