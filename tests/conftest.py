"""What holds for all tests: numerical libraries compute in one thread, and threads that wait sleep."""

from __future__ import annotations

import os

# Read by libraries when they are loaded first, and by processes that tests begin: models this small gain nothing from
# several threads, and of threads that wait for one another in a loop two processes on two cores have more than enough.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
