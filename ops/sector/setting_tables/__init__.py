"""Tables of the settings file, one file for each topic."""
