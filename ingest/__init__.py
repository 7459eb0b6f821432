"""From reports on a wire to detections: decoders, spool, receiver."""
