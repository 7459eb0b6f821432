"""No record above the marking of the person or the agreement, no field and no place that is not agreed, in any file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops.audit.log import AuditLog
from ops.exchange.format.package import opened
from ops.exchange.make import request_for, share
from ops.exchange.products import records_to_share
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.open_sector import open_sector
from ops.services.fusion.live_picture import alert_dict
from ops.store.writer import Store
from sensors.timestamps import nanoseconds
from tests.ops.analysis.handover.night import FRAME
from tests.ops.exchange.partners import AREA, NOW, agreement, sender
from tests.ops.incidents.making import SECOND, START_NS
from tests.ops.incidents.making import alert as alert_of

LEVELS = ("restricted", "national", "secret")
CLEARANCE = {"": 0, "restricted": 1, "national": 2, "secret": 3, "*": 4}
RANK = {"": 0, "restricted": 1, "national": 2, "secret": 3, "retired": 4}
"""Written by hand from docs/data-protection.md: an unknown marking is above every level."""
RECORDS, PAIRS = 100, 100
FIELDS = ("rule", "priority", "status", "raised_at", "updated_at", "class_label")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A store of alerts, each with a code of its own as class, random marking and place, and canaries elsewhere."""
    folder = tmp_path_factory.mktemp("leaks") / "north"
    folder.mkdir()
    AuditLog(folder / "audit").close()
    store, chance = Store(folder / "store.db"), np.random.default_rng(7)
    base, made = alert_dict(alert_of("crossing", "T1", 0), FRAME), []
    for number in range(RECORDS):
        inside = bool(chance.random() < 0.8)
        west, east = (AREA[0], AREA[2]) if inside else (-83.9, -83.5)
        made.append(
            base
            | {
                "id": f"CANARY-id-{number}",
                "class_label": f"code_{number}_end",
                "lon": float(chance.uniform(west, east)),
                "lat": float(chance.uniform(AREA[1], AREA[3])),
                "sentence": "seen by CANARY-sensor",
                "sensor": "CANARY-sensor",
                "sensors": ["CANARY-sensor"],
                "unit": "CANARY-unit",
                "by": "CANARY-person",
                "reason": "CANARY-reason",
                "track": f"CANARY-track-{number}",
                "marking": str(chance.choice(list(RANK))),
            }
        )
    bodies = [{name: value for name, value in one.items() if name != "marking"} for one in made]
    marks = [("alert", one["id"], one["marking"]) for one in made if one["marking"]]
    store.commit(1, stamp_ns=START_NS, alerts=bodies, markings=marks)
    store.close()
    return folder, made


def content(path: Path) -> bytes:
    """The bytes of a file; those of a package with the files in it."""
    if not path.name.endswith(".zip"):
        return path.read_bytes()
    found = opened(path.read_bytes())
    return path.read_bytes() + found.body + found.signature + found.product()


