"""Where a model computes, and in which numbers: what a machine has, and what is faster on it.

In: what was asked for ("auto" or a name), and the settings of a model. Out: a device, a precision. This file computes
nothing.
"""

from __future__ import annotations

import torch

from tunewright.models.settings import MODELS, ModelSettings
from tunewright.support.errors import ConfigError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}


def cpu_has_bf16() -> bool:
    """Whether this processor multiplies bf16 natively (AVX-512 BF16 or AMX), so that it is faster than fp32."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def cpu_has_int8() -> bool:
    """Whether this processor adds products of bytes exactly (VNNI); others cut sums off at 16 bits."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    exact = capabilities.get("avx512_vnni") or capabilities.get("avx_vnni")
    return bool(exact and hasattr(torch.ops.onednn, "qlinear_pointwise"))


def choose_device(wanted: str) -> torch.device:
    """The device for "auto" (CUDA where there is one) or a name; ConfigError where there is no such device."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=wanted)
        return torch.device(wanted)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ConfigError(f"device is {wanted!r}, which is not here; expected auto, cpu or cuda") from None


def choose_precision(wanted: str, settings: ModelSettings, device: torch.device) -> str:
    """The precision for "auto": bf16 where it is faster, else fp32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if device.type == "cpu" and _wide(settings) and cpu_has_bf16() else "fp32"


def choose_step_precision(wanted: str, settings: ModelSettings, device: torch.device) -> str:
    """The precision of the stepper's products, for "auto" int8 where it is faster, else as in training.

    Of wide models it moves the likelihood of held-out tunes by less than 0.1 % (`benchmarks/LOG.md`). ConfigError for
    int8 where products of bytes are not exact.
    """
    able = MODELS[settings.cell].int8 and device.type == "cpu" and cpu_has_int8()
    if wanted == "int8" and not able:
        raise ConfigError("precision is 'int8', which needs an LSTM on a processor with VNNI; expected fp32 or bf16")
    if wanted == "auto" and able and _wide(settings):
        return "int8"
    return choose_precision(wanted, settings, device)


def _wide(settings: ModelSettings) -> bool:
    """Whether the model is wide enough for products in fewer bits to win."""
    least = MODELS[settings.cell].bf16_from
    return 0 < least <= settings.hidden_size
