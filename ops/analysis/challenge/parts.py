"""Parts of a long challenge on disk, so that a run that was broken off goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from ops.analysis.challenge.question import ChallengeQuestion
from ops.analysis.challenge.work import StretchAnswer

FOLDER: Final = "parts"
FORM: Final = 2
"""What a part holds; raised when that changes, so that a run goes on from none of another form."""
DATASETS: Final = ("segments", "rasters")


def fingerprint(job: ChallengeQuestion, *options: object) -> str:
    """A hash of all that a part depends on: parts of another question, ground, layout or version are not used."""
    from importlib.metadata import version

    ground = job.ground
    heights = ground.terrain["elevation"]
    thin = max(1, max(heights.shape) // 512)
    digest = hashlib.sha256()
    digest.update(np.ascontiguousarray(heights[::thin, ::thin].to_numpy()).tobytes())
    digest.update(ground.crossed.line.wkb)
    there = b"" if job.response is None else np.ascontiguousarray(job.response[::thin, ::thin].to_numpy()).tobytes()
    digest.update(there)
    said = (
        version("watchline"), FORM, heights.shape, heights["easting"].to_numpy()[[0, -1]].tolist(),
        heights["northing"].to_numpy()[[0, -1]].tolist(), ground.border.segment_length_m, ground.border.home_side,
        job.belt_m, [repr(sensor) for sensor in ground.layout], job.target, job.conditions, job.direction, job.dwell_s,
        job.dem_error, job.runs, job.settings, job.reference and (job.reference.name, job.reference.version), options,
    )  # fmt: skip
    digest.update(repr(said).encode())
    return digest.hexdigest()


def save_part(folder: Path, number: int, part: StretchAnswer, mark: str) -> None:
    """Write one part, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    story: dict[str, Any] = {"mark": mark, "records": [part.crossings, part.trades, part.barrier]}
    for name in DATASETS:
        dataset: xr.Dataset = getattr(part, name)
        story[name] = {"attrs": _plain(dataset.attrs), "variables": {}}
        for key, variable in dataset.variables.items():
            arrays[f"{name}|{key}"] = variable.to_numpy()
            story[name]["variables"][str(key)] = {"dims": list(variable.dims), "attrs": _plain(variable.attrs)}
        story[name]["coords"] = [str(key) for key in dataset.coords]
    arrays["story"] = np.frombuffer(json.dumps(story).encode(), np.uint8)
    path = folder / f"{number:05d}.npz"
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, **arrays)
    partial.replace(path)


def load_parts(folder: Path, mark: str) -> dict[int, StretchAnswer]:
    """The parts that are there and answer the same question; others and broken files are passed over."""
    found = {}
    for path in sorted(folder.glob("[0-9]*.npz")):
        if ".partial" in path.name:
            continue
        try:
            with np.load(path, allow_pickle=False) as file:
                story = json.loads(file["story"].tobytes())
                if story["mark"] != mark:
                    continue
                crossings, trades, barrier = story["records"]
                segments, rasters = (_dataset(name, story[name], file) for name in DATASETS)
        except (OSError, ValueError, KeyError, EOFError):
            continue
        found[int(path.stem)] = StretchAnswer(segments, rasters, crossings, trades, barrier)
    return found


def drop_parts(out: Path) -> None:
    """Remove the parts once they are in the answer."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _dataset(name: str, told: dict[str, Any], file: Any) -> xr.Dataset:
    variables = {
        key: xr.Variable(tuple(about["dims"]), file[f"{name}|{key}"], about["attrs"])
        for key, about in told["variables"].items()
    }
    return xr.Dataset(variables, attrs=told["attrs"]).set_coords(told["coords"])


def _plain(attrs: Any) -> dict[str, Any]:
    """Attributes as JSON holds them: tuples as lists, numpy's numbers as numbers."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(attrs), default=_number))
    return plain


def _number(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
