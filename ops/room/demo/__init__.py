"""The demonstration: a sample sector with simulated sensors, its result, and a drill made of it for a partner."""
