"""Drawing: figures, maps, relief and colours that pages and reports share."""