def test_ten_thousand_marking_person_agreement_triples_leak_nothing(room: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, records = room
    ground, chance = open_sector("cumberland"), np.random.default_rng(11)
    release = ReleasabilitySettings(levels=LEVELS)
    period, seen, hidden = (START_NS - SECOND, START_NS + 7200 * SECOND), 0, 0
    for number in range(PAIRS):
        person, marking = str(chance.choice(list(CLEARANCE))), str(chance.choice(["", *LEVELS]))
        fields = tuple(chance.permutation(FIELDS)[: int(chance.integers(1, 7))])
        fields = tuple(dict.fromkeys(("class_label", *map(str, fields))))
        now = datetime.fromtimestamp(START_NS // SECOND, UTC) + timedelta(hours=3)
        maker = sender(
            folder, now=now, marking=marking, layers={"alerts": fields}, start=now - timedelta(days=1),
            until=now + timedelta(days=1),
        )  # fmt: skip
        agreed = maker.agreements.agreements[0]
        request = request_for(maker, ground, agreed, period, release, person)
        layers = records_to_share(request, agreed, own="north", secret=maker.secret)
        package = share(maker, agreed, layers)
        found = content(
            folder / "exchange" / "outbox" / "south" / f"{package.manifest.number:09d}.watchline-exchange.zip"
        )
        assert package.manifest.number == number + 1
        assert b"CANARY" not in found
        limit = min(CLEARANCE[person], CLEARANCE[marking])
        for n, one in enumerate(records):
            inside = AREA[0] <= one["lon"] <= AREA[2]
            leaves = f"code_{n}_end".encode() in found
            if RANK[one["marking"]] > limit or not inside:
                assert not leaves, (person, marking, one["marking"])
                hidden += 1
            else:
                seen += leaves  # the centre of its cell may be outside the area
    assert hidden + seen > 0.9 * RECORDS * PAIRS
    assert min(hidden, seen) > 1_000, "both happen"
    for path in (folder / "exchange").rglob("*"):
        if path.is_file():
            assert b"CANARY" not in content(path), path
    for path in (folder / "audit").rglob("*"):
        if path.is_file():
            assert b"CANARY" not in path.read_bytes(), path


def test_times_and_places_are_no_finer_than_agreed(room: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = room
    now = datetime.fromtimestamp(START_NS // SECOND, UTC) + timedelta(hours=3)
    maker = sender(
        folder, now=now, layers={"alerts": FIELDS}, start=now - timedelta(days=1), until=now + timedelta(days=1),
        time_step_s=3600.0, grid_m=5000.0,
    )  # fmt: skip
    agreed = maker.agreements.agreements[0]
    request = request_for(
        maker, open_sector("cumberland"), agreed, (START_NS - SECOND, START_NS + 7200 * SECOND),
        ReleasabilitySettings(levels=LEVELS), "*",
    )  # fmt: skip
    found = records_to_share(request, agreed, own="north", secret=maker.secret)["alerts"]
    assert len(found) > 5
    assert {(at.minute, at.second, at.microsecond) for at in found["raised_at"]} == {(0, 0, 0)}
    assert len({(shape.x, shape.y) for shape in found.geometry}) < len(found) or len(found) < 20
    east, north = FRAME.from_epsg(32616).to_local(found.geometry.x.to_numpy(), found.geometry.y.to_numpy())
    for metres in (*east, *north):
        assert metres % 5000.0 == pytest.approx(2500.0, abs=0.02)
    assert all(a <= b for a, b in pairwise(found["id"])), "the order is that of the pseudonyms, not of time"


def test_what_is_younger_than_the_delay_is_not_sent(room: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = room
    at = datetime.fromtimestamp(START_NS // SECOND, UTC)
    for delay, now, count in ((3600.0, at + timedelta(minutes=59), False), (3600.0, at + timedelta(minutes=61), True)):
        maker = sender(
            folder, now=now, layers={"alerts": FIELDS}, start=at - timedelta(days=1), until=at + timedelta(days=1),
            delay_s=delay, marking="secret",
        )  # fmt: skip
        agreed = maker.agreements.agreements[0]
        request = request_for(
            maker, open_sector("cumberland"), agreed, (START_NS - SECOND, START_NS + 7200 * SECOND),
            ReleasabilitySettings(levels=LEVELS), "*",
        )  # fmt: skip
        found = records_to_share(request, agreed, own="north", secret=maker.secret)["alerts"]
        assert bool(len(found)) == count


def test_what_changed_within_the_delay_is_not_sent(tmp_path: Path) -> None:
    """An old alert, acknowledged just now: what this side does, and where the target is, is as young as a new alert."""
    at = datetime.fromtimestamp(START_NS // SECOND, UTC)
    body = alert_dict(alert_of("crossing", "T1", 0), FRAME) | {"id": "A1", "lon": -84.2, "lat": 36.6}
    changed = body | {"status": "acknowledged", "updated_at": (at + timedelta(minutes=90)).isoformat()}
    store = Store(tmp_path / "store.db")
    store.commit(1, stamp_ns=START_NS, alerts=[changed])
    store.close()
    for delay, now, count in ((3600.0, 149, 0), (3600.0, 151, 1), (0.0, 91, 1)):
        maker = sender(
            tmp_path, now=at + timedelta(minutes=now), layers={"alerts": FIELDS}, start=at - timedelta(days=1),
            until=at + timedelta(days=1), delay_s=delay,
        )  # fmt: skip
        agreed = maker.agreements.agreements[0]
        period = (START_NS - SECOND, START_NS + 7200 * SECOND)
        request = request_for(maker, open_sector("cumberland"), agreed, period, ReleasabilitySettings(), "*")
        found = records_to_share(request, agreed, own="north", secret=maker.secret)["alerts"]
        assert len(found) == count, (delay, now)


def test_an_agreement_never_widens_what_the_person_may_share() -> None:
    """The lower of the two limits holds, whichever it is, also for one that the settings do not name."""
    from ops.exchange.products import lower_limit
    from ops.releasability.decision import Markings

    markings = Markings(LEVELS)
    for one in ("", *LEVELS, "*", "unknown"):
        for other in ("", *LEVELS, "*", "unknown"):
            limit = lower_limit(markings, one, other)
            for marking in RANK:
                both = markings.may_see(one, marking) and markings.may_see(other, marking)
                assert markings.may_see(limit, marking) == both


def test_the_agreement_of_now_is_used(room: tuple[Path, list[dict[str, Any]]]) -> None:
    from geo.errors import BadInput

    maker = sender(room[0])
    early = replace(maker, now_ns=nanoseconds(NOW - timedelta(days=31)))
    with pytest.raises(BadInput, match="not in force"):
        early.sending(None)
    assert maker.sending("buffer") == agreement()
