"""From the track picture to alerts: approaching, crossing, sensor silent. Pure: state in, state and news out.

Only a *look* is evidence: a fresh plot of a confirmed track. A coasting track raises nothing and crosses nothing until
it is detected again; what it did in between is then concluded from where it reappears. One event is one alert:
- crossing: a track once surely on a side (offset beyond a band that grows with its own uncertainty) is surely on the
  other for some looks in a row. Coming back is another crossing, the other way; jitter inside the band is none.
- approaching: some looks in a row significantly heading to the line and near in time; cleared when it has not been so
  for a while, has crossed, or has ended. The next approach is another alert.
- sensor silent: what sensors.health says, cleared after the sensor has reported again for a while.
A clear animal lowers the priority. Distress is no rule of this file and nothing here lowers it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fusion.alert_ledger import AlertSettings, AlertSettingsError, Ledger
from fusion.alert_rules import (
    Health,
    approaching,
    crossing,
    looks_of,
    overdue,
    sensors_silent,
    track_ended,
)
from fusion.alert_state import (
    Alert,
    AlertActionError,
    AlertState,
    AlertStateError,
    TrackMemory,
    act,
    act_on,
    rank,
)
from fusion.picture import PictureError, TrackPicture, picture_of

__all__ = [
    "Alert",
    "AlertActionError",
    "AlertSettings",
    "AlertSettingsError",
    "AlertState",
    "AlertStateError",
    "Health",
    "PictureError",
    "TrackPicture",
    "act",
    "act_on",
    "picture_of",
    "raise_alerts",
    "rank",
]


def raise_alerts(
    state: AlertState,
    picture: TrackPicture,
    *,
    now_ns: int,
    health: Mapping[str, Health] | None = None,
    settings: AlertSettings | None = None,
) -> tuple[AlertState, tuple[Alert, ...]]:
    """The state after this picture, and the alerts that are new or revised, most urgent first.

    Same arguments, same answer; calling again with the same picture and time gives nothing. ``now_ns`` is the
    journal's time, UTC nanoseconds. A track missing from the picture has ended. A sensor missing from ``health`` is
    left as it was. Nothing is ever unpublished: an alert that no longer holds is revised to ``cleared``.
    """
    ledger = Ledger(settings or AlertSettings(), now_ns, dict(state.alerts))
    tracks = dict(state.tracks)
    for track in state.tracks.keys() - set(picture.track):
        track_ended(ledger, tracks.pop(track))
    for sighting, look in looks_of(picture, state.tracks, ledger.settings):
        memory = crossing(ledger, tracks.get(sighting.track, TrackMemory()), sighting, look)
        tracks[sighting.track] = approaching(ledger, memory, sighting, look)
    tracks = {track: overdue(ledger, memory) for track, memory in tracks.items()}
    sensors = sensors_silent(ledger, state.sensors, health or {})
    ledger.forget()
    return AlertState(tracks, sensors, ledger.alerts), ledger.news()
