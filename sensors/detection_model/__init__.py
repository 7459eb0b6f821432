"""Detection model: named assumptions, light and weather, and how a look becomes a detection rate and a probability."""
