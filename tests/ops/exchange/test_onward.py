"""Passing on what others sent: only where the origin allows it, with its source and its conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geo.errors import BadInput
from ingest.security.signature import Signer
from ops.exchange.format.package import opened
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import SharingConditions, passed_on, share, withdraw
from ops.exchange.products import coarse_layer, pseudonym
from ops.exchange.received import ReceivedStore
from ops.releasability.settings import ReleasabilitySettings
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import KEYS, LAYERS, NOW, incidents, package, receiver, sender

ONLY: dict[str, Any] = {"layers": {"incidents": LAYERS["incidents"]}}
NONE = ReleasabilitySettings()


def south_with(folder: Path, **more: Any) -> Any:
    """South, which has a package of north; it may send to east."""
    south = receiver(folder / "south", **ONLY, levels=("restricted",), markings={"restricted": "restricted"})
    south.receive(package(folder / "north", **more).content, NOW)
    return sender(folder / "south", "south", "east", **ONLY, onward=("west", "north"))


def test_a_ban_is_kept(tmp_path: Path) -> None:
    maker = south_with(tmp_path)
    with pytest.raises(BadInput, match="north bans onward sharing to east"):
        passed_on(maker, maker.agreements.agreements[0], "north", NONE, "*")


def test_allowed_records_keep_source_end_and_the_narrower_list_of_recipients(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east", "west"), keep_days=3)
    layers, conditions = passed_on(maker, maker.agreements.agreements[0], "north", NONE, "*")
    made = share(maker, maker.agreements.agreements[0], layers, conditions)
    manifest = made.manifest
    assert (manifest.sources, manifest.onward) == (("north",), ("west",))
    assert manifest.expires_at == NOW + timedelta(days=3)
    east = receiver(tmp_path / "east", "east", "south", **ONLY)
    assert east.receive(made.content, NOW)[1].stored == 2
    store = ReceivedStore(east.data)
    found = list(store.records("south", 1, "incidents"))
    store.close()
    assert {row["source"] for row in found} == {"north"}
    assert {row["kind"] for row in found} == {"movement"}


@pytest.mark.parametrize(("origin", "own"), [(True, False), (False, True), (False, False)])
def test_an_origin_that_must_be_asked_must_be_asked_by_everyone(tmp_path: Path, *, origin: bool, own: bool) -> None:
    maker = south_with(tmp_path, onward=("east",), origin_control=origin)
    agreed = replace(maker.agreements.agreements[0], origin_control=own)
    made = share(maker, agreed, *passed_on(maker, agreed, "north", NONE, "*"))
    assert made.manifest.origin_control is (origin or own)


def test_only_packages_whose_origin_allows_it_are_passed_on(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    south = receiver(tmp_path / "south", **ONLY)
    south.receive(package(tmp_path / "north", incidents((-84.15, 36.65), kind="secret_kind")).content, NOW)
    layers, _ = passed_on(maker, maker.agreements.agreements[0], "north", NONE, "*")
    assert set(layers["incidents"]["kind"]) == {"movement"}


def test_a_received_marking_limits_what_is_passed_on(tmp_path: Path) -> None:
    conditions = SharingConditions("restricted", ("east",), nanoseconds(NOW + timedelta(days=1)))
    maker = south_with(tmp_path, conditions=conditions)
    release = ReleasabilitySettings(levels=("restricted",))
    with pytest.raises(BadInput, match="above the marking"):
        passed_on(maker, maker.agreements.agreements[0], "north", release, "*")
    cleared = replace(maker.agreements.agreements[0], marking="restricted")
    _, found = passed_on(maker, cleared, "north", release, "*")
    assert found.marking == "restricted"


def test_nothing_younger_than_the_agreed_delay_is_passed_on(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    delayed = replace(maker.agreements.agreements[0], delay_s=86_400.0)
    with pytest.raises(BadInput, match="too recent"):
        passed_on(maker, delayed, "north", NONE, "*")
    later = NOW + timedelta(days=1)
    layers, _ = passed_on(replace(maker, now_ns=nanoseconds(later)), delayed, "north", NONE, "*")
    assert len(layers["incidents"]) == 2


CELLS = ((-84.25, 36.55), (-84.22, 36.58), (-84.19, 36.61))


@pytest.mark.parametrize("fields", [("time", "speed_mps"), ("speed_mps",)])
def test_all_positions_of_a_track_in_a_step_are_passed_on_by_the_newest_package(
    tmp_path: Path, fields: tuple[str, ...]
) -> None:
    """Within ten minutes through three cells; the second package states the last again, faster."""
    only: dict[str, Any] = {"layers": {"positions": fields}}
    north, south = sender(tmp_path / "north", onward=("east",), **only), receiver(tmp_path / "south", **only)
    agreed = north.agreements.agreements[0]
    for count, speeds in ((3, [1.0, 2.0, 3.0]), (1, [9.0])):
        lon, lat = zip(*CELLS[-count:], strict=True)
        at = pd.to_datetime(["2026-03-20T11:01:00Z", "2026-03-20T11:04:00Z", "2026-03-20T11:08:00Z"][-count:], utc=True)
        rows = gpd.GeoDataFrame(
            {"track": ["T1"] * count, "time": at, "speed_mps": speeds}, geometry=gpd.points_from_xy(lon, lat), crs=4326
        )
        layer = coarse_layer(rows, "positions", agreed, own="north", secret=north.secret)
        assert south.receive(share(north, agreed, {"positions": layer}).content, NOW)[1].stored == count
        maker = sender(south.data, "south", "east", **only)
        layers, _ = passed_on(maker, maker.agreements.agreements[0], "north", NONE, "*")
        found = sorted(layers["positions"]["speed_mps"])
        expected = [1.0, 2.0, 3.0] if count == 3 else [9.0] if "time" in fields else [1.0, 2.0, 9.0]
        assert found == expected


def test_what_the_origin_withdrew_is_passed_on_no_more_and_can_be_withdrawn_there(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    agreed = maker.agreements.agreements[0]
    made = share(maker, agreed, *passed_on(maker, agreed, "north", NONE, "*"))
    east = receiver(tmp_path / "east", "east", "south", **ONLY)
    east.receive(made.content, NOW)
    notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[], records=["CANARY-incident-0"], reason="error")
    receiver(tmp_path / "south", **ONLY).receive(notice.content, NOW)
    (gone,) = notice.manifest.withdraws.records  # type: ignore[union-attr]
    layers, _ = passed_on(maker, agreed, "north", NONE, "*")
    assert len(layers["incidents"]) == 1
    onward, concerned = withdraw(maker, packages=[], records=[f"north/{gone}"], reason="withdrawn by north")
    assert concerned == [1]
    assert east.receive(onward.content, NOW)[1].removed == 1


def test_a_withdrawn_record_is_not_sent_again_under_another_key(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    agreed = maker.agreements.agreements[0]
    share(maker, agreed, *passed_on(maker, agreed, "north", NONE, "*"))
    own = pseudonym(KEYS["north"].private.private_bytes_raw(), "south", "CANARY-incident-0")
    withdraw(maker, packages=[], records=[f"north/{own}"], reason="wrong person")
    for key in (KEYS["south"], Signer.generate()):
        renewed = replace(maker, signer=key)
        layers, _ = passed_on(renewed, agreed, "north", NONE, "*")
        assert len(layers["incidents"]) == 1


def test_a_source_that_the_sender_does_not_state_is_refused(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    agreed = maker.agreements.agreements[0]
    layers, conditions = passed_on(maker, agreed, "north", NONE, "*")
    made = share(maker, agreed, layers, replace(conditions, sources=()))
    assert opened(made.content).manifest.sources == ()
    with pytest.raises(PackageRefused, match="source"):
        receiver(tmp_path / "east", "east", "south", **ONLY).receive(made.content, NOW)
