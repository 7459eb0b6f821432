"""Lines of the scorecard that Watchline measures by itself besides outcomes: drills against a simulated truth."""
