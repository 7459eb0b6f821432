"""The planner's jobs: comparisons and plans that run in processes of their own."""
