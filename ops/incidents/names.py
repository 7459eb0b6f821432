"""Names for radio: short, deterministic, and unique in a shift."""

from __future__ import annotations

from collections.abc import Container
from hashlib import blake2b
from typing import Final

INCIDENT_WORDS: Final = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike",
    "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray", "Yankee",
    "Zulu",
)  # fmt: skip
"""The spelling alphabet of ICAO and ITU."""
TRACK_WORDS: Final = (
    "Amber", "Birch", "Cedar", "Dingo", "Eagle", "Falcon", "Granite", "Heron", "Ivory", "Jaguar", "Kestrel", "Lynx",
    "Maple", "Nickel", "Otter", "Panther", "Quartz", "Raven", "Silver", "Tiger", "Umber", "Viper", "Willow", "Yellow",
    "Zebra",
)  # fmt: skip
"""Words for tracks: none is in the spelling alphabet, so that a track is never taken for an incident."""
NUMBERS: Final = 99


def radio_name(identity: str, taken: Container[str], words: tuple[str, ...] = INCIDENT_WORDS) -> str:
    """Return the name of ``identity``: a word and a number from 1, by its hash; the next free one where it is taken.

    When all names with numbers up to 99 are taken, the numbers go on to 999 and further.
    """
    digest = int.from_bytes(blake2b(identity.encode(), digest_size=8).digest())
    numbers = NUMBERS
    lowest = 1
    while True:
        count = len(words) * (numbers - lowest + 1)
        for step in range(count):
            place = (digest + step) % count
            name = f"{words[place % len(words)]} {lowest + place // len(words)}"
            if name not in taken:
                return name
        lowest, numbers = numbers + 1, numbers * 10 + 9
