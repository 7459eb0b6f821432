"""Points in WGS 84 in the form that PostGIS reads, of estimates and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from geo.frame import LocalFrame

SRID: Final = 4326
ADD_POINT: Final = "UPDATE alerts SET geom = ? WHERE id = ? AND revision = ? AND length(body) > 0"
_EASTING, _NORTHING = 2, 3


def points_of_estimates(rows: Sequence[tuple[Any, ...]], frame: LocalFrame) -> list[str | None]:
    """Return the point of each row of the history; None where its position is not known."""
    import numpy as np

    easting, northing = (np.array([row[at] for row in rows], dtype=float) for at in (_EASTING, _NORTHING))
    return _points(*frame.to_lonlat(easting, northing)) if len(rows) else []


def points_of_alerts(alerts: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """Return (point, id, revision) of each alert with a position."""
    placed = [alert for alert in alerts if _is_placed(alert)]
    points = _points([alert["lon"] for alert in placed], [alert["lat"] for alert in placed])
    found = zip(points, placed, strict=True)
    return [(point, str(alert["id"]), int(alert["revision"])) for point, alert in found if point is not None]


def _is_placed(alert: Mapping[str, Any]) -> bool:
    return all(isinstance(alert.get(name), int | float) and isfinite(alert[name]) for name in ("lon", "lat"))


def _points(lon: Any, lat: Any) -> list[str | None]:
    """Return points as hexadecimal EWKB, the text form of PostGIS."""
    import numpy as np
    import shapely

    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    known = np.isfinite(lon) & np.isfinite(lat)
    points = shapely.set_srid(shapely.points(np.where(known, lon, 0.0), np.where(known, lat, 0.0)), SRID)
    texts = np.asarray(shapely.to_wkb(points, hex=True, include_srid=True))
    return [str(text) if is_known else None for text, is_known in zip(texts, known, strict=True)]
