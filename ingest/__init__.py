"""Messages of sensors and units received, authenticated and decoded to scans, and the sending side for adapters."""
