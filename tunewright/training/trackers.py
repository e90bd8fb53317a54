"""Experiment trackers behind one small protocol: Comet, MLflow, TensorBoard, Weights & Biases.

In: what a run is (`Subject`), metrics by step, how it ended and its files. Out: what each tracker keeps. Nothing is
sent anywhere unless the user has given a key or an address in the environment, and nothing is written outside the
run folder, but for MLflow's store, which lies beside the runs so that they can be compared. A tracker may raise
whatever its library raises, and take its time: `tracking` keeps both away from training.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from tunewright.support.errors import ConfigError

PROJECT = "tunewright"  # the name under which a tracker files the runs, where its own variable gives no other
ENDED_WELL = ("finished", "early_stopped")
TELEMETRY = {  # the libraries' reports about themselves, and their chatter, unless the user has asked for them
    "COMET_ERROR_TRACKING_ENABLE": "false",
    "COMET_DISABLE_AUTO_LOGGING": "1",  # it would follow torch and tensorboard by replacing parts of them
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "WANDB_ERROR_REPORTING": "false",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A run as a tracker is told of it."""

    path: Path
    parameters: Mapping[str, Any]  # the settings
    facts: Mapping[str, Any]  # preset, corpus, versions, machine, git state; one level deep
    first_step: int  # the first that will be logged: not 1 where the run was resumed
    known: str = ""  # what the tracker called this run before; "" for one it does not know

    @property
    def name(self) -> str:
        """What a person would call the run: the name of its folder."""
        return self.path.resolve().name

    @property
    def folder(self) -> Path:
        """Where trackers keep what is theirs, inside the run folder."""
        return self.path.resolve() / "tracking"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, what it came to, and the files to keep."""

    status: str
    results: Mapping[str, Any]
    artefacts: Sequence[Path] = ()


class Tracker(Protocol):
    """One run in one tracker: opened by the constructor, logged to, closed once."""

    id: str  # what the tracker calls the run: enough to go on with it
    look: str  # how a person looks at it

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step; steps come in order, but a resumed run may repeat some."""

    def close(self, ending: Ending) -> None:
        """Keep results and files, and end the run."""


