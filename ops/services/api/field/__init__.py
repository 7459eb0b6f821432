"""Routes of field units: enrolment of their devices, the list of a unit, its answers and positions, and its map."""
