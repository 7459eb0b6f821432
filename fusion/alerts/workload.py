"""Alert workload of one operator, by the figures of EEMUA 191 and ISA-18.2: rate, priorities and defects.

Computed from the published revisions, live or replayed, so that layouts, rules and recordings can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from fusion.alerts.alert import PRIORITIES, Alert
from geo.errors import BadInput

TEN_MINUTES_S: Final = 600.0
CHATTERING_A_MINUTE: Final = 3
STALE_S: Final = 86_400.0
DUPLICATE_S: Final = 60.0
DUPLICATE_M: Final = 50.0
"""Two open alerts of one rule this close in time and position count as one event (assumption)."""
ACCEPTABLE, MANAGEABLE, MOST = 1.0, 2.0, 5.0
"""Alerts in ten minutes: up to 1 is acceptable, 2 manageable, 5 over-demanding (EEMUA 191)."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Alert workload over some hours.

    Parameters
    ----------
    hours : float, h
        Time span.
    operators : int
        Operators who share the alerts.
    raised : int
        Alerts raised.
    revisions : int
        Revisions published.
    a_day : float
        Alerts per day and operator.
    in_ten_minutes : float
        Alerts per ten minutes and operator, on average.
    busiest_ten_minutes : int
        Alerts in the busiest ten minutes.
    shares : dict of str to float
        Fraction of each priority as first raised, without distress.
    by_rule : dict of str to int
        Alerts by rule.
    chattering : int
        Sources that raised more than three alerts within a minute.
    stale : int
        Alerts that were open for a day or longer, acknowledged or not; ISA-18.2 calls them stale.
    duplicates : int
        Alerts that repeat an event.
    """

    hours: float
    operators: int
    raised: int
    revisions: int
    a_day: float
    in_ten_minutes: float
    busiest_ten_minutes: int
    shares: dict[str, float]
    by_rule: dict[str, int]
    chattering: int
    stale: int
    duplicates: int

    @property
    def verdict(self) -> str:
        """The judgement of EEMUA 191 on the average: acceptable, manageable, over-demanding or unmanageable."""
        if self.in_ten_minutes <= ACCEPTABLE:
            return "acceptable"
        if self.in_ten_minutes <= MANAGEABLE:
            return "manageable"
        return "over-demanding" if self.in_ten_minutes <= MOST else "unmanageable"


def alert_workload(
    revisions: Iterable[Alert], *, hours: float, operators: int = 1, end: datetime | None = None
) -> Workload:
    """Measure the workload of published alerts.

    Parameters
    ----------
    revisions : iterable of Alert
        All published revisions, in order. An alert counts once, when it is raised.
    hours : float, h
        Time span in which they were published.
    operators : int
        Operators who share the alerts.
    end : datetime, optional
        End of the time span, with a time zone, up to which open alerts count as open. None: the time of the newest
        revision, so that an alert that stayed open after it may be missing from ``stale``.

    Returns
    -------
    Workload
        The figures.

    Raises
    ------
    BadInput
        For no time, no operator, or an end without a time zone.

    Notes
    -----
    EEMUA Publication 191 and ISA-18.2: up to 1 alert in ten minutes is acceptable, 2 manageable, 5 over-demanding.

    Examples
    --------
    >>> alert_workload([], hours=8.0).verdict
    'acceptable'
    """
    if not (np.isfinite(hours) and hours > 0.0 and operators >= 1):
        raise BadInput(
            f"{hours} h, {operators} operators", where="alert workload", expected="hours above 0, one or more"
        )
    if end is not None and end.tzinfo is None:
        raise BadInput(f"end {end} has no UTC offset", where="alert workload", expected="an aware datetime")
    every = list(revisions)
    first: dict[str, Alert] = {}
    for alert in every:
        first.setdefault(alert.id, alert)
    raised = sorted(first.values(), key=lambda alert: (alert.raised_at, alert.id))
    seconds = np.array([alert.raised_at.timestamp() for alert in raised])
    ranked = [alert.priority for alert in raised if alert.priority != "distress"]
    count = Counter(ranked)
    per_operator = len(raised) / operators
    return Workload(
        hours=hours,
        operators=operators,
        raised=len(raised),
        revisions=len(every),
        a_day=per_operator * 24.0 / hours,
        in_ten_minutes=per_operator / (hours * 3600.0 / TEN_MINUTES_S),
        busiest_ten_minutes=_most_within(seconds, TEN_MINUTES_S),
        shares={name: count[name] / len(ranked) if ranked else 0.0 for name in PRIORITIES if name != "distress"},
        by_rule=dict(sorted(Counter(alert.rule for alert in raised).items())),
        chattering=_chattering(raised),
        stale=_stale(every, end),
        duplicates=_duplicates(raised),
    )


def _most_within(seconds: np.ndarray, window_s: float) -> int:
    """Largest number of the ascending ``seconds`` in any window."""
    if not len(seconds):
        return 0
    ends = np.searchsorted(seconds, seconds + window_s, side="left")
    return int((ends - np.arange(len(seconds))).max())


def _chattering(raised: Sequence[Alert]) -> int:
    """Count sources (rule, and its track or sensor) that raised more than three alerts within some minute."""
    sources: dict[tuple[str, str], list[float]] = {}
    for alert in raised:
        name = alert.track or alert.sensor or alert.unit or str(alert.segment)
        sources.setdefault((alert.rule, name), []).append(alert.raised_at.timestamp())
    return sum(_most_within(np.array(times), 60.0) > CHATTERING_A_MINUTE for times in sources.values())


def _stale(revisions: Sequence[Alert], end: datetime | None) -> int:
    """Count alerts that were open for a day or longer, until they were closed, or else until ``end``."""
    raised: dict[str, datetime] = {}
    closed: dict[str, datetime] = {}
    for alert in revisions:
        raised.setdefault(alert.id, alert.raised_at)
        if alert.is_open:
            closed.pop(alert.id, None)
        else:
            closed.setdefault(alert.id, alert.updated_at)
    if not revisions:
        return 0
    until = end or max(alert.updated_at for alert in revisions)
    day = timedelta(seconds=STALE_S)
    return sum(closed.get(identity, until) - since >= day for identity, since in raised.items())


def _duplicates(raised: Sequence[Alert]) -> int:
    """Count alerts of the same rule and direction as an earlier one, of another track, close to it in time and
    position."""
    count = 0
    for i, alert in enumerate(raised):
        for before in reversed(raised[:i]):
            if (alert.raised_at - before.raised_at).total_seconds() > DUPLICATE_S:
                break
            if _same_event(alert, before):
                count += 1
                break
    return count


def _same_event(one: Alert, other: Alert) -> bool:
    if one.rule != other.rule or one.direction != other.direction or one.easting is None or other.easting is None:
        return False
    assert one.northing is not None
    assert other.northing is not None
    return float(np.hypot(one.easting - other.easting, one.northing - other.northing)) <= DUPLICATE_M
