"""Tunes that are drawn in the studio: what is asked for comes out or is refused, what is to stay stays."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.studio_server import Browser, Refused, Served, browser, served
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.validity import fault_of
from tunewright.music.elements import Note
from tunewright.music.tune import Tune
from tunewright.studio.work import drawing
from tunewright.support.errors import ConfigError, TunewrightError
from tunewright.training.base import BASE, has_base, run_folder

__all__ = ["browser", "served"]
