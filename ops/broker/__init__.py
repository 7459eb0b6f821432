"""Brokers: the embedded one, and Mosquitto with its topic rights, certificates and identities."""
