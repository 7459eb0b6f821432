"""Visibility: what an observer sees of the terrain, for one site, a pair of points or many sites."""

from geo.visibility.kernels.sight_line import EARTH_RADIUS_M, HIDDEN, UNKNOWN, VISIBLE
from geo.visibility.many_sites.footprints import footprints
from geo.visibility.many_sites.greedy_cover import covering_sites
from geo.visibility.many_sites.viewshed_store import open_viewsheds, write_viewsheds
from geo.visibility.many_sites.viewsheds import sites_seeing, viewsheds
from geo.visibility.point_to_point import line_of_sight
from geo.visibility.single_site import minimum_target_height, viewshed, viewshed_array

__all__ = [
    "EARTH_RADIUS_M",
    "HIDDEN",
    "UNKNOWN",
    "VISIBLE",
    "covering_sites",
    "footprints",
    "line_of_sight",
    "minimum_target_height",
    "open_viewsheds",
    "sites_seeing",
    "viewshed",
    "viewshed_array",
    "viewsheds",
    "write_viewsheds",
]
