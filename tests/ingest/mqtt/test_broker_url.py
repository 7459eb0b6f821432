from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import AddressError
from ingest.mqtt.broker_url import BrokerUrl


def test_every_part_of_a_url_is_read() -> None:
    assert BrokerUrl.parse("mqtt://ann:s%40crt@broker.example:1884") == BrokerUrl(
        "broker.example", 1884, "ann", "s@crt"
    )
    assert BrokerUrl.parse("mqtts://broker.example") == BrokerUrl("broker.example", 8883, tls=True)
    assert BrokerUrl.parse("mqtt://[::1]:1883/").host == "::1"


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(1, 65535))
def test_text_is_the_inverse_of_parse(user: str, password: str, port: int) -> None:
    try:
        (user + password).encode()
    except UnicodeEncodeError:
        return  # not text that a URL can hold
    url = BrokerUrl("localhost", port, user, password)
    assert BrokerUrl.parse(url.text) == url


def test_the_password_is_not_shown() -> None:
    url = BrokerUrl.parse("mqtt://ann:topsecret@localhost:1883")
    assert "topsecret" not in repr(url) + url.shown + str(url)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "localhost:1883", "http://localhost", "mqtt://", "mqtt://host:0", "mqtt://host:65536",
     "mqtt://host:x", "mqtt://host/topic", "mqtt://:pw@host", "mqtt://host?x=1"],
)  # fmt: skip
def test_anything_else_is_refused_without_repeating_the_password(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        BrokerUrl.parse(text)
    assert "mqtt://" in str(caught.value) or "port" in str(caught.value)


def test_an_unreadable_url_does_not_put_its_password_into_the_sentence() -> None:
    with pytest.raises(AddressError) as caught:
        BrokerUrl.parse("mqtt://ann:topsecret@host:notaport")
    assert "topsecret" not in str(caught.value)
