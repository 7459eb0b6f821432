"""Passing on what others sent: only where the origin allows it, with its source and its conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.exchange.format.package import opened
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import SharingConditions, passed_on, share, withdraw
from ops.exchange.received import ReceivedStore
from ops.releasability.settings import ReleasabilitySettings
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import LAYERS, NOW, incidents, package, receiver, sender

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


def test_a_source_that_the_sender_does_not_state_is_refused(tmp_path: Path) -> None:
    maker = south_with(tmp_path, onward=("east",))
    agreed = maker.agreements.agreements[0]
    layers, conditions = passed_on(maker, agreed, "north", NONE, "*")
    made = share(maker, agreed, layers, replace(conditions, sources=()))
    assert opened(made.content).manifest.sources == ()
    with pytest.raises(PackageRefused, match="source"):
        receiver(tmp_path / "east", "east", "south", **ONLY).receive(made.content, NOW)
