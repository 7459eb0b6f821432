"""Processes of this machine: started, kept ready, watched, and stopped in order."""
