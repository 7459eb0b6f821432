"""Where day keys are: files of a folder, or PostgreSQL, wrapped by a key that only the machines of a cluster have."""
