"""Mobile items of a plan: patrol tours, drone flights and rosters, and what they detect at an unknown phase."""
