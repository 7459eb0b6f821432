"""Which cameras can look at an incident now: its target from the live picture, ranked by the time to turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ops.sector.setting_tables.cue import CueSettings
from sensors.cueing import LookOption, MovingTarget, SteerableCamera, rank_looks
from sensors.cueing.ranking import FULL_DEG, SightOf


def steerable(
    layout: Mapping[str, Any],
    settings: CueSettings,
    pointing: Mapping[str, float],
    sensors: Iterable[Mapping[str, Any]] = (),
) -> list[SteerableCamera]:
    """Return the cameras of the settings, as the layout (GeoJSON of ``ops.sector.geojson``) places them.

    ``pointing`` holds the azimuth to which each was turned last; the others look at the centre of their field of view.
    ``sensors`` of the live picture hold the poses of mobile cameras, which stand there, look as they state and turn
    all round; without a pose they are left out: azimuths from their posts would be wrong. Cameras in maintenance are
    left out too, and offline ones, except those of ONVIF, which need not send detections.
    """
    sensors = list(sensors)
    poses = {one["sensor"]: one for one in sensors if one.get("pose")}
    away = {one["sensor"] for one in sensors if one.get("state") == "maintenance"}
    away |= {one["sensor"] for one in sensors if one.get("state") == "offline"} - settings.onvif.keys()
    found = []
    for feature in layout.get("features", ()):
        about = feature["properties"]
        if (
            feature["geometry"] is None
            or feature["geometry"]["type"] != "Point"
            or about.get("id") not in settings.cameras
            or about["id"] in away
        ):
            continue
        name, (lon, lat) = about["id"], feature["geometry"]["coordinates"][:2]
        centre, width = float(about.get("azimuth_deg") or 0.0), float(about.get("field_of_view_deg") or FULL_DEG)
        azimuth = pointing.get(name, centre)
        if about.get("mobile"):
            if name not in poses:
                continue
            here = poses[name]
            lon, lat, stated = here["lon"], here["lat"], here["pose"]["heading_deg"]
            azimuth, width = azimuth if stated is None else stated, FULL_DEG
        found.append(
            SteerableCamera(
                name, lon, lat, azimuth, settings.turn_dps, settings.settle_s,
                regard_deg=centre, regard_width_deg=width,
                min_range_m=float(about.get("min_range_m") or 0.0), max_range_m=float(about["max_range_m"]),
                elevation_min_deg=_angle(about.get("elevation_min_deg"), -90.0),
                elevation_max_deg=_angle(about.get("elevation_max_deg"), 90.0),
            )
        )  # fmt: skip
    return found


def _angle(stated: float | None, otherwise: float) -> float:
    return otherwise if stated is None else float(stated)


def target_of(
    incident: Mapping[str, Any], tracks: Sequence[Mapping[str, Any]], lead: Mapping[str, Any] | None
) -> tuple[MovingTarget, list[str] | None] | None:
    """Return the target of an incident and the sensors that have it in line of sight; None without a position.

    A live track of the incident moves on, that of the lead alert before others; without any its target stands where
    the lead alert was. The sensors are those of the lead alert (``ground.seen_by``), None for another track and where
    it has none.
    """
    ids = {one["track"] for one in incident["tracks"]}
    live = {one["track"]: one for one in tracks if one["track"] in ids}
    lead = lead or {}
    seen_by = (lead.get("ground") or {}).get("seen_by")
    if live:
        track = lead.get("track")
        if track not in live:
            track, seen_by = next(iter(live)), None
        one = live[track]
        speed, course = float(one["speed_mps"]), float(one.get("course_deg") or 0.0)
        return MovingTarget(float(one["lon"]), float(one["lat"]), speed, course), seen_by
    if incident.get("lon") is None:
        return None
    return MovingTarget(float(incident["lon"]), float(incident["lat"])), seen_by


def options_of(
    incident: Mapping[str, Any],
    tracks: Sequence[Mapping[str, Any]],
    lead: Mapping[str, Any] | None,
    cameras: Sequence[SteerableCamera],
    sight: SightOf | None = None,
) -> list[LookOption]:
    """Return the cameras that can look at an incident, the soonest first.

    Those known to have it in line of sight; where none is known to, all that reach it and are not known to have ground
    between. ``sight`` knows the terrain around cameras.
    """
    found = target_of(incident, tracks, lead)
    if found is None:
        return []
    target, seen_by = found
    every = rank_looks(cameras, target, sight=sight)
    sure = rank_looks(cameras, target, seen_by=seen_by, sight=sight) if seen_by is not None else every
    return [one for one in sure if one.in_view] or every
