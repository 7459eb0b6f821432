"""A made-up year of an honest room: shifts, weather, alerts, exports, mutes and outages, from one seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ops.audit.entry import EntryLine
from ops.governance.anomalies.evidence import Interval

HOUR = 3600 * 10**9
DAY = 24 * HOUR
START = 1_767_225_600 * 10**9  # 2026-01-01
ACCOUNTS = tuple(f"P{number} [{number}]" for number in range(12))
SUPERVISORS = ACCOUNTS[:4]
SENSORS = tuple(f"radar-{number}" for number in range(10))


class Room:
    """Entries, crossings and outages that grow; ``finished`` sorts and numbers them."""

    def __init__(self, seed: int, days: int = 365, decisions: float = 7.0) -> None:
        self.chance = np.random.default_rng(seed)
        self.days, self.acts = days, list[tuple[int, str, str, str, str, str]]()
        self.crossings, self.outages = list[int](), dict[str, list[Interval]]()
        self._live(decisions)

    def act(self, at: int, who: str, operation: str, what: str, subject: str) -> None:
        role = "supervisor" if who in SUPERVISORS else "operator"
        self.acts.append((at, who, role, operation, what, subject))

    def reject(self, at: int, who: str, verdict: str = "reject") -> None:
        self.act(at, who, "alteration", f"POST /api/alerts/A{len(self.acts)}/{verdict}", "alert A")

    def mute(self, at: int, who: str, minutes: int = 60) -> None:
        self.act(at, who, "alteration", "POST /v1/approvals/x/decision",
                 f"sensor radar-1 muted for {minutes} min: confirmed request 0f of B. Berg")  # fmt: skip

    def override(self, at: int, who: str) -> None:
        self.act(at, who, "alteration", "POST /v1/approvals/x/decision",
                 "EMERGENCY OVERRIDE: impact level of section W lowered to low: overridden request")  # fmt: skip

    def export(self, at: int, who: str) -> None:
        self.act(at, who, "disclosure", "GET /v1/export", "export of tracks")

    def _live(self, decisions: float) -> None:
        """Three shifts of 8 h a day with three people each; rejections vary with the weather of the shift."""
        chance = self.chance
        for day in range(self.days):
            for _ in range(chance.poisson(1.5)):  # mostly at night
                hour = chance.choice([22, 23, 0, 1, 2, 3, 4, 12])
                self.crossings.append(START + day * DAY + int((hour + chance.random()) * HOUR))
            for shift in range(3):
                begins, weather = START + day * DAY + shift * 8 * HOUR, chance.beta(4.0, 6.0)
                for who in chance.choice(len(ACCOUNTS), 3, replace=False):
                    name = ACCOUNTS[int(who)]
                    busy = decisions * (3.0 if who == 5 else 1.0)  # one person does three times as much
                    for _ in range(chance.poisson(busy / 3.0)):
                        verdict = "reject" if chance.random() < weather else "clear"
                        self.reject(begins + int(chance.random() * 8 * HOUR), name, verdict)
                    self.act(
                        begins + int(chance.random() * HOUR), name, "consultation", "GET /v1/incidents", "incidents"
                    )
                    if chance.random() < 0.2:
                        self.export(begins + int(7.9 * HOUR), name)
            if chance.random() < 0.1:
                at = START + day * DAY + int(chance.random() * 24 * HOUR)
                self.mute(at, SUPERVISORS[int(chance.integers(4))])
            for sensor in SENSORS:
                if chance.random() < 0.02:
                    at = START + day * DAY + int(chance.random() * 24 * HOUR)
                    self.outages.setdefault(sensor, []).append(Interval(at, at + int(chance.exponential(2.0) * HOUR)))
        for who in SUPERVISORS:
            for _ in range(chance.poisson(2.0 * self.days / 365.0)):
                self.override(START + int(chance.random() * self.days * DAY), who)

    def finished(self) -> tuple[list[EntryLine], list[int], dict[str, list[Interval]]]:
        self.acts.sort()
        entries = [
            EntryLine(number, at, who, role, operation, what, "purpose", subject, "")  # type: ignore[arg-type]
            for number, (at, who, role, operation, what, subject) in enumerate(self.acts)
        ]
        return entries, sorted(self.crossings), self.outages


def seed_mutes(room: Room) -> str:
    """A supervisor mutes a sensor shortly before eight crossings."""
    who = SUPERVISORS[1]
    for at in room.chance.choice(room.crossings, 8, replace=False):
        room.mute(int(at) - HOUR // 4, who)
    return who


def seed_outages(room: Room) -> str:
    """A sensor fails before ten crossings."""
    for at in room.chance.choice(room.crossings, 10, replace=False):
        room.outages.setdefault("radar-3", []).append(Interval(int(at) - HOUR // 4, int(at) + HOUR // 4))
    return "radar-3"


def seed_rejections(room: Room) -> str:
    """An operator rejects 40 alerts in two hours."""
    at, who = START + int(room.chance.integers(20, room.days - 5)) * DAY + 8 * HOUR, ACCOUNTS[7]
    for _ in range(40):
        room.reject(at + int(room.chance.random() * 2 * HOUR), who)
    return who


def seed_exports(room: Room) -> str:
    """An account that works by day exports on twelve nights."""
    who = "Day worker [day]"
    for day in range(200):
        room.act(START + day * DAY + 10 * HOUR, who, "consultation", "GET /v1/incidents", "incidents")
    for day in room.chance.choice(200, 12, replace=False):
        room.export(START + int(day) * DAY + 23 * HOUR, who)
    return who


def seed_overrides(room: Room) -> str:
    """A supervisor overrides the rule six times in a fortnight."""
    start = START + int(room.chance.integers(0, room.days // 30 - 1)) * 30 * DAY
    for _ in range(6):
        room.override(start + int(room.chance.random() * 14 * DAY), SUPERVISORS[2])
    return SUPERVISORS[2]


SEEDED: dict[str, Callable[[Room], str]] = {
    "mute_before_crossing": seed_mutes,
    "outage_before_crossing": seed_outages,
    "rejection_burst": seed_rejections,
    "export_at_night": seed_exports,
    "override": seed_overrides,
}
