"""The receiving side: a message is checked, committed in a batch and acknowledged."""
