"""Messages of units to the feeds process, and its answers: requests for missed messages, and notices of refusals."""
