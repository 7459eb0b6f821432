"""Debian's Chromium, as tests start it."""

from __future__ import annotations

import os
import shutil

import pytest

SHELL, BROWSER = "chromium-headless-shell", "chromium"
"""The same engine without and with the windows of a browser, which no test looks at: a third of the time of a page."""


def chromium() -> str:
    """Return the program; without one the tests fail, because a page that was not looked at is not tested."""
    found = shutil.which(SHELL) or shutil.which(BROWSER)
    if found is None:
        pytest.fail("Chromium is not installed: 'apt-get install chromium', or run deploy/system_packages.py.")
    return found


def launch_options() -> list[str]:
    """Return its arguments: without the sandbox, which root cannot use, and with pages put together by the processor.

    Without a graphics card Chromium imitates one to put a page together, which costs more than to do it without.
    """
    return [*(["--no-sandbox"] if os.geteuid() == 0 else []), "--disable-gpu-compositing"]
