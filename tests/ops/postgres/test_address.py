"""What an address of PostgreSQL lets others see."""

from __future__ import annotations

from ops.postgres.address import StoreAddress

ADDRESS = "postgresql://watch:first@db.example/nation?sslcert=own.crt&sslpassword=second&password=third"


def test_what_is_written_down_or_shown_of_an_address_has_no_secret_of_it() -> None:
    address = StoreAddress(ADDRESS)
    assert address.without_password == "postgresql://watch@db.example/nation?sslcert=own.crt"
    for text in (address.without_password, address.shown, repr(address)):
        assert not any(secret in text for secret in ("first", "second", "third")), text
    assert "second" in address.text, "the client library needs it"
