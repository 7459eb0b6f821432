"""The planner's jobs: comparisons and plans, each in a separate process."""
