"""Runs of ours that take so many seconds of the processor, found by a short trial.

In: a corpus, settings, seconds. Out: how many steps there is time for; a run. This file judges nothing.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tunewright.corpus.corpus import Corpus
from tunewright.music.tune import Tune
from tunewright.training.config import Config
from tunewright.training.loop import train_to_the_end

TRIAL, LOOKS = 9, 12  # steps by which a step is timed, and looks at held-out tunes of a whole training


def train(corpus: Corpus[Tune], path: Path, config: Config) -> float:
    """The seconds of the processor that a run takes."""
    began = time.process_time()
    train_to_the_end(corpus, path, config, on_progress=None)
    return time.process_time() - began


def seconds_a_step(corpus: Corpus[Tune], config: Config) -> float:
    """The seconds of the processor that a step takes, without preparation and looks."""
    with tempfile.TemporaryDirectory() as folder:
        spent = [
            train(corpus, Path(folder) / str(steps), config.with_(num_training_iterations=steps, eval_every=steps))
            for steps in (1, TRIAL)
        ]
    return max((spent[1] - spent[0]) / (TRIAL - 1), 1e-6)


def within(corpus: Corpus[Tune], config: Config, seconds: float) -> Config:
    """The settings with as many steps as there is time for, the rest of it for looks."""
    steps = max(TRIAL, int(0.85 * seconds / seconds_a_step(corpus, config)))
    return config.with_(num_training_iterations=steps, eval_every=max(1, steps // LOOKS))
