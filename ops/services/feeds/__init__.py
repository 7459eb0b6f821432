"""The feeds process: delivers the outbox of the store to receivers, each feed in one file."""
