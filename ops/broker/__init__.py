"""Brokers: the embedded broker, and Mosquitto with its topic rights, certificates and identities."""
