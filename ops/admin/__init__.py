"""Administration: sensors, surveys, calibration, and the check of an installation."""
