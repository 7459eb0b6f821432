"""The page of a drill: the score of the demonstration that this server shows."""
