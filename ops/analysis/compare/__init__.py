"""`watchline compare`: layouts at equal life-cycle cost."""
