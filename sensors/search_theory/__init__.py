"""Coverage over time: sensors that move on a timetable, and crossers who choose their path and their departure."""
