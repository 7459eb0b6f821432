"""What the feeds process hears from units, and what it tells them of it: requests for missed messages, and refusals."""
