"""``watchline demo`` from end to end: what it says and leaves, and that the counts are exact.

With every merge over Mosquitto as an outside broker, which it must leave as it found it; its own embedded broker, with
the counts, is in test_hardening. ``make drill`` takes both here, as do machines without Mosquitto.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_bounds

from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.subscriber import Subscriber
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from tests.drills.sizes import IS_LONG
from tests.patience import PATIENT_S

IS_INSTALLED = any(shutil.which("mosquitto", path=path) for path in (None, "/usr/sbin", "/usr/local/sbin"))
BROKERS = ["mosquitto"] if IS_INSTALLED and not IS_LONG else ["iotcore", "mosquitto"]
pytestmark = [
    pytest.mark.chain,
    pytest.mark.broker,
    pytest.mark.parametrize("broker", BROKERS, indirect=True),
]

WALL_S, SPEED = 16, 3
SETTINGS = "[tracker]\nhorizon_s = 3600\n"
"""What arrives an hour of the scenario late is still tracked, and not only a minute, which a pause of 20 s exceeds."""


@dataclass(frozen=True)
class Run:
    """One demonstration: how it ended and the folder of its files."""

    process: subprocess.CompletedProcess[str]
    folder: Path

    @property
    def figures(self) -> dict[str, Any]:
        return json.loads(self.process.stdout)


class Addresses(HTMLParser):
    """Every address that a browser could follow or fetch from a page's elements, and the page's policy."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "srcset", "data", "action", "poster", "xlink:href", "formaction", "background"}
        self.found += [value or "" for name, value in attrs if name in names]
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""


@pytest.fixture(scope="module")
def run(broker: EmbeddedBroker | MosquittoBroker, hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demonstration on the small sector: the embedded broker by its own means, Mosquitto as an outside broker."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "ops.cli", "demo", str(hill_sector.sector), f"--out={folder}"]
    command += [f"--duration={WALL_S}", f"--speed={SPEED}", "--seed=3", "--headless", "--json"]
    settings = tmp_path_factory.mktemp("settings") / "settings.toml"
    settings.write_text(SETTINGS)
    command.append(f"--settings={settings}")
    if type(broker).__name__ == "MosquittoBroker":
        command.append(f"--broker={broker.url.text}")
    return Run(subprocess.run(command, capture_output=True, text=True, timeout=PATIENT_S), folder)


def test_it_ends_well_and_stdout_is_one_json_object_on_one_line(run: Run):
    assert run.process.returncode == 0, run.process.stderr
    assert run.process.stdout.count("\n") == 1
    assert run.process.stdout.endswith("}\n")
    promised = {
        "published", "received", "journaled", "duplicate", "dead_lettered", "shed", "tracks_confirmed", "alerts",
        "gospa_mean_m", "latency_p50_ms", "latency_p99_ms", "peak_rss_mb",
    }  # fmt: skip
    assert promised <= run.figures.keys()
    assert all(run.figures[name] is not None for name in promised)
    assert "Traceback" not in run.process.stderr


def test_it_shows_tracks_and_alerts_and_measures_them(run: Run):
    figures = run.figures
    assert figures["tracks_confirmed"] > 0
    assert figures["alerts"] > 0
    assert figures["alerts_undelivered"] == 0
    assert figures["alert_workload"]["raised"] == figures["alerts"]
    report = (run.folder / "report.html").read_text()
    assert f"Alert workload of one operator: {figures['alerts']} alert" in report
    assert 0 < figures["latency_p50_ms"] <= figures["latency_p99_ms"]
    assert figures["peak_rss_mb"] > 0
    # Each mover missed costs 50 m / √2, squared and summed (GOSPA, p = 2): this bound says that some were found.
    assert 0 < figures["gospa_covered_mean_m"] < 50 / 2**0.5 * figures["targets_covered"] ** 0.5


def test_adapters_find_the_address_of_an_embedded_broker_and_only_this_user_reads_it(run: Run):
    file = run.folder / "broker.url"
    if any(argument.startswith("--broker") for argument in run.process.args):
        assert not file.exists()
        return
    assert BrokerUrl.parse(file.read_text().strip()).host == "127.0.0.1"
    assert file.stat().st_mode & 0o077 == 0


def test_both_identities_hold_for_every_sensor_counted_anew(run: Run, ledger: Callable[[Path], Any]):
    found = ledger(run.folder)
    found.check()
    assert set(found.published) == {"radar-mid", "camera-west", "ground-1"}
    figures = run.figures
    assert figures["published"] == sum(found.published.values()) > 50
    for name in ("received", "journaled", "duplicate", "dead_lettered", "shed"):
        assert figures[name] == sum(getattr(counts, name) for counts in found.counts.values())
    assert figures["balanced"] is True


def test_its_files_open_in_other_programs_and_lie_in_the_sector(run: Run, hill_sector: Any):
    with rasterio.open(hill_sector.dem) as raster:
        west, south, east, north = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    tracks = gpd.read_parquet(run.folder / "tracks.parquet")
    assert tracks.crs == "EPSG:4326"
    assert len(tracks.loc[tracks["status"] == "confirmed", "track"].unique()) == run.figures["tracks_confirmed"]
    assert np.isfinite(tracks.geometry.x).all()
    assert np.isfinite(tracks.geometry.y).all()

    alerts = json.loads((run.folder / "alerts.geojson").read_text())["features"]
    assert len(alerts) == run.figures["alerts"]
    placed = [alert["geometry"]["coordinates"] for alert in alerts if alert["geometry"] is not None]
    assert placed
    for lon, lat in placed:
        assert west <= lon <= east
        assert south <= lat <= north


def test_its_report_asks_for_nothing_from_outside(run: Run):
    page = Addresses()
    page.feed((run.folder / "report.html").read_text())
    assert page.policy.startswith("default-src 'none'")
    assert page.found, "the page has an icon, at least"
    outside = [address for address in page.found if not address.startswith(("data:", "#"))]
    assert outside == ["http://127.0.0.1:8447/"]  # the live map of this machine: a link to follow, nothing to fetch


def test_it_leaves_nothing_retained_on_somebody_elses_broker(run: Run, broker: EmbeddedBroker | MosquittoBroker):
    """A newcomer would be handed what stayed. Where the demonstration had a broker of its own, none of it came here."""
    reader = Subscriber(broker.url, client_id="newcomer", filters=["watchline/#"], now_ns=time.time_ns)
    reader.start(timeout_s=PATIENT_S)
    found = [delivery.topic for _ in range(20) for delivery in reader.collect(wait_s=0.05)]
    reader.stop()
    assert found == []


def test_every_alert_is_printed_once_however_late_it_comes(run: Run):
    """On a busy machine the alerts come after the last message was sent."""
    told = re.findall(r"^ALERT, (low|medium|high|DISTRESS): ", run.process.stderr, flags=re.MULTILINE)
    assert len(told) == run.figures["alerts"] > 0
