"""MQTT: connections, publisher and subscriber; the only package that imports paho."""
