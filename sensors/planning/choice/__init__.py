"""Choice of sites and equipment: candidates, options, their benefit against the crosser, and the plan."""
