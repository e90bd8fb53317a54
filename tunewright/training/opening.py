"""Opening the run that is to be trained: a new one, or one to go on with.

In: a corpus, a run folder, settings; of a run that goes on from another one, that `Origin`. Out: a `Run` whose folder
holds settings, codec, split and record. This file trains nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.split import SPLITS
from tunewright.models.devices import choose_device
from tunewright.support.environment import environment
from tunewright.support.errors import ConfigError, OutputError, RunError
from tunewright.support.files import replace_file
from tunewright.tokens.registry import fit_codec
from tunewright.training.batches import chosen_music
from tunewright.training.config import Config, format_config
from tunewright.training.finetuning import Origin, check_origin
from tunewright.training.run import LAST, Run, create_run, load_run, read_record, read_split

MAY_CHANGE = ("num_training_iterations", "eval_every", "patience")  # settings that a resumed run may change


def prepare_folder(path: Path, resume: bool) -> None:
    """Make the folder that is to be held; a folder to resume must be there already."""
    if resume and not path.is_dir():
        raise RunError(f"{path}: no such run folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); expected a writable folder") from None


def open_run(
    corpus: Corpus[Any],
    path: Path,
    config: Config | None,
    resume: bool,
    record: Mapping[str, Any],
    origin: Origin | None = None,
) -> Run:
    """A new run of a corpus, or, with `resume`, the one in the folder, with those settings changed that may be.

    A new one has the codec of its `origin`, where it has one.
    """
    if not resume:
        config = config or Config()
        choose_device(config.device)
        told = dict(record)
        if origin is None:
            tokenizer = fit_codec(config.tokens, corpus.train)
        else:
            check_origin(origin, config)
            tokenizer, told["from"] = origin.codec, origin.told
        chosen_music(tokenizer, corpus, config)  # refused before there is a folder that could not be gone on with
        if corpus.sources:
            told.setdefault("sources", list(corpus.sources))
        return create_run(path, config, tokenizer, _split(corpus), told | environment())
    run = load_run(path)
    found, expected = corpus.fingerprint, read_split(path).get("fingerprint")
    if found != expected:
        raise RunError(f"{path}: was trained on another corpus (fingerprint {expected!s:.40}); found {found}")
    begun = run.summary.get("best_step") or read_record(path).get("from")  # then there has been a checkpoint
    if begun and not run.resumable:
        raise RunError(f"{path / LAST}: missing, or no file; expected the checkpoint of this run, or another --out")
    if config is None or config == run.config:
        return run
    config = _changed(run.config, config)
    replace_file(path / "config.toml", format_config(config).encode())
    return replace(run, config=config)


def _changed(stored: Config, wanted: Config) -> Config:
    before, after = stored.flat(), wanted.flat()
    for name, value in after.items():
        if value != before[name] and name not in MAY_CHANGE:
            raise ConfigError(f"{name} is {value!r}, the run has {before[name]!r}; resuming cannot change it")
    return wanted


def _split(corpus: Corpus[Any]) -> dict[str, Any]:
    ids = {name: [one for one, part in zip(corpus.ids, corpus.split, strict=True) if part == name] for name in SPLITS}
    return {"corpus": corpus.name, "fingerprint": corpus.fingerprint, **ids}
