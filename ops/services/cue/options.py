"""Which cameras can look at an incident now: its target from the live picture, ranked by the time to turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ops.sector.setting_tables.cue import CueSettings
from sensors.cueing import LookOption, MovingTarget, SteerableCamera, rank_looks


def steerable(layout: Mapping[str, Any], settings: CueSettings, pointing: Mapping[str, float]) -> list[SteerableCamera]:
    """Return the cameras of the settings, as the layout (GeoJSON of ``ops.sector.geojson``) places them.

    ``pointing`` holds the azimuth to which each was turned last; the others look at the centre of their field of view.
    Mobile cameras are left out: the layout has their posts, from where azimuths would be wrong.
    """
    found = []
    for feature in layout.get("features", ()):
        about = feature["properties"]
        if (
            feature["geometry"] is None
            or feature["geometry"]["type"] != "Point"
            or about.get("id") not in settings.cameras
            or about.get("mobile")
        ):
            continue
        lon, lat = feature["geometry"]["coordinates"][:2]
        centre = float(about.get("azimuth_deg") or 0.0)
        found.append(
            SteerableCamera(
                about["id"], lon, lat, pointing.get(about["id"], centre), settings.turn_dps, settings.settle_s,
                regard_deg=centre, regard_width_deg=float(about.get("field_of_view_deg") or 360.0),
                min_range_m=float(about.get("min_range_m") or 0.0), max_range_m=float(about["max_range_m"]),
            )
        )  # fmt: skip
    return found


def target_of(
    incident: Mapping[str, Any], tracks: Sequence[Mapping[str, Any]], lead: Mapping[str, Any] | None
) -> tuple[MovingTarget, list[str] | None] | None:
    """Return the target of an incident and the sensors that have it in line of sight; None without a position.

    A live track of the incident moves on; otherwise its target stands where the lead alert was. The sensors are those
    of the lead alert (``ground.seen_by``), None where it has none.
    """
    ids = {one["track"] for one in incident["tracks"]}
    live = next((one for one in tracks if one["track"] in ids), None)
    ground = (lead or {}).get("ground") or {}
    seen_by = ground.get("seen_by")
    if live is not None:
        speed, course = float(live["speed_mps"]), float(live.get("course_deg") or 0.0)
        return MovingTarget(float(live["lon"]), float(live["lat"]), speed, course), seen_by
    if incident.get("lon") is None:
        return None
    return MovingTarget(float(incident["lon"]), float(incident["lat"])), seen_by


def options_of(
    incident: Mapping[str, Any],
    tracks: Sequence[Mapping[str, Any]],
    lead: Mapping[str, Any] | None,
    cameras: Sequence[SteerableCamera],
) -> list[LookOption]:
    """Return the cameras that can look at an incident, the soonest first.

    Those known to have it in line of sight come first; where none is known to, all that reach it are listed.
    """
    found = target_of(incident, tracks, lead)
    if found is None:
        return []
    target, seen_by = found
    sure = [] if seen_by is None else rank_looks(cameras, target, seen_by=seen_by)
    return sure or rank_looks(cameras, target)
