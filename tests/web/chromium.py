"""Debian's Chromium, as tests start it."""

from __future__ import annotations

import os
import shutil

import pytest

SHELL, BROWSER = "chromium-headless-shell", "chromium"
"""The same engine without and with the windows of a browser, at which no test looks and which take a third of the time
of a page."""


def chromium(*, whole: bool = False) -> str:
    """Return the program; without one the tests fail, because a page that was not looked at is not tested.

    ``whole``: with its windows, as people have it, for what is about the browser and not the page.
    """
    found = (None if whole else shutil.which(SHELL)) or shutil.which(BROWSER)
    if found is None:
        pytest.fail("Chromium is not installed: 'apt-get install chromium', or run deploy/system_packages.py.")
    return found


def sandboxing() -> list[str]:
    """Return the arguments about its sandbox, which root cannot use."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def launch_options() -> list[str]:
    """Return all its arguments: pages are put together by the processor.

    Without a graphics card Chromium imitates one for that, which costs more than to do without.
    """
    return [*sandboxing(), "--disable-gpu-compositing"]
