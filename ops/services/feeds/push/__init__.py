"""Posts to receivers over HTTP: where they may be, how long they may take, and what counts as delivered."""
