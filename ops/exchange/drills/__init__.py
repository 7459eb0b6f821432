"""Joint exercises: a simulated night as a drill for a partner, its sealed answer key, and the score in return."""
