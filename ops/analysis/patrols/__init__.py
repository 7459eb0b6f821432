"""``watchline patrols``: what patrols on a timetable add to a layout, and what unpredictability is worth."""
