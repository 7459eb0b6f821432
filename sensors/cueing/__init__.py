"""Which camera can turn to a track soonest, and where it must look when it gets there."""

from sensors.cueing.ranking import LookOption, MovingTarget, SteerableCamera, rank_looks
from sensors.cueing.sight import Sight

__all__ = ["LookOption", "MovingTarget", "Sight", "SteerableCamera", "rank_looks"]
