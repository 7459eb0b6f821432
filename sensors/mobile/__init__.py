"""Sensors that are carried: where they stood and looked, and when, as their status messages state it."""

from sensors.mobile.pose import Pose, columns_of_pose
from sensors.scan_columns import POSE

__all__ = ["POSE", "Pose", "columns_of_pose"]
