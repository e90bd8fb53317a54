"""Weights and counters in one file, in the safetensors format: nothing is pickled.

In: tensors by name, and JSON facts about them. Out: a file whose bytes depend on these alone; and both back, checked.
This file knows no model and no step.

Source: the safetensors format (https://huggingface.co/docs/safetensors): eight bytes of length, a JSON header, data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tunewright.support.documents import parse_json
from tunewright.support.errors import RunError
from tunewright.support.files import replacing

FORMAT_VERSION = 1
MODEL = "model."  # what the names of the weights begin with where those of the optimiser lie beside them
OPTIMIZER = "optimizer."
_LENGTH = 8  # bytes of the header's length, which is a multiple of them too
_DTYPES = {
    **{torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"},
    **{torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8"},
    **{torch.uint8: "U8", torch.bool: "BOOL"},
}


def save_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Replace a file of tensors with JSON facts about them; OutputError, the old file untouched, where that fails.

    Equal tensors and facts give equal bytes (the library puts the metadata in any order, and ends the process where
    memory is short).
    """
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    names = sorted(ready, key=lambda name: (-ready[name].element_size(), name))  # so that each begins at its size
    ends = list(accumulate((ready[name].nbytes for name in names), initial=0))
    header: dict[str, Any] = {"__metadata__": {"facts": json.dumps(facts), "format": str(FORMAT_VERSION)}}
    for name, place in zip(names, pairwise(ends), strict=True):
        header[name] = {"dtype": _DTYPES[ready[name].dtype], "shape": list(ready[name].shape), "data_offsets": place}
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % _LENGTH)
    with replacing(path) as file:
        file.write(len(written).to_bytes(_LENGTH, "little") + written)
        for name in names:
            file.write(ready[name].reshape(-1).view(torch.uint8).numpy().data)


def load_tensors(path: Path, facts: Mapping[str, Any] | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts that `save_tensors` wrote; RunError where the file is missing or broken.

    It is broken too where a weight is no number, or a fact is not of the shape (`support.documents`) that `facts` say.
    """
    if not path.is_file() and path.exists():
        raise RunError(f"{path}: neither a file nor a checkpoint; expected what training wrote")
    if not path.is_file():
        raise RunError(f"{path}: no such checkpoint; the run has not been trained far enough to have one")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != str(FORMAT_VERSION):
                raise RunError(f"{path}: format {metadata.get('format')!r:.40}, this version reads {FORMAT_VERSION}")
            found = parse_json(metadata["facts"], _FACTS | dict(facts or {}))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        raise RunError(f"{path}: broken checkpoint ({first}); expected what training wrote") from None
    _refuse_no_numbers(path, tensors)
    return tensors, found


_FACTS = {"step": int, "valid_loss": float}


def _refuse_no_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """RunError where a weight is not finite; what the optimiser has summed up may be."""
    for name, tensor in tensors.items():
        if not name.startswith(OPTIMIZER) and tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise RunError(f"{path}: broken checkpoint (in {name} are values that are no finite numbers)")


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
