"""Loaded first into the process that workers are forked from: it ends with the process that started it, also in the
midst of the imports that follow. The workers watch their parent themselves."""

from __future__ import annotations

import ctypes
import signal
import sys

if sys.platform == "linux":  # elsewhere it goes once those imports are over
    _PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
