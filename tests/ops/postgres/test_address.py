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


def test_the_client_library_alone_gets_what_the_address_says() -> None:
    """Several servers are named as SQLAlchemy documents it: each host with its port."""
    found = StoreAddress("postgres://u%40x:p%2F@/w?host=localhost:5432&host=127.0.0.1:5433&sslcert=own.crt").arguments()
    assert (found["user"], found["password"], found["dbname"], found["sslcert"]) == ("u@x", "p/", "w", "own.crt")
    assert (found["host"], found["port"]) == ("localhost,127.0.0.1", "5432,5433")
    assert "timezone=UTC" in found["options"]
    assert StoreAddress("postgresql://watch@db.example/w").arguments()["sslmode"] == "verify-full"
