"""ASTERIX: what a radar states about itself (CAT 034), and surface tracks that it extrapolates (CAT 010)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ingest.decode import envelope_of, read_declaration
from ingest.standards.registry import ASTERIX
from ingest.wire import Status
from tests.ingest.standards.test_standards import (
    FLAT,
    MARKER,
    NOW,
    TOPIC,
    made,
    read,
    refusal,
    reported,
    without,
)

COMMON = {"NOGO": 0, "RDPC": 1, "RDPR": 1, "OVLRDP": 0, "OVLXMT": 0, "MSC": 0, "TSV": 0}


def common(**bits: int) -> dict[str, Any]:
    """A north marker with the common part of I034/050."""
    return MARKER | {"050": {"COM": (*(COMMON | bits).items(), 0)}}


def heard(record: dict[str, Any], context: bytes | None = None) -> tuple[Status, bytes | None]:
    envelope = envelope_of(NOW, TOPIC.replace("detections", "status"), ASTERIX, None)
    return read_declaration(made(34, record), replace(envelope, sensor_context=context))


@pytest.mark.parametrize(
    ("record", "state", "obscured", "time_source", "note"),
    [
        (lambda: common(), "ok", False, None, ""),
        (lambda: common(NOGO=1), "degraded", True, None, "I034/050 COM.NOGO"),
        (lambda: common(TSV=1), "degraded", False, "free", "I034/050 COM.TSV"),
        (lambda: common(OVLXMT=1, MSC=1), "degraded", False, None, "I034/050 COM.OVLXMT, COM.MSC"),
        (
            lambda: MARKER | {"050": {"PSR": (("ANT", 1), ("CHAB", 3), ("OVL", 1), ("MSC", 0), 0)}},
            "degraded", False, None, "I034/050 PSR.OVL",
        ),
        (lambda: MARKER | {"000": 4}, "degraded", False, None, "jamming strobe"),
        (lambda: MARKER | {"000": 2}, "ok", False, None, ""),
    ],
)  # fmt: skip
def test_a_radar_states_its_faults_in_a_service_message(
    record: Callable[[], dict[str, Any]], state: str, obscured: bool, time_source: str | None, note: str
) -> None:
    """EUROCONTROL-SPEC-0149-2b, I034/000 and I034/050: the data of a NOGO system shall be discarded."""
    found, _ = heard(record())
    assert (found.state, found.obscured, found.time_source, found.note) == (state, obscured, time_source, note)


def test_a_service_message_without_the_systems_status_ends_no_fault() -> None:
    """I034/050 is optional: a radar may state it with each north marker and with no sector crossing."""
    _, context = heard(common(NOGO=1))
    for _ in range(2):
        sector, context = heard(MARKER | {"000": 2}, context)
        assert (sector.state, sector.obscured) == ("degraded", True)
    north, context = heard(common(), context)
    assert (north.state, north.obscured) == ("ok", False)
    assert heard(MARKER | {"000": 2}, context)[0].state == "ok"
    assert heard(MARKER, b"of another standard")[0].state == "ok"


@pytest.mark.parametrize("cst", [0, 1, 2, 3])
def test_an_extrapolated_surface_track_is_left_out(cst: int) -> None:
    """EUROCONTROL-SPEC-0149-7, I010/170: only CST 0 is no extrapolation."""
    track = FLAT | {"170": ((("CNF", 0), ("TRE", 0), ("CST", cst), ("MAH", 0), ("TCC", 1), ("STH", 0), None),)}
    assert len(read(made(10, track), ASTERIX).plots) == (cst == 0)
    assert len(read(made(10, without(track, "020")), ASTERIX).plots) == (cst == 0)
    simulated = reported(10, 0b000_0000_1, 0b1000_000_0)
    assert refusal(made(10, track) + simulated, ASTERIX)[1] == "CAT010[1].I020.SIM"
