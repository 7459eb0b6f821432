"""MQTT: connections, publisher and subscriber; the only package that imports paho."""

from ingest.mqtt.broker_url import BrokerUrl

__all__ = ["BrokerUrl"]
