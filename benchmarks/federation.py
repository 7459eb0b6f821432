"""Federation: records/s that one Watchline makes into signed packages, and another fetches, verifies and stores.

Both sides are in this process, over HTTPS on the loopback interface; each import is on disk when it is acknowledged.

Tables to stderr, one JSON line to stdout: ``python benchmarks/federation.py [--packages N] [--records N]``
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from queue import Queue
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from machine import report, table

from ingest.security.signature import Signer
from ops.exchange.agreements import Agreement, Agreements, Partner
from ops.exchange.make import PackageSender, share
from ops.exchange.products import coarse_layer
from ops.exchange.pull import Outbox, pull, serve
from ops.exchange.take import PackageReceiver
from ops.releasability.settings import ReleasabilitySettings

AREA = (-84.3, 36.5, -84.1, 36.7)
FIELDS = ("time", "status", "existence", "speed_mps", "course_deg", "error_95_m")


def positions(count: int) -> gpd.GeoDataFrame:
    """Return made-up estimates of tracks, as the export states them."""
    chance, now = np.random.default_rng(1), datetime.now(UTC)
    table = {
        "track": [f"T{number // 100}" for number in range(count)],
        "time": pd.to_datetime([now - timedelta(seconds=number) for number in range(count)], utc=True),
        "status": ["confirmed"] * count,
        "existence": chance.uniform(0.9, 1.0, count),
        "speed_mps": chance.uniform(0.0, 3.0, count),
        "course_deg": chance.uniform(0.0, 360.0, count),
        "error_95_m": chance.uniform(5.0, 50.0, count),
    }
    lon, lat = chance.uniform(AREA[0], AREA[2], count), chance.uniform(AREA[1], AREA[3], count)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon, lat), crs=4326)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate of 127.0.0.1 and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def sides(folder: Path) -> tuple[PackageSender, PackageReceiver, Signer]:
    """Return the sender, the recipient, and the recipient's key."""
    keys, now = {name: Signer.generate() for name in ("north", "south")}, datetime.now(UTC)
    found: dict[str, Agreements] = {}
    for own, other in (("north", "south"), ("south", "north")):
        (folder / own).mkdir()
        fields: dict[str, Any] = {
            "id": "bench", "partner": other, "purpose": "benchmark", "area": AREA, "start": now - timedelta(days=1),
            "until": now + timedelta(days=1), "grid_epsg": 32616, "grid_m": 100.0, "time_step_s": 1.0,
            "layers": {"positions": FIELDS},
        }  # fmt: skip
        partner = Partner(other, "agency", b64encode(keys[other].public).decode())
        found[own] = Agreements(own, (partner,), (Agreement(**fields),), Path("agreements.toml"))
    sender = PackageSender(
        folder / "north", found["north"], "south", keys["north"], "benchmark", "bench", time.time_ns()
    )
    return sender, PackageReceiver(folder / "south", found["south"], ReleasabilitySettings()), keys["south"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=10)
    parser.add_argument("--records", type=int, default=2_000, help="records of a package")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sender, receiver, signer = sides(folder)
        agreement, rows = sender.agreements.agreements[0], positions(chosen.records)
        wall, cpu, made = time.perf_counter(), time.process_time(), 0
        for _ in range(chosen.packages):
            layer = coarse_layer(rows, "positions", agreement, own="north", secret=sender.secret)
            share(sender, agreement, {"positions": layer})
            made += len(layer)
        making = time.perf_counter() - wall, time.process_time() - cpu
        tls, ready = certificate(folder), Queue[str]()
        outbox = Outbox(folder / "north", lambda: sender.agreements, time.time_ns)
        threading.Thread(target=serve, args=(outbox, "127.0.0.1", 0, tls, ready.put), daemon=True).start()
        address = ready.get(timeout=60)
        wall, cpu = time.perf_counter(), time.process_time()
        packages, stored = pull(receiver, "north", address, signer, tls[0])
        taking = time.perf_counter() - wall, time.process_time() - cpu
        assert (packages, stored) == (chosen.packages, made)
    both = [("coarsen, write, sign, log", *making), ("fetch over HTTPS, verify, store", *taking)]
    rates = {what: made / wall for what, wall, _ in both}
    table(
        ("what", "wall s", "CPU s", "records/s"),
        [(what, f"{wall:.2f}", f"{cpu:.2f}", rates[what]) for what, wall, cpu in both],
    )
    together = made / (making[0] + taking[0])
    report(
        "federation",
        {
            "packages": packages, "records": made, "records_per_s": {**rates, "both": together},
            "cpu_seconds": {what: cpu for what, _, cpu in both},
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