class Comet:
    """Comet, which the music lab uses: online where there is a COMET_API_KEY, else a zip archive to upload later."""

    def __init__(self, subject: Subject) -> None:
        import comet_ml

        logging.getLogger("comet_ml").setLevel(logging.ERROR)
        folder = subject.folder / "comet"
        where: dict[str, Any] = {"previous_experiment": subject.known} if subject.known else {"project_name": _comet()}
        if os.environ.get("COMET_API_KEY"):
            kind = comet_ml.ExistingExperiment if subject.known else comet_ml.Experiment
        else:
            kind = comet_ml.ExistingOfflineExperiment if subject.known else comet_ml.OfflineExperiment
            folder.mkdir(parents=True, exist_ok=True)
            where["offline_directory"] = str(folder)
        self._experiment = kind(**where, **_ONLY_WHAT_IS_LOGGED)
        if not self._experiment.alive:
            raise ConnectionError("Comet did not open an experiment; is COMET_API_KEY right?")
        self.id = str(self._experiment.get_key())
        self.look = str(self._experiment.url or f"comet upload {folder}/*.zip")
        self._experiment.set_name(subject.name)
        self._experiment.log_parameters(dict(subject.parameters))
        self._experiment.log_others(dict(subject.facts))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step."""
        self._experiment.log_metrics(dict(metrics), step=step)

    def close(self, ending: Ending) -> None:
        """Keep results and files, and end the run."""
        self._experiment.log_others(dict(ending.results) | {"status": ending.status})
        for file in ending.artefacts:
            self._experiment.log_asset(str(file), file_name=file.name)
        self._experiment.end()


_ONLY_WHAT_IS_LOGGED = dict.fromkeys(
    (
        "log_code",
        "log_graph",
        "log_git_metadata",
        "log_git_patch",
        "log_env_details",
        "log_env_cpu",
        "log_env_gpu",
        "log_env_host",
        "log_env_disk",
        "auto_param_logging",
        "auto_metric_logging",
        "auto_output_logging",
        "parse_args",
    ),
    False,
) | {"display_summary_level": 0}  # the summary is ours to print


def _comet() -> str:
    return os.environ.get("COMET_PROJECT_NAME", PROJECT)


class MLflow:
    """MLflow: the store that MLFLOW_TRACKING_URI names, else an SQLite file in the folder of the runs."""

    def __init__(self, subject: Subject) -> None:
        from mlflow import MlflowClient
        from mlflow.entities import Param, RunTag

        runs = subject.path.resolve().parent
        given = os.environ.get("MLFLOW_TRACKING_URI")
        store = given or f"sqlite:///{runs / 'mlflow.db'}"
        # runs trained side by side must not make the tables of one new store at the same time
        with contextlib.nullcontext() if given else FileLock(runs / ".mlflow.lock"):
            self._client = MlflowClient(tracking_uri=store)
            experiment = _mlflow_experiment(self._client, None if given else runs / ".mlflow-artifacts")
        self.look = f"mlflow ui --backend-store-uri {store}"
        if subject.known:
            self.id = subject.known
            self._client.update_run(self.id, status="RUNNING")
            return
        self.id = self._client.create_run(experiment, run_name=subject.name).info.run_id
        tags = dict(subject.facts) | {"mlflow.source.git.commit": subject.facts.get("git.commit")}
        self._client.log_batch(
            self.id,
            params=[Param(name, str(value)) for name, value in subject.parameters.items()],
            tags=[RunTag(name, str(value)) for name, value in tags.items() if value is not None],
        )

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        self._client.log_batch(self.id, metrics=[Metric(name, value, now, step) for name, value in metrics.items()])

    def close(self, ending: Ending) -> None:
        """Keep results and files, and end the run."""
        for name, value in ending.results.items():
            self._client.set_tag(self.id, f"result.{name}", str(value))
        for file in ending.artefacts:
            self._client.log_artifact(self.id, str(file))
        stopped = "KILLED" if ending.status == "interrupted" else "FAILED"
        self._client.set_tag(self.id, "status", ending.status)
        self._client.set_terminated(self.id, "FINISHED" if ending.status in ENDED_WELL else stopped)


def _mlflow_experiment(client: Any, artifacts: Path | None) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=artifacts.as_uri() if artifacts else None))


class TensorBoard:
    """TensorBoard: event files in the run folder."""

    def __init__(self, subject: Subject) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = subject.folder / "tensorboard"
        purged = subject.first_step if subject.known else None  # steps that will come again, and only once
        self._writer = SummaryWriter(str(folder), purge_step=purged)
        self.id = str(folder.name)
        self.look = f"tensorboard --logdir {folder}"
        if not subject.known:
            self._table("parameters", subject.parameters)
            self._table("environment", subject.facts)

    def _table(self, title: str, rows: Mapping[str, Any]) -> None:
        lines = [f"| {name} | {value} |" for name, value in rows.items()]
        text = "\n".join(("| name | value |", "| --- | --- |", *lines))
        self._writer.add_text(title, text)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)

    def close(self, ending: Ending) -> None:
        """Keep results and the names of the files: event files hold no others."""
        files = {file.name: file.stat().st_size for file in ending.artefacts}
        self._table("results", {"status": ending.status, **ending.results})
        self._table("files", files)
        self._writer.close()


class WandB:
    """Weights & Biases: online where there is a WANDB_API_KEY, else a folder that `wandb sync` uploads."""

    def __init__(self, subject: Subject) -> None:
        import wandb

        subject.folder.mkdir(parents=True, exist_ok=True)
        mode = os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_API_KEY") else "offline")
        quiet = wandb.Settings(
            silent=True,
            console="off",  # what a run prints is not part of it
            disable_git=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
        )
        own = subject.folder / "wandb"
        with _environment(WANDB_CACHE_DIR=own / "cache", WANDB_CONFIG_DIR=own / "config", WANDB_DATA_DIR=own / "data"):
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                name=subject.name,
                id=subject.known or None,
                resume="allow",
                reinit="create_new",
                dir=str(subject.folder),
                mode=mode,
                config={**subject.parameters, **{f"environment.{key}": value for key, value in subject.facts.items()}},
                settings=quiet,
            )
        self.id = str(self._run.id)
        self.look = f"wandb sync {Path(self._run.dir).parent}" if self._run.offline else str(self._run.url)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a step."""
        self._run.log(dict(metrics), step=step)

    def close(self, ending: Ending) -> None:
        """Keep results and files, and end the run."""
        self._run.summary.update(dict(ending.results) | {"status": ending.status})
        for file in ending.artefacts:  # copied: it would only link to them, and a link breaks when the folder moves
            kept = shutil.copy(file, self._run.dir)
            self._run.save(kept, base_path=self._run.dir, policy="end")
        self._run.finish(exit_code=0 if ending.status in ENDED_WELL else 1)


@contextlib.contextmanager
def _environment(**values: Path) -> Iterator[None]:
    """Environment variables for a while; those that the user has set stay."""
    added = [name for name in values if name not in os.environ]
    os.environ.update({name: str(values[name]) for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@dataclass(frozen=True, slots=True)
class Kind:
    """A tracker that there is: how one is opened, and the libraries that must have been loaded before."""

    open: Callable[[Subject], Tracker]
    libraries: tuple[str, ...]


TRACKERS = {
    "comet": Kind(Comet, ("comet_ml",)),
    "mlflow": Kind(MLflow, ("mlflow", "mlflow.store.tracking.sqlalchemy_store")),
    "tensorboard": Kind(TensorBoard, ("tensorboard", "torch.utils.tensorboard")),
    "wandb": Kind(WandB, ("wandb",)),
}
_NOISE = (r"The ``noload`` loader strategy is deprecated",)  # MLflow 3.17 under SQLAlchemy 2.1


def load_trackers(names: Iterable[str]) -> None:
    """Load the libraries of these trackers; ConfigError for an unknown name or a library that cannot be loaded.

    They are loaded here, and not where they are used, because loading is not safe in several threads at once and
    because a missing library is the user's to mend before training begins.
    """
    for name in names:
        if name not in TRACKERS:
            raise ConfigError(f"unknown tracker {name!r}; known: {', '.join(TRACKERS)}")
        _load(name)


def _load(name: str) -> None:
    for variable, value in TELEMETRY.items():
        os.environ.setdefault(variable, value)
    with warnings.catch_warnings():
        for message in _NOISE:
            warnings.filterwarnings("ignore", message, DeprecationWarning)
        try:
            for library in TRACKERS[name].libraries:
                importlib.import_module(library)
        except Exception as error:  # a library at odds with another raises anything while it is loaded
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConfigError(f"tracker {name}: {reason}; expected: pip install 'tunewright[{name}]'") from None
