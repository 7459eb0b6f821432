"""Wire standards: one file for each standard, all decoding to a Scan."""
