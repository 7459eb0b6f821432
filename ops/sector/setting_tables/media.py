"""The settings of pictures: from where they may be fetched, their limits, and who turns cameras."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from geo.errors import BadInput

PictureNetwork = IPv4Network | IPv6Network
LARGEST_BYTES = 64_000_000
MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Still pictures of sensors. Without a network and a drop folder, no picture is fetched.

    Parameters
    ----------
    networks : list of str
        Networks from which pictures may be fetched, such as ``"10.20.0.0/16"``; every address to which the name of a
        server resolves must be in one of them. Redirects are not followed.
    drop : str
        Folder into which sensors put files, which ``drop:`` and a name refer to. A relative path begins at the folder
        of the settings file; empty: none.
    max_bytes : int
        Largest size of a file (at most 64,000,000).
    max_pixels : int
        Largest number of pixels of a picture (at most 100,000,000).
    timeout_s : float, s
        Longest time for fetching one file.
    give_up_s : float, s
        Time after which a picture that cannot be fetched becomes a dead letter.
    """

    networks: tuple[str, ...] = ()
    drop: str = ""
    max_bytes: int = 8_000_000
    max_pixels: int = 24_000_000
    timeout_s: float = 10.0
    give_up_s: float = 3600.0

    def __post_init__(self) -> None:
        for text in self.networks:
            try:
                ip_network(text)
            except ValueError as error:
                raise BadInput(
                    f"{text!r} ({error})", where="networks", expected="a network such as 10.20.0.0/16"
                ) from None
        limits = (
            ("max_bytes", LARGEST_BYTES),
            ("max_pixels", MOST_PIXELS),
            ("timeout_s", 600.0),
            ("give_up_s", 604_800.0),
        )
        for name, most in limits:
            if not 1 <= getattr(self, name) <= most:
                raise BadInput(f"{getattr(self, name)}", where=name, expected=f"a number from 1 to {most:,}")

    @property
    def allowed(self) -> tuple[PictureNetwork, ...]:
        """The networks from which pictures may be fetched."""
        return tuple(ip_network(text) for text in self.networks)

    @property
    def fetches(self) -> bool:
        """Whether any picture may be fetched."""
        return bool(self.networks or self.drop)
