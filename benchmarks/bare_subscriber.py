"""The peer of benchmarks/ingest.py: unmodified paho, which counts messages and acknowledges them, and nothing else.

A separate process without any Watchline code that uses paho: ``python -m benchmarks.bare_subscriber TOTAL``.
"""

from __future__ import annotations

import os
import sys
import threading

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt.broker_url import BrokerUrl
from ops.runtime.processes.child_process import say, stop_when_parent_ends


def connect(url: BrokerUrl, client_id: str, *, manual_ack: bool) -> tuple[paho.Client, threading.Event]:
    """Return a client with a persistent session, and an event that is set when it is connected."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=manual_ack)
    client.username_pw_set(url.username, url.password)
    client.max_inflight_messages_set(1000)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 86_400
    properties.ReceiveMaximum = 1000
    client.connect(url.host, url.port, clean_start=False, properties=properties)
    return client, connected


def main() -> int:
    total, client_id, variable = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    client, connected = connect(BrokerUrl.parse(os.environ[variable]), client_id, manual_ack=True)
    received = 0

    def take(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        nonlocal received
        client.ack(message.mid, message.qos)
        received += 1
        if received == total:
            say(done=True)

    client.on_message = take
    ours = {name for name in sys.modules if name.startswith("ingest.mqtt.")} - {BrokerUrl.__module__}
    assert not ours, f"the peer is to be as it comes, without {ours}"
    say(ready=True)
    client.loop_start()
    connected.wait(10)
    stopping.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
