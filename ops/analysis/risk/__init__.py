"""Risk of border segments as threat × vulnerability × impact, with the stability of their ranking."""
