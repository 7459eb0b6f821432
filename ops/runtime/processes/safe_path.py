"""Keeps the working folder out of the search for modules, of this process and of every Python that it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

PATH_VARIABLE: Final = "PYTHONPATH"
OWN: Final = str(Path(__file__).parents[3])
"""The folder of Watchline's packages."""


def keep_to_safe_path() -> None:
    """Set the safe path (``-P``) for what is started, and remove empty and relative entries of PYTHONPATH.

    ``-P`` does not concern these, which stand for the working folder and folders in it. Only the folder of this
    installation remains. Modules that this process has already imported from there stay imported.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    stated = os.environ.get(PATH_VARIABLE)
    if not stated:  # which Python ignores
        return
    entries = stated.split(os.pathsep)
    kept = [os.path.abspath(entry) for entry in entries if os.path.isabs(entry) or os.path.abspath(entry) == OWN]
    os.environ[PATH_VARIABLE] = os.pathsep.join(kept)
    removed = {os.path.abspath(entry) for entry in entries} - set(kept)
    sys.path[:] = [entry for entry in sys.path if entry not in removed]  # which the workers of a pool inherit
