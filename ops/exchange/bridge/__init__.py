"""Exchange over MQTT: packages through a broker of the exchange alone, and a Mosquitto bridge to the partner's."""
