"""Address of a broker and the credentials of a client, read from one URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from ingest.errors import AddressError

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt://user:password@host:port"


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """Address of a broker: ``mqtt://user:password@host:port``, or ``mqtts`` for TLS.

    Parameters
    ----------
    host : str
        Host name or IP address.
    port : int
        TCP port.
    username : str, optional
        User name.
    password : str, optional
        Password; it is shown in neither ``repr`` nor ``shown``.
    tls : bool
        Whether the connection uses TLS.

    Examples
    --------
    >>> from ingest.mqtt import BrokerUrl
    >>> BrokerUrl.parse("mqtts://radar:secret@broker.example").shown
    'mqtts://broker.example:8883'
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> BrokerUrl:
        """Parse a URL; user name and password are percent-decoded.

        Parameters
        ----------
        text : str
            The URL.

        Returns
        -------
        BrokerUrl
            The address.

        Raises
        ------
        AddressError
            If a part of the URL is invalid; the error names the part, never the password.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise AddressError("not a URL with a port from 1 to 65535", where="broker", expected=_FORM) from None
        if parts.scheme not in _PORTS:
            raise AddressError(f"unknown scheme {parts.scheme!r}", where="broker", expected=_FORM)
        if not parts.hostname:
            raise AddressError("no host", where="broker", expected=_FORM)
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise AddressError("text after the port", where="broker", expected=_FORM)
        if port == 0:
            raise AddressError("port 0", where="broker", expected="a port from 1 to 65535")
        if parts.password is not None and not parts.username:
            raise AddressError("a password without a user", where="broker", expected=_FORM)
        return cls(
            host=parts.hostname,
            port=_PORTS[parts.scheme] if port is None else port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password is not None else None,
            tls=parts.scheme == "mqtts",
        )

    @property
    def shown(self) -> str:
        """The address without credentials, for people and logs."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self._host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole URL with the password, for a child process's environment, never for a log."""
        if self.username is None:
            return self.shown
        password = "" if self.password is None else f":{quote(self.password, safe='')}"
        scheme = "mqtts" if self.tls else "mqtt"
        return f"{scheme}://{quote(self.username, safe='')}{password}@{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host
