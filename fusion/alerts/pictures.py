"""Pictures of a track that people assessed: a judgement on its alerts, from which nuisance alarms are learned.

A person or a vehicle on one of the pictures makes the alerts of the track real; an animal or nothing, with neither on
any, makes them nuisance alarms. An alert on which a person has decided counts by that decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from fusion.alerts.alert import counted
from fusion.alerts.state import AlertState

REAL: Final = frozenset({"person", "vehicle"})
NUISANCE: Final = frozenset({"animal", "nothing"})


def is_rejected(shown: Iterable[str]) -> bool | None:
    """Judge the alerts of a track by all statements about its pictures.

    Parameters
    ----------
    shown : iterable of str
        The statements, in any order.

    Returns
    -------
    bool or None
        Whether they were nuisance alarms; None where no statement decides it.
    """
    stated = set(shown)
    if stated & REAL:
        return False
    return True if stated & NUISANCE else None


def take_pictures(state: AlertState, track: str, shown: Iterable[str]) -> AlertState:
    """Count the alerts of a track by what people saw on its pictures.

    Parameters
    ----------
    state : AlertState
        The state, which is not changed.
    track : str
        Name of the track.
    shown : iterable of str
        All statements about it: they replace those of an earlier call.

    Returns
    -------
    AlertState
        The state with other counts of nuisance alarms.
    """
    rejected, nuisance = is_rejected(shown), state.nuisance
    for _, alert in sorted(state.alerts.items()):
        decided = not alert.is_open and alert.reason_message is None  # a person closed it
        if alert.track == track and not decided:
            nuisance = counted(nuisance, alert, rejected=rejected, by_picture=True)
    return state if nuisance == state.nuisance else replace(state, nuisance=nuisance)
