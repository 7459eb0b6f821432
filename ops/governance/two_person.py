"""The two-person rule: what one person may ask for, another must confirm before it happens.

It holds for each ``ApprovalKind``. A request that no one confirms expires. In an emergency a supervisor may carry it
out alone, with a reason; that is flagged in the record and in the audit log. This module decides; ``approvals`` stores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from geo.errors import WatchlineError
from ops.accounts.person import BY_PROVIDER, KEPT_OF_NAME, Person, name_key
from ops.accounts.rights import Right, has

ApprovalKind = Literal["lower_impact_level", "mute_sensor", "erase"]
KINDS: Final[tuple[ApprovalKind, ...]] = get_args(ApprovalKind)
RIGHT_FOR: Final[Mapping[ApprovalKind, Right]] = {
    "lower_impact_level": "levels",
    "mute_sensor": "mute",
    "erase": "approve",
}
"""The right that both persons need."""
LASTS_S: Final = 3600.0
"""Time for the confirmation."""
SLACK_S: Final = 60.0
"""By which the clock may be set back without an effect on requests."""
USE_S: Final = 86_400.0
"""Time after a confirmation for an erasure to be carried out by its command."""
_ADDED: Final = re.compile(r"(.+) \(.*\)")
OVERRIDE_ROLE: Final = "supervisor"
LEVELS: Final = ("low", "medium", "high", "critical")
"""Impact levels in their order (Regulation (EU) 2019/1896, Article 34); critical is the highest."""

ApprovalState = Literal["waiting", "confirmed", "overridden", "refused", "withdrawn", "expired", "failed"]
IN_FORCE: Final = ("confirmed", "overridden")
ApprovalDecision = Literal["confirm", "refuse", "withdraw", "override"]
STATE_AFTER: Final[Mapping[ApprovalDecision, ApprovalState]] = {
    "confirm": "confirmed",
    "refuse": "refused",
    "withdraw": "withdrawn",
    "override": "overridden",
}
ApprovalRefusal = Literal[
    "not_waiting", "expired", "same_person", "not_asker", "program", "right", "newer_account", "local", "supervisor",
    "too_many", "unknown",
]  # fmt: skip


class ApprovalRefused(WatchlineError):
    """A decision that the rule does not allow; ``reason`` names the sentence for the person in the catalogue."""

    def __init__(self, reason: ApprovalRefusal, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Party:
    """A person as a request records one: account, name, login, role, and when the account was created [UTC s]."""

    id: str
    name: str
    login: str
    role: str
    created_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Approval:
    """One request. ``order``: what is carried out once it is approved; times are UTC seconds since 1970.

    ``decided_by`` and ``remark``: who confirmed, refused, withdrew or overrode it, and why; None and empty before.
    """

    id: str
    kind: ApprovalKind
    subject: str
    order: Mapping[str, Any]
    reason: str
    asked_by: Party
    asked_s: float
    expires_s: float
    state: ApprovalState = "waiting"
    decided_by: Party | None = None
    decided_s: float | None = None
    remark: str = ""

    @property
    def emergency(self) -> bool:
        """Whether one person carried it out alone."""
        return self.state == "overridden"

    def state_at(self, now_s: float) -> ApprovalState:
        """The state at a time; a request that still waits after its end has expired, and so has one of the future:
        while the clock is set back it would wait for longer than its time."""
        in_time = 0.0 <= self.expires_s - now_s <= LASTS_S + SLACK_S
        return "expired" if self.state == "waiting" and not in_time else self.state


@dataclass(frozen=True, slots=True)
class SamePersons:
    """Accounts that the settings declare to be of one person, as groups of names to log in with."""

    groups: Sequence[Sequence[str]] = ()

    def are_one(self, first: Party, second: Party) -> bool:
        """Whether two accounts are, or may be, of the same person."""
        if first.id == second.id or first.login == second.login or names_of(first) & names_of(second):
            return True
        return name_key(second.login) in self._with(name_key(first.login))

    def _with(self, login: str) -> set[str]:
        """The accounts of one person, by any of them: groups that share an account are of the same person."""
        found = {login}
        groups = [set(map(name_key, group)) for group in self.groups]
        while more := set().union(*(group for group in groups if group & found)) - found:
            found |= more
        return found


def names_of(party: Party) -> set[str]:
    """The names of a person, comparable: also as far as they are kept where a provider's name for her is added to them,
    because another account has the name already, and without what was added."""
    names = {name_key(party.name), name_key(party.name[:KEPT_OF_NAME])}
    added = _ADDED.fullmatch(party.name)
    return names | {name_key(added[1])} if added and party.login.startswith(BY_PROVIDER) else names


def lowers(before: str | None, after: str) -> bool:
    """Whether an impact level becomes lower; a section without a level has none that could."""
    return before is not None and LEVELS.index(after) < LEVELS.index(before)


def check_decision(
    approval: Approval,
    decision: ApprovalDecision,
    person: Person,
    party: Party,
    *,
    sector: str,
    now_s: float,
    same: SamePersons,
) -> None:
    """Raise ApprovalRefused unless this person may decide this now.

    A confirmation needs another person with the right, at a browser, whose account existed when the request was made:
    not the asker by another session, another account or a program's token. Anyone with the right may refuse. Only the
    asker may withdraw, and only a supervisor may override.
    """
    _check_person(person, approval.kind, sector)
    state = approval.state_at(now_s)
    if state == "expired":
        raise ApprovalRefused("expired", "The request has expired; ask again.")
    if state != "waiting":
        raise ApprovalRefused("not_waiting", f"The request is {state} and can no longer be decided.")
    if decision == "withdraw" and party.id != approval.asked_by.id:
        raise ApprovalRefused("not_asker", "Only the person who asked can withdraw the request.")
    if decision == "override" and person.role_in(sector) != OVERRIDE_ROLE:
        raise ApprovalRefused("supervisor", "Only a supervisor can carry out a request without a confirmation.")
    if decision != "confirm":
        return
    if same.are_one(approval.asked_by, party):
        raise ApprovalRefused("same_person", "Another person has to confirm the request.")
    if party.created_s > approval.asked_s:
        raise ApprovalRefused("newer_account", "An account that is newer than the request cannot confirm it.")


def check_request(person: Person, kind: ApprovalKind, *, sector: str) -> None:
    """Raise ApprovalRefused unless this person may ask for it."""
    _check_person(person, kind, sector)


def _check_person(person: Person, kind: ApprovalKind, sector: str) -> None:
    if person.session.kind == "local":
        raise ApprovalRefused("local", "Without accounts there is no second person; requests need accounts.")
    if person.session.kind != "browser":
        raise ApprovalRefused("program", "Requests are made and decided by people at a browser, not by programs.")
    if not has(person, RIGHT_FOR[kind], sector):
        raise ApprovalRefused("right", f"This needs the right {RIGHT_FOR[kind]!r}.")
