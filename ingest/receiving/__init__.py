"""The receiving side: judge a message, commit it in a batch, acknowledge it."""
