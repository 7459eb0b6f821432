"""Map, planner and the description of the API in a network namespace of their own, in which only loopback exists."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import ROOT

pytestmark = pytest.mark.chain

NAMESPACE = ["unshare", "--net", "--map-root-user"]


def test_the_pages_need_nothing_from_outside(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no network namespaces")
    command = [*NAMESPACE, sys.executable, "-m", "tests.web.offline_visit", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["way_out"] == "ENETUNREACH"
    assert [url for url in found["asked"] if not url.startswith((found["home"], "blob:", "data:"))] == []
    assert len(found["asked"]) > 20
    assert [one for one in found["failed"] if not one.endswith("net::ERR_ABORTED")] == [], (
        "but those it no longer needs"
    )
    assert found["errors"] == []
    assert "T0001" in found["map"]
    assert "Cumberland" in found["plan"]
    for route in ("/v1/incidents", "/api/tracks", "/v1/forces"):
        assert route in found["docs"]
