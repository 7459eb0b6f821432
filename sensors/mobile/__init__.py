"""Sensors that are carried: where they stood and looked, and when, as their status messages state it."""

from sensors.mobile.pose import Pose, columns_of_pose
from sensors.mobile.viewpoint import Viewpoint, carried_layout
from sensors.scan_columns import POSE

__all__ = ["POSE", "Pose", "Viewpoint", "carried_layout", "columns_of_pose"]
