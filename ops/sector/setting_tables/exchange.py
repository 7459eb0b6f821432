"""The settings of the exchange with partners in the operations centre."""

from __future__ import annotations

from dataclasses import dataclass

from geo.errors import BadInput


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Files for the page of partners. Without them, the page lists packages and makes none.

    Parameters
    ----------
    agreements : str
        Agreements file (TOML). A relative path begins at the folder of the settings file; empty: none.
    identity : str
        Folder with the signing key of ``watchline share key``. A relative path begins at the folder of the settings
        file; empty: packages are made on the command line only.
    """

    agreements: str = ""
    identity: str = ""

    def __post_init__(self) -> None:
        if self.identity and not self.agreements:
            raise BadInput("a key without agreements", where="agreements", expected="the agreements file")
