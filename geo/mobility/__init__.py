"""Movement over the ground: how fast a person or a vehicle moves, by slope, land cover, road and river."""

from geo.mobility.walking_speed import tobler_speed

__all__ = [
    "tobler_speed",
]
