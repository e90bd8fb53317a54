"""Weights and counters in one file, in the safetensors format: nothing is pickled.

In: tensors by name, and JSON facts about them. Out: a file whose bytes depend on these alone; and both back, checked.
A compact file keeps of each table whole numbers of eight bits and, beside it, a scale for each row (`SCALES`): a
quarter of the bytes, and read as any other. This file knows no model and no step.

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
from tunewright.training.run import FORMAT_VERSION

MODEL = "model."  # what the names of the weights begin with where those of the optimiser lie beside them
OPTIMIZER = "optimizer."
SCALES = ".scales"  # what the name of a table's scales ends in
LEVELS = 127  # whole numbers on either side of zero
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


def save_compact(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """The same in a quarter of the bytes: tables of weights (rows, columns) to a 254th of the largest of each row.

    What has another number of dimensions stays as it is.
    """
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.dim() == 2 and tensor.is_floating_point():
            scales = tensor.float().abs().amax(1).clamp(min=1e-12) / LEVELS
            kept |= {name: (tensor / scales[:, None]).round().to(torch.int8), f"{name}{SCALES}": scales}
        else:
            kept[name] = tensor
    save_tensors(path, kept, facts)


def load_tensors(path: Path, facts: Mapping[str, Any] | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts that `save_tensors` or `save_compact` wrote; RunError where the file is missing or broken.

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
    tensors = _unpacked(path, tensors)
    _refuse_no_numbers(path, tensors)
    return tensors, found


def _unpacked(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, those in whole numbers times the scales of their rows; RunError where the two do not fit."""
    scales = {name.removesuffix(SCALES): tensor for name, tensor in tensors.items() if name.endswith(SCALES)}
    found = {name: tensor for name, tensor in tensors.items() if not name.endswith(SCALES)}
    for name, of_rows in scales.items():
        whole = found.get(name)
        if whole is None or whole.dtype != torch.int8 or of_rows.shape != whole.shape[:1]:
            told = "the whole numbers and the scales of its rows do not fit"
            raise RunError(f"{path}: broken checkpoint ({name}: {told}); expected what training wrote")
        found[name] = whole.float() * of_rows.float()[:, None]
    return found


_FACTS = {"step": int, "valid_loss": float}


def _refuse_no_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """RunError where a weight is not finite; what the optimiser has summed up may be."""
    for name, tensor in tensors.items():
        if not name.startswith(OPTIMIZER) and tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise RunError(f"{path}: broken checkpoint (in {name} are values that are no finite numbers)")


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
