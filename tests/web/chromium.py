"""Debian's Chromium, as tests start it."""

from __future__ import annotations

import os
import shutil

import pytest


def chromium() -> str:
    """Return the program; without it the tests fail, because a page that was not looked at is not tested."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is not installed: 'apt-get install chromium', or run deploy/system_packages.py.")
    return found


def sandboxing() -> list[str]:
    """Return the arguments about its sandbox, which root cannot use."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
