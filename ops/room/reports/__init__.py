"""Reports of a room as files: the handover or after-action report, and the export of layers."""
