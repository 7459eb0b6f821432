"""A cluster of another version is refused in one sentence before anything is submitted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geo.errors import BadInput
from geo.visibility import sites_seeing
from geo.visibility.many_sites import executor
from geo.visibility.many_sites.versions import refuse_other_versions
from tests.patience import PATIENT_S

OURS = {
    "python": "3.11.7.final.0", "dask": "2026.8.0", "distributed": "2026.8.0", "msgpack": "1.1.0", "cloudpickle": "3.1",
    "numpy": "2.3.0", "watchline": "0.1.0",
}  # fmt: skip
SIDE = {"host": {}, "packages": OURS}
OLDER = """
import distributed.versions
ours = distributed.versions._version_cached
distributed.versions._version_cached = lambda name: "2021.3.0" if name in ("dask", "distributed") else ours(name)
from distributed.cli.dask_scheduler import main
main()
"""
"""A scheduler that states an older version of itself."""


class Stated:
    """A client to which scheduler and workers state these versions."""

    def __init__(self, **changed: dict[str, str | None]) -> None:
        self.sides: dict[str, Any] = {
            "client": deepcopy(SIDE),
            "scheduler": deepcopy(SIDE),
            "workers": {"tcp://a:1": deepcopy(SIDE), "tcp://b:1": deepcopy(SIDE)},
        }
        for side, packages in changed.items():
            found = self.sides["workers"]["tcp://b:1"] if side == "worker" else self.sides[side]
            found["packages"] |= packages

    def get_versions(self, packages: list[str]) -> dict[str, Any]:
        assert packages == ["watchline"]
        return self.sides


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"scheduler": {"dask": "2024.8.0"}},
            "the scheduler has dask 2024.8.0; expected dask 2026.8.0 on all machines",
        ),
        ({"scheduler": {"python": "3.12.1.final.0"}}, "the scheduler has python 3.12; expected python 3.11"),
        ({"scheduler": {"distributed": None}}, "the scheduler has no distributed; expected distributed 2026.8.0"),
        ({"worker": {"watchline": "0.2.0"}}, "the worker tcp://b:1 has watchline 0.2.0; expected watchline 0.1.0"),
        ({"worker": {"watchline": None}}, "the worker tcp://b:1 has no watchline; expected watchline 0.1.0"),
        ({"worker": {"numpy": "1.26.4"}}, "the worker tcp://b:1 has numpy 1.26.4; expected numpy 2.3.0"),
        ({"worker": {"cloudpickle": "2.0"}}, "the worker tcp://b:1 has cloudpickle 2.0; expected cloudpickle 3.1"),
    ],
)
def test_the_first_difference_is_named_with_both_versions(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        refuse_other_versions(Stated(**changed), "tls://there:8786")
    assert f"tls://there:8786: {sentence}" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"scheduler": {"python": "3.11.9.final.0", "numpy": None, "watchline": None}},  # which runs no tasks
        {"worker": {"python": "3.11.2.final.0", "msgpack": "1.0.8"}},
    ],
)
def test_what_makes_no_difference_is_accepted(changed: dict[str, Any]) -> None:
    accepted = Stated(**changed)
    refuse_other_versions(accepted, "tls://there:8786")
    assert accepted.sides["workers"]


def test_a_worker_that_has_just_ended_states_no_version() -> None:
    ended = Stated()
    ended.sides["workers"]["tcp://c:1"] = None
    refuse_other_versions(ended, "tls://there:8786")
    ended.sides["workers"]["tcp://b:1"]["packages"]["dask"] = "1"
    with pytest.raises(BadInput, match="tcp://b:1"):
        refuse_other_versions(ended, "tls://there:8786")


@pytest.fixture
def older_scheduler() -> Iterator[str]:
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with subprocess.Popen([sys.executable, "-c", OLDER, *words], stderr=subprocess.PIPE, text=True) as scheduler:
        try:
            assert scheduler.stderr is not None
            lines = iter(scheduler.stderr)
            yield next(found[1] for line in lines if (found := re.search(r"Scheduler at: +(tcp://\S+)", line)))
        finally:
            scheduler.kill()


def test_a_running_scheduler_of_another_version_is_refused(
    older_scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "CONNECT_S", PATIENT_S)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((4, 4), np.float32), {"units": "m"})},
        coords={"northing": 30.0 * np.arange(4)[::-1], "easting": 30.0 * np.arange(4)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )
    with pytest.raises(BadInput, match=rf"{older_scheduler}: the scheduler has dask 2021\.3\.0; expected dask"):
        sites_seeing(
            terrain, np.array([[45.0, 45.0]]), observer_height_m=2.0, max_range_m=50.0, scheduler=older_scheduler
        )
