"""What can be seen: sensors, layouts, coverage, scenarios and the simulator."""
