"""Long-running processes: ingest, fusion, map, planner, API and the SAPIENT gateway."""
