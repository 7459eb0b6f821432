"""Mobile items of a plan and of a comparison: their options in a sector, and the file of their schedules."""
