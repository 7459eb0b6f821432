"""Set-up of a worker process, which dask calls before its first task.

Ctrl-C in a terminal reaches the whole process group, and would end the workers before their sectors have stored what
they received; they leave the group. Their files are private to their user.
"""

from __future__ import annotations

import os
from contextlib import suppress


def dask_setup(_worker: object) -> None:
    """Leave the group of the supervisor, and write private files."""
    with suppress(PermissionError):  # it already leads a session of its own
        os.setsid()
    os.umask(0o077)
