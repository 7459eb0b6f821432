"""Patrol games: randomised patrol routes and schedules against a crosser who observes them."""
