"""`watchline challenge`: geography challenge, coverage gaps, crossings and interruption of a border."""
