"""The port of the API: the one that was asked for, else the usual one, else a free one."""

import socket

import pytest

from geo.errors import BadInput
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.api.serving import local_port
from ops.services.api.serving.local_port import listen, listen_on


def test_without_a_port_the_usual_one_is_taken_and_if_it_is_in_use_another(monkeypatch: pytest.MonkeyPatch) -> None:
    reserved = ReservedPort()
    usual = reserved.number
    with listen(usual):
        monkeypatch.setattr(local_port, "DEFAULT_PORT", usual)
        with listen_on(None) as other:
            assert other.getsockname()[1] != usual
        with pytest.raises(BadInput, match=f"port {usual}: cannot listen on 127.0.0.1"):
            listen_on(usual)
    with listen_on(None) as free, socket.create_connection(("127.0.0.1", usual)):
        assert free.getsockname()[1] == usual
    reserved.release()
