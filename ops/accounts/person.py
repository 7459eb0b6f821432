"""A person as the rest of the software sees one: a name, roles per sector, and the session of the request.

Names are shown to other people, signed into the journal and printed in reports. They therefore hold neither control nor
invisible nor bidirectional characters, and two names that look alike to a reader count as one (``name_key``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from geo.errors import BadInput
from ops.releasability.decision import EVERYTHING

Role = Literal["viewer", "operator", "supervisor", "planner", "analyst", "admin", "auditor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
EVERY_SECTOR: Final = "*"
MOST_NAME: Final = 64
"""Characters; as long as ``by`` of a message of a unit may be."""
MOST_ROLES: Final = 64
BY_PROVIDER: Final = "oidc:"
"""Begins the login of an account by an identity provider; no one can type it."""
KEPT_OF_NAME: Final = 40
"""Characters of a provider's name that stay where the name there is added, because another account has the name."""

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_SECTOR: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNSEEN: Final = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Unicode categories that cannot be seen, or that reorder what is seen."""

SessionKind = Literal["browser", "code", "program", "local", "unit"]


@dataclass(frozen=True, slots=True)
class Session:
    """One login. ``kind``: ``browser``; ``code`` while the second factor is missing; ``program`` with a token;
    ``local`` without accounts; ``unit`` for the device of a field unit, not of a person. Times are UTC seconds since
    1970. ``purpose``: of its reads; empty for the default."""

    key: str
    kind: SessionKind
    began_s: float
    ends_s: float
    address: str = ""
    label: str = ""
    seen_s: float = 0.0
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The person who makes a request. ``roles``: by sector; ``*`` stands for each sector without a role of its own.

    ``releasability``: the most restrictive marking of records that the person receives; ``*`` for all, empty for
    records without a marking only.
    """

    id: str
    name: str
    login: str
    session: Session
    roles: Mapping[str, Role] = field(default_factory=dict)
    must_set_password: bool = False
    releasability: str = ""

    def role_in(self, sector: str) -> Role | None:
        """The person's role in a sector, or None."""
        return self.roles.get(sector) or self.roles.get(EVERY_SECTOR)


def local_person(name: str) -> Person:
    """The person of a server without accounts, such as a demonstration's: anyone who uses this machine."""
    session = Session("local", "local", 0.0, float("inf"))
    return Person("local", name, "local", session, {EVERY_SECTOR: "supervisor"}, releasability=EVERYTHING)


def checked_login(text: str) -> str:
    """The name to log in with, in lower case. Raises BadInput."""
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if not _LOGIN.fullmatch(login):
        expected = "1 to 64 letters a to z, digits or . _ @ + -, beginning with a letter or a digit"
        raise BadInput(f"{shown(text)} is not a name to log in with", where="NAME", expected=expected)
    return login


def checked_name(text: str) -> str:
    """The name that others see, with single spaces. Raises BadInput for what cannot be seen or is too long."""
    normal = unicodedata.normalize("NFC", text)
    name = " ".join(normal.split())
    if not name or len(name) > MOST_NAME or any(unicodedata.category(sign) in _UNSEEN for sign in normal):
        expected = f"1 to {MOST_NAME} visible characters"
        raise BadInput(f"{shown(text)} is not a person's name", where="--name", expected=expected)
    return name


def name_key(name: str) -> str:
    """The same text for names that differ only in case, width, spaces or compatibility forms."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def checked_role(text: str, *, where: str = "role") -> tuple[str, Role]:
    """Sector and role of ``ROLE`` or ``ROLE@SECTOR``. Raises BadInput."""
    name, _, sector = text.partition("@")
    if name not in ROLES:
        raise BadInput(f"unknown role {shown(name)}", where=where, expected=f"one of {', '.join(ROLES)}")
    sector = sector or EVERY_SECTOR
    if sector != EVERY_SECTOR and not _SECTOR.fullmatch(sector):
        raise BadInput(f"{shown(sector)} is not a sector's name", where=where, expected="letters, digits and . _ -")
    return sector, name


def checked_roles(texts: list[str], *, where: str = "role") -> dict[str, Role]:
    """Roles by sector of several ``ROLE`` or ``ROLE@SECTOR``. Raises BadInput, also for two roles in one sector."""
    if len(texts) > MOST_ROLES:
        raise BadInput(f"{len(texts)} roles", where=where, expected=f"at most {MOST_ROLES}")
    roles: dict[str, Role] = {}
    for text in texts:
        sector, role = checked_role(text, where=where)
        if roles.setdefault(sector, role) != role:
            place = "every sector" if sector == EVERY_SECTOR else f"sector {sector}"
            raise BadInput(f"two roles in {place}", where=where, expected="one role for each sector")
    return roles


def shown(text: str) -> str:
    """Foreign text for an error message: quoted, escaped and cut."""
    return ascii(text[:80])
