"""How threads that compute one product wait for one another: for a moment awake, then asleep.

In: the environment of this process, before PyTorch or scikit-learn is loaded. Out: settings of their OpenMP in it,
where the user has made none. As they come, these threads wait awake for 300,000 turns of a loop, seven milliseconds on
the machine of `benchmarks/LOG.md`, which has what that costs: on a busy machine they take the time of the very thread
that they wait for. A program sets this for itself; a library must not set it for the program that uses it.
"""

from __future__ import annotations

import os

BRIEF = {  # by runtime: GNU's takes turns of its loop, LLVM's and Intel's take milliseconds
    "GOMP_SPINCOUNT": "10000",  # a quarter of a millisecond: as quick as 300,000 on a quiet machine
    "KMP_BLOCKTIME": "1",
}
CHOICES = ("OMP_WAIT_POLICY", *BRIEF)  # where the user says how to wait


def wait_briefly() -> None:
    """Have threads of OpenMP sleep where they wait for long, in this process and in those that it starts."""
    if not any(name in os.environ for name in CHOICES):
        os.environ.update(BRIEF)
