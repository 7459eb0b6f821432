"""The generated pages of the documentation, one file for each, written by ``deploy/write_docs.py``."""
