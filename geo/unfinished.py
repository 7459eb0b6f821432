"""Files and folders that are not complete yet, to be removed before the process ends in the middle of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

_UNFINISHED: Final[set[Path]] = set()


@contextmanager
def register_unfinished(path: Path) -> Iterator[Path]:
    """Have ``remove_all_unfinished`` remove the file or folder ``path`` while the body runs, which may create it."""
    _UNFINISHED.add(path)
    try:
        yield path
    finally:
        _UNFINISHED.discard(path)


@contextmanager
def unfinished_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder of this user in ``parent``, by default that of temporary files; remove it at the end."""
    folder = Path(mkdtemp(prefix=prefix, dir=parent))
    with register_unfinished(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_all_unfinished() -> None:
    """Remove what is registered, before this process ends in the middle of it."""
    for path in tuple(_UNFINISHED):
        with suppress(OSError):
            remove_unfinished(path)


def remove_unfinished(path: Path) -> None:
    """Remove a folder, or a file with what GDAL and SQLite write beside it: overviews, masks and journals."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    for file in (path, *path.parent.glob(f"{escape(path.name)}[.-]*")):
        file.unlink(missing_ok=True)
