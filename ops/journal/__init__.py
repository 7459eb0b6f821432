"""The journal: every received message in order of arrival, written, read, imported, archived and resubmitted."""
