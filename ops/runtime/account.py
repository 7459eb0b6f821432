"""The account of this machine under which a command runs."""

from __future__ import annotations

import getpass
import os


def account_name() -> str:
    """Return the account's name; ``uid 10001`` for one that has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return f"uid {os.getuid()}"
