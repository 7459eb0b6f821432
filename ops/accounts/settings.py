"""The tables ``[accounts]`` and ``[accounts.oidc]`` of the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geo.errors import BadInput
from ops.accounts.person import checked_role


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An identity provider (OpenID Connect). The client's secret, if any, is in WATCHLINE_OIDC_SECRET.

    Parameters
    ----------
    issuer : str
        Address of the provider, ``https://…``, as in its metadata.
    client_id : str
        Name of this installation at the provider.
    roles : table
        Role for each value of the claim of roles: ``ROLE`` or ``ROLE@SECTOR``.
    role_claim : str
        Claim of the ID token that holds the person's groups or roles, a text or a list of texts.
    name_claim : str
        Claim that holds the person's name.
    label : str
        Name of the provider on the login page.
    redirect : str
        Address of this server that the provider returns to; empty: the address that the browser used.
    """

    issuer: str
    client_id: str
    roles: Mapping[str, str] = field(default_factory=dict)
    role_claim: str = "roles"
    name_claim: str = "name"
    label: str = "OpenID Connect"
    redirect: str = ""

    def __post_init__(self) -> None:
        if not self.issuer.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise BadInput(f"{self.issuer!r}", where="issuer", expected="an address that begins with https://")
        if not self.client_id:
            raise BadInput("empty", where="client_id", expected="the name of this installation at the provider")
        for role in self.roles.values():
            checked_role(str(role), where="roles")


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """People's logins.

    Parameters
    ----------
    idle_h : float, h
        A login ends after this time without a request and without an open live map; at most 24 h.
    session_h : float, h
        A login ends after this time in any case, by default one shift; at most 72 h.
    hosts : list of str
        Additional host names under which browsers reach this server.
    oidc : table
        Identity provider; without this table, none is used.
    same_person : list of lists of str
        Accounts of one person, by the names to log in with: none of them confirms what another one asks for.
    """

    idle_h: float = 1.0
    session_h: float = 12.0
    hosts: tuple[str, ...] = ()
    oidc: Mapping[str, Any] = field(default_factory=dict)
    same_person: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.idle_h <= 24.0:
            raise BadInput(f"{self.idle_h}", where="idle_h", expected="a number of hours above 0, at most 24")
        if not 0.0 < self.session_h <= 72.0:
            raise BadInput(f"{self.session_h}", where="session_h", expected="a number of hours above 0, at most 72")
