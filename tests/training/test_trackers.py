"""Each tracker with its own library, on this machine alone: what was logged is read back."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import struct
import sys
import zipfile
from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_runs import SMALL, small_corpus
from tunewright.support.errors import ConfigError
from tunewright.training.loop import train_steps
from tunewright.training.progress import Progress
from tunewright.training.run import find_runs, read_metrics
from tunewright.training.summary import artefacts
from tunewright.training.trackers import TRACKERS, load_trackers
from tunewright.training.tracking import track

LIBRARY = {"comet": "comet_ml", "mlflow": "mlflow", "tensorboard": "tensorboard", "wandb": "wandb"}
THERE = [name for name, library in LIBRARY.items() if importlib.util.find_spec(library)]
LOGGED = [1, 6, 10, 12, 18, 20, 24]  # the first step, every tenth, and every look of the run below


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        name not in THERE, reason=f"{LIBRARY[name]} is not installed: pip install 'tunewright[{name}]'"
    )


def test_every_tracker_is_tested() -> None:
    assert set(LIBRARY) == set(TRACKERS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run under every tracker that is installed, stopped after 13 of 24 steps and resumed; nothing reached for the
    network, and nothing was written outside the folder of the runs."""
    base = tmp_path_factory.mktemp("base")
    home, path = base / "home", base / "runs" / "mine"
    home.mkdir()
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as proxy:
        close_the_doors(patch, home, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        stream = track(training(path, resume=False), path, THERE, said.append)
        stopped = list(islice(stream, 13))
        stream.close()
        resumed = list(track(training(path, resume=True), path, THERE, said.append))
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has called
            proxy.accept()
    assert said == []
    assert [one.step for one in stopped] == list(range(1, 14))
    assert [one.step for one in resumed] == [*range(14, 25), 24]
    assert [file for file in home.rglob("*") if file.is_file() and "matplotlib" not in file.parts] == []
    return path


def training(path: Path, *, resume: bool) -> Generator[Progress, None, None]:
    config = SMALL.with_(num_training_iterations=24, eval_every=6)
    return train_steps(small_corpus(), path, config, resume=resume, record={"preset": "lab-joint"})


def close_the_doors(patch: pytest.MonkeyPatch, home: Path, proxy: str) -> None:
    for name in [name for name in os.environ if name.startswith(("COMET_", "MLFLOW_", "WANDB_"))]:
        patch.delenv(name)
    for name in ("NO_PROXY", "no_proxy"):
        patch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        patch.setenv(name, proxy)
        patch.setenv(name.lower(), proxy)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        patch.setenv(name, str(home))
    patch.chdir(home)
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"reaches for {address}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket, "getaddrinfo", local_only(socket.getaddrinfo))


def local_only(getaddrinfo: Any) -> Any:
    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        assert host in (None, "localhost", "127.0.0.1", "::1", socket.gethostname()), f"asks for {host}"
        return getaddrinfo(host, *rest, **named)

    return resolve


def losses(path: Path) -> dict[int, float]:
    return {int(line["step"]): line["loss"] for line in read_metrics(path) if line["step"] in LOGGED}


def kept_id(path: Path, name: str) -> str:
    return str(json.loads((path / "tracking" / f"{name}.json").read_text(encoding="utf-8"))["id"])


@needs("mlflow")
def test_mlflow_has_it_all_in_one_run(run: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{run.parent / 'mlflow.db'}")
    (found,) = client.search_runs([client.get_experiment_by_name("tunewright").experiment_id])
    assert found.info.run_id == kept_id(run, "mlflow")
    assert found.info.run_name == "mine"
    assert found.info.status == "FINISHED"
    assert found.data.params["hidden_size"] == "20"
    assert found.data.tags["preset"] == "lab-joint"
    assert found.data.tags["result.best_step"]
    assert {one.step: one.value for one in client.get_metric_history(found.info.run_id, "loss")} == losses(run)
    assert [one.step for one in client.get_metric_history(found.info.run_id, "valid_loss")] == [6, 12, 18, 24]
    assert {file.path for file in client.list_artifacts(found.info.run_id)} == {file.name for file in artefacts(run)}


@needs("mlflow")
def test_what_mlflow_keeps_is_no_run_of_ours(run: Path) -> None:
    assert find_runs(run.parent) == [run]


@needs("tensorboard")
def test_tensorboard_reads_the_curves(run: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tracking" / "tensorboard"))
    events.Reload()
    assert {one.step: one.value for one in events.Scalars("loss")} == pytest.approx(losses(run))
    assert [one.step for one in events.Scalars("bits_per_note")] == [6, 12, 18, 24]
    assert b"hidden_size | 20" in events.Tensors("parameters/text_summary")[0].tensor_proto.string_val[0]
    assert b"finished" in events.Tensors("results/text_summary")[-1].tensor_proto.string_val[0]


@needs("wandb")
def test_wandb_would_upload_both_parts_as_one_run(run: Path) -> None:
    parts = sorted((run / "tracking" / "wandb").glob("offline-run-*/*.wandb"))
    assert [part.stem for part in parts] == [f"run-{kept_id(run, 'wandb')}"] * 2
    records = [record for part in parts for record in wandb_records(part.read_bytes())]
    history = [
        {(item.key or ".".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
        for record in records
        if record.WhichOneof("record_type") == "history"
    ]
    assert {row["_step"]: row["loss"] for row in history} == losses(run)
    started = next(record.run for record in records if record.WhichOneof("record_type") == "run")
    told = {item.key: json.loads(item.value_json) for item in started.config.update}
    assert (told["hidden_size"], told["environment.preset"], started.project) == (20, "lab-joint", "tunewright")
    for part in parts:
        assert {file.name for file in artefacts(run)} <= {file.name for file in (part.parent / "files").iterdir()}
        assert not any(file.is_symlink() for file in (part.parent / "files").iterdir())


def wandb_records(content: bytes) -> Iterator[Any]:
    """The records of an offline run: a log in blocks of 32 KiB, as LevelDB writes them, after seven bytes."""
    from wandb.proto import wandb_internal_pb2

    at, whole = 7, b""
    while at + 7 <= len(content):
        if (room := 32768 - at % 32768) < 7:
            at += room
            continue
        length, kind = struct.unpack_from("<HB", content, at + 4)  # after the checksum; kind 1 is a whole record
        whole = (b"" if kind in (1, 2) else whole) + content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield wandb_internal_pb2.Record.FromString(whole)


@needs("comet")
def test_comet_has_archives_to_upload_to_one_experiment(run: Path) -> None:
    archives = sorted((run / "tracking" / "comet").glob("*.zip"))
    assert len(archives) == 2
    assert all(archive.name.startswith(kept_id(run, "comet")) for archive in archives)
    messages = [message for archive in archives for message in comet_messages(archive)]
    metrics = [one["payload"]["metric"] for one in messages if one["type"] == "metric_msg"]
    told = {(one["metricName"], one["step"]): one["metricValue"] for one in metrics}
    assert {step: value for (name, step), value in told.items() if name == "loss"} == pytest.approx(losses(run))
    given = [one["payload"]["param"] for one in messages if one["type"] == "parameter_msg"]
    assert {one["paramName"]: one["paramValue"] for one in given}["hidden_size"] == 20
    others = {one["payload"]["key"]: one["payload"]["value"] for one in messages if one["type"] == "log_other"}
    assert (others["Name"], others["preset"]) == ("mine", "lab-joint")
    files = {one["payload"]["additional_params"]["fileName"] for one in messages if one["type"] == "file_upload"}
    assert files == {file.name for file in artefacts(run)}


def comet_messages(archive: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(archive) as opened:
        return [json.loads(line) for line in opened.read("messages.json").splitlines()]


@pytest.mark.parametrize("name", LIBRARY)
def test_a_missing_library_is_named_with_what_installs_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in TRACKERS[name].libraries:
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ConfigError, match=rf"tracker {name}: .*{LIBRARY[name]}.*; expected: pip install 'tunewright\[{name}\]'"
    ):
        load_trackers([name])
