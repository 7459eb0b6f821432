"""Processes that run all the time: ingest, fusion, map, planner, API and the SAPIENT gateway."""
