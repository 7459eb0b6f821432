"""Results of sub-sections stored in a folder as they are computed, so that interrupted work can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.errors import BadInput

CASE_FILE: Final = "case.json"
UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True, slots=True)
class StretchStore(Mapping[int, xr.Dataset]):
    """Parts in a folder by the number of their sub-section, and ``keep`` for the next one; a part is complete or
    absent.

    For ``done`` and ``keep`` of ``geo.border.stretches.by_stretches`` and functions built on it. One process writes at
    a time.
    """

    folder: Path

    @classmethod
    def at(cls, folder: str | Path, **case: Any) -> StretchStore:
        """The store in ``folder``, which is created if it is missing. ``case`` is everything that the parts depend on.

        Raises BadInput if the folder holds parts of another case, or something else.
        """
        path, prints = Path(folder), {name: fingerprint(value) for name, value in case.items()}
        expected = "a new folder, or that of the same case"
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            try:
                path.mkdir(parents=True, exist_ok=True)
                _write_whole(path / CASE_FILE, prints)
            except OSError as error:
                raise BadInput(f"cannot be written ({error.strerror})", where=str(path), expected=expected) from error
        try:
            held = json.loads((path / CASE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput("the folder contains other files", where=str(path), expected=expected) from error
        if held != prints:
            other = sorted(name for name in {*held, *prints} if held.get(name) != prints.get(name))
            problem = f"the folder contains sub-sections of another case: different {', '.join(other)}"
            raise BadInput(problem, where=str(path), expected=expected)
        for rest in path.glob(f"*{UNFINISHED}"):
            shutil.rmtree(rest)
        return cls(path)

    def keep(self, number: int, part: xr.Dataset) -> None:
        """Store the part of one sub-section. It is written under another name and then renamed, replacing an unreadable
        one."""
        whole = self._of(number)
        unfinished = whole.with_name(whole.name + UNFINISHED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about strings, whose encoding is not yet standardised
            part.compute().to_zarr(unfinished, mode="w", consolidated=False)
        shutil.rmtree(whole, ignore_errors=True)
        os.replace(unfinished, whole)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._of(number).is_dir()

    def __getitem__(self, number: int) -> xr.Dataset:
        if not self._of(number).is_dir():
            raise KeyError(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            part: xr.Dataset = xr.open_zarr(self._of(number), consolidated=False, chunks=None).load()
        return part

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(int(path.stem) for path in self.folder.glob("*.part")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of(self, number: int) -> Path:
        return self.folder / f"{number:05d}.part"


def fingerprint(value: Any) -> str:
    """A hash of a value: for arrays over their numbers, for lazy arrays over their ``source``."""
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.hexdigest()[:32]


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, xr.Dataset):
        for name in sorted(str(name) for name in value.variables):
            data = value[name].data
            lazy = hasattr(data, "dask")
            _add(digest, (name, value[name].dims, value[name].shape))
            _add(digest, (value.attrs.get("source"), str(data.dtype)) if lazy else np.asarray(data))
        _add(digest, str(value.attrs.get("crs")))
    elif isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, (list, tuple)):
        digest.update(f"{type(value).__name__}{len(value)}".encode())
        for item in value:
            _add(digest, item)
    else:
        digest.update(repr(value).encode())


def _write_whole(path: Path, content: Any) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(beside, path)
