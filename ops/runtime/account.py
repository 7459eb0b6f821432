"""The account of this machine under which a command runs, and that of the data folder."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def account_name() -> str:
    """Return the account's name, ``root by keller`` under sudo; ``uid 10001`` for one that has none, as in a container.

    The kernel states it: of the environment, which people set as they like, only what root has is used.
    """
    name, behind = _name_of(os.getuid()), os.environ.get("SUDO_UID", "")
    if os.getuid() == 0 and behind.isdecimal() and int(behind):
        return f"{name} by {_name_of(int(behind))}"
    return name


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid {uid}"


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
