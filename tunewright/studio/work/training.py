"""One training, in a process of its own: what it does from reading the tunes to the end of the run.

In: an `Order`, and a pipe to the server. Out: messages into the pipe that say where it stands, and at last how it
ended; and a run folder, which anybody may go on with, draw from and judge. It stops in an orderly way, with everything
saved, where the server says so, where it is told to end, and where the server has gone. It makes way for others: pages
stay quick while it learns. This file stores nothing in the database (`trainer`).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from tunewright.support.errors import TunewrightError, mistake

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.training.config import Config
    from tunewright.training.finetuning import Origin
    from tunewright.training.progress import Progress

BETWEEN = 0.5  # seconds from one message to the next
FAIRLY_SURE = 0.7  # temperature
NICE = 10  # how far it makes way for others
HELD = 30.0  # seconds that a process of before has to let go of the run
BASE, NOTHING = "base", "nothing"  # what a training may begin with, beside a run
PRESETS = ("default", "sound", "lab-default")  # that are offered to who begins with nothing
USUAL_PRESET = "default"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be learned, and how; paths as text, so that it goes through a pipe."""

    run: str  # the folder of the run
    collection: str  # the folder of what was brought, or the name of a built-in collection
    name: str  # of the collection
    origin: str  # base, nothing, or the folder of a run
    preset: str = ""
    minutes: float | None = None
    steps: int | None = None


class Asked:
    """Whether it is to stop: the server said so, or has gone, or this process was told to end."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self.ended = pipe, False

    def end(self, _: int, __: FrameType | None) -> None:
        """Stop at the next step."""
        self.ended = True

    def __call__(self) -> bool:
        """Whether to stop; what the server has sent is left in the pipe, so that it is said every time."""
        if not self.ended:
            try:
                self.ended = self.pipe.poll()
            except OSError:
                self.ended = True
        return self.ended


def learn(pipe: Connection, order: Order) -> None:
    """What the process does; every way it ends but being killed is told."""
    stop = Asked(pipe)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the server says what is to be done
    signal.signal(signal.SIGTERM, stop.end)
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    from tunewright.support.waiting import wait_briefly  # noqa: PLC0415 - before PyTorch is loaded

    wait_briefly()
    try:
        ended = _learn(pipe, order, stop)
    except TunewrightError as error:
        ended = {"status": "failed", "error": str(error)}
    except Exception as error:
        ended = {"status": "failed", "error": mistake(error)}
    _tell(pipe, "ended", ended)


def _tell(pipe: Connection, what: str, value: Any) -> None:
    """Say something to the server, if it is still there."""
    with suppress(OSError):
        pipe.send((what, value))


def _learn(pipe: Connection, order: Order, stop: Asked) -> dict[str, Any]:
    """Read, train, and say how it ended."""
    from tunewright.studio.work.reading import read_collection  # noqa: PLC0415 - loaded in this process alone

    _tell(pipe, "phase", "reading")
    corpus = read_collection(order.collection, order.name)
    if stop():
        return {"status": "interrupted", "step": 0}
    _tell(pipe, "phase", "preparing")
    return _train(pipe, order, corpus, stop)


def _train(pipe: Connection, order: Order, corpus: Corpus[Any], stop: Asked) -> dict[str, Any]:
    """Go on with the run that is there, or begin one."""
    from tunewright.judging.copying import watch_of  # noqa: PLC0415
    from tunewright.training.finetuning import load_origin  # noqa: PLC0415
    from tunewright.training.loop import train_steps  # noqa: PLC0415
    from tunewright.training.run import load_run  # noqa: PLC0415

    run = Path(order.run)
    goes_on = _resumable(run)
    origin = None if goes_on or order.origin == NOTHING else load_origin(order.origin)
    config = _with_steps(load_run(run).config, order) if goes_on else _settings(order, corpus, origin)
    steps = train_steps(
        corpus,
        run,
        config,
        resume=goes_on,
        minutes=order.minutes,
        stop=stop,
        record={"preset": "" if origin else _preset(order), "sources": [_source(order.collection)]},
        origin=origin,
        watch=watch_of(corpus, run, origin, config),
    )
    last, told = None, 0.0
    for last in steps:
        if not goes_on and not told:
            _settle_temperature(run, origin)
        if last.valid_loss is not None or time.monotonic() - told > BETWEEN:
            told = time.monotonic()
            _tell(pipe, "progress", _plain(last))
    assert last is not None, "training yields at least how it ended"
    return _plain(last)


def _resumable(run: Path) -> bool:
    """Whether there is a checkpoint to go on from; what an earlier attempt left without one is removed."""
    from tunewright.training.run import LAST, is_run, locked  # noqa: PLC0415

    if not run.is_dir():
        return False
    with locked(run, HELD):  # what was trained by a server that has gone is being saved still
        found = (run / LAST).is_file()
        if is_run(run) and not found:
            shutil.rmtree(run)
    return found


def _settle_temperature(run: Path, origin: Origin | None) -> None:
    """Have it drawn as what it goes on from is; or fairly sure, which suits what has learned for minutes."""
    from tunewright.training.run import default_temperature, save_default_temperature  # noqa: PLC0415

    save_default_temperature(run, default_temperature(origin.run.path) if origin else FAIRLY_SURE)


def _preset(order: Order) -> str:
    return order.preset or USUAL_PRESET


def _settings(order: Order, corpus: Corpus[Any], origin: Origin | None) -> Config:
    """The settings of a new run."""
    from tunewright.training.finetuning import finetuning  # noqa: PLC0415
    from tunewright.training.presets import load_preset  # noqa: PLC0415

    if origin is None:
        return _with_steps(load_preset(_preset(order)), order)
    return _with_steps(finetuning(origin, len(corpus.train), len(corpus.valid)), order)


def _with_steps(config: Config, order: Order) -> Config:
    """The settings with as many steps as were asked for, and looks often enough to see something of them."""
    if order.steps is None:
        return config
    often = max(1, min(config.schedule.eval_every, order.steps // 4))
    return config.with_(num_training_iterations=order.steps, eval_every=often)


def _source(collection: str) -> str:
    """What a run's record says it learned from: found again from every working folder."""
    from tunewright.corpus.sources import BUILT_IN, lasting_source  # noqa: PLC0415
    from tunewright.studio.work.uploads import music_folder  # noqa: PLC0415

    return collection if collection in BUILT_IN else lasting_source(str(music_folder(Path(collection))))


def _plain(progress: Progress) -> dict[str, Any]:
    """Where it stands, as plain data."""
    from tunewright.support.numbers import without_nan  # noqa: PLC0415

    found: dict[str, Any] = without_nan(asdict(progress))
    return found
