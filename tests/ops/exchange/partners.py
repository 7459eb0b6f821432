"""Two installations, north and south, with an agreement between them, for the tests of the exchange."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ingest.security.signature import Signer
from ops.exchange.agreements import Agreement, Agreements, Partner
from ops.exchange.make import PackageSender, SharingConditions, share
from ops.exchange.products import coarse_layer
from ops.exchange.sent import MadePackage
from ops.exchange.take import PackageReceiver
from ops.releasability.settings import ReleasabilitySettings
from sensors.timestamps import nanoseconds

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
AREA = (-84.3, 36.5, -84.1, 36.7)
KEYS = {name: Signer.generate() for name in ("north", "south", "east")}
LAYERS = {"incidents": ("kind", "state", "opened_at", "section"), "positions": ("time", "speed_mps")}

PLACE = (-84.8, 36.4, -84.6, 36.7)
"""An area within the sector of the tests, west, south, east and north."""


def public(name: str) -> str:
    return b64encode(KEYS[name].public).decode()


def agreements_text(
    own: str = "north",
    partner: str = "south",
    *,
    key: str,
    days: tuple[int, int] = (-30, 30),
    now: datetime | None = None,
    area: tuple[float, float, float, float] = PLACE,
    step_s: int = 600,
    layers: Mapping[str, Collection[str]] | None = None,
    agency: str = "",
    more: str = "",
) -> str:
    """An agreements file of ``own`` with one partner; ``days`` to its start and end, ``more``: further keys."""
    at = now or datetime.now(UTC)
    start, until = ((at + timedelta(days=one)).strftime("%Y-%m-%dT%H:%M:%SZ") for one in days)
    agreed = layers or {"incidents": ("kind", "state", "opened_at"), "coverage": ("probability",)}
    shared = "\n".join(f"{layer} = {json.dumps(list(fields))}" for layer, fields in agreed.items())
    return f"""own = "{own}"

[[partner]]
name = "{partner}"
agency = "{agency or f"Agency of the {partner}"}"
key = "{key}"

[[agreement]]
id = "buffer"
partner = "{partner}"
purpose = "joint monitoring"
area = {list(area)}
start = {start}
until = {until}
grid_epsg = 32616
grid_m = 1000
time_step_s = {step_s}
{more}
[agreement.layers]
{shared}
"""


def agreement(partner: str = "south", now: datetime = NOW, **more: Any) -> Agreement:
    fields: dict[str, Any] = {
        "id": "buffer",
        "partner": partner,
        "purpose": "joint monitoring",
        "area": AREA,
        "start": now - timedelta(days=30),
        "until": now + timedelta(days=30),
        "grid_epsg": 32616,
        "grid_m": 1000.0,
        "time_step_s": 600.0,
        "layers": LAYERS,
    }
    return Agreement(**fields | more)


def agreements(own: str, *found: Agreement) -> Agreements:
    others = [Partner(name, f"agency of the {name}", public(name)) for name in KEYS if name != own]
    return Agreements(own, tuple(others), found, Path("agreements.toml"))


def sender(data: Path, own: str = "north", partner: str = "south", now: datetime = NOW, **more: Any) -> PackageSender:
    data.mkdir(exist_ok=True)
    found = agreements(own, agreement(partner, now, **more))
    return PackageSender(data, found, partner, KEYS[own], "evaluation 12", "ana", nanoseconds(now))


def receiver(
    data: Path, own: str = "south", partner: str = "north", levels: tuple[str, ...] = (), **more: Any
) -> PackageReceiver:
    data.mkdir(exist_ok=True)
    return PackageReceiver(data, agreements(own, agreement(partner, **more)), ReleasabilitySettings(levels=levels))


def incidents(*positions: tuple[float, float], kind: str = "movement") -> gpd.GeoDataFrame:
    """Incidents at positions, as the export states them, with all that must not leave."""
    count = len(positions)
    at = pd.to_datetime(["2026-03-20T11:07:33Z"] * count, utc=True, format="ISO8601")
    table = {
        "marking": [""] * count,
        "id": [f"CANARY-incident-{n}" for n in range(count)],
        "name": ["CANARY-name"] * count,
        "kind": [kind] * count,
        "state": ["open"] * count,
        "sentence": ["seen by CANARY-sensor"] * count,
        "owner": ["CANARY-owner"] * count,
        "unit": ["CANARY-unit"] * count,
        "reason": ["CANARY-reason"] * count,
        "opened_at": at,
        "section": ["North ridge"] * count,
    }
    points = gpd.points_from_xy([one[0] for one in positions], [one[1] for one in positions])
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)


def package(
    data: Path, rows: gpd.GeoDataFrame | None = None, conditions: SharingConditions | None = None, **more: Any
) -> MadePackage:
    """A package of incidents from north to south, as the command makes it."""
    maker = sender(data, **{"layers": {"incidents": LAYERS["incidents"]}} | more)
    agreed = maker.agreements.agreements[0]
    rows = incidents((-84.21, 36.61), (-84.25, 36.55)) if rows is None else rows
    layer = coarse_layer(rows, "incidents", agreed, own=maker.agreements.own, secret=maker.secret)
    return share(maker, agreed, {"incidents": layer}, conditions)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "north")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
