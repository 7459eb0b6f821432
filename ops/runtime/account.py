"""The account of this machine under which a command runs, and that of the data folder."""

from __future__ import annotations

import getpass
import os
from pathlib import Path


def account_name() -> str:
    """Return the account's name; ``uid 10001`` for one that has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return f"uid {os.getuid()}"


def give_to_owner(*paths: Path) -> None:
    """Give what root made in a folder of another account to that account, whose service must be able to open it.

    Each path is given to the owner of the folder that it is in, and a folder before what it holds.
    """
    if os.geteuid() != 0:
        return
    for path in paths:
        owner = path.parent.stat()
        if owner.st_uid != 0 and path.lstat().st_uid == 0:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
