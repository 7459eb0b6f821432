"""Equipment: the catalogue of what can be bought, its life-cycle cost, and the operators who assess its alarms."""
