"""``watchline broker exchange`` and ``watchline share connect``: packages over MQTT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_bundle import open_bundle
from ops.broker.reachable import wait_until_reachable
from ops.exchange.agreements import AgreementsNow, read_agreements
from ops.exchange.bridge.broker_files import EXCHANGE, ExchangeBrokerOptions, write_exchange_broker
from ops.exchange.bridge.live import ExchangeEvents, LiveExchange
from ops.exchange.format.manifest import Manifest
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.keys import signer_in
from ops.exchange.received import Imported
from ops.exchange.take import PackageReceiver
from ops.runtime.output import show
from ops.sector.settings import load_settings

BROKER_ANSWERS_S: Final = 10.0


def configure_exchange(agreements: Path, out: Path, options: ExchangeBrokerOptions, screen: Console) -> dict[str, Any]:
    """Write the folder of the exchange broker, and print what is to be handed over to whom."""
    read = read_agreements(agreements)
    written = write_exchange_broker(out, read, options)
    broker = written.broker
    show(screen, "exchange-broker-written", address=f"{broker.listen}:{broker.port}", folder=str(out / "broker"))
    for one in read.partners:
        bundle = str(out / "identities" / f"partner-{one.name}")
        if one.name in written.bridges:
            show(screen, "exchange-bridge", partner=one.name, address=one.broker)
        elif one.name in written.without_bundle:
            place = str(out / "bridges" / one.name)
            show(screen, "exchange-bridge-missing", partner=one.name, folder=place, own=read.own)
        else:
            show(screen, "exchange-bundle", partner=one.name, folder=bundle)
    return {
        "own": read.own,
        "made": list(written.made),
        "bridges": list(written.bridges),
        "without_bundle": list(written.without_bundle),
        "configuration": str(out / "broker" / "mosquitto.conf"),
        "hosts": list(broker.hosts),
        "listen": f"{broker.listen}:{broker.port}",
    }


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """A process that exchanges packages over the broker at ``host`` and ``port``, whose folder is ``config``."""

    host: str
    port: int
    config: Path
    agreements: Path
    identity: Path
    data: Path
    settings: Path | None = None


def connect(options: ConnectOptions, screen: Console) -> None:
    """Exchange packages with all partners over MQTT until Ctrl-C."""
    receiver = PackageReceiver(
        options.data, read_agreements(options.agreements), load_settings(options.settings).releasability
    )
    bundle = options.config / "identities" / EXCHANGE
    tls = open_bundle(bundle).tls
    if tls is None or tls.certificate is None:
        raise BadInput("has no certificate", where=str(bundle), expected="a folder written by `broker exchange`")
    url = BrokerUrl(options.host, options.port, tls=True)
    wait_until_reachable(url, timeout_s=BROKER_ANSWERS_S)
    now = AgreementsNow(options.agreements, lambda reason: show(screen, "exchange-no-agreements", reason=reason))
    LiveExchange(receiver, signer_in(options.identity), url, tls, _shown_on(screen), now=now).run()


def _shown_on(screen: Console) -> ExchangeEvents:
    def imported(manifest: Manifest, done: Imported) -> None:
        if manifest.kind == "withdrawal":
            show(screen, "exchange-withdrawn", number=manifest.number, origin=manifest.origin, count=done.removed)
        else:
            show(screen, "exchange-received", number=manifest.number, origin=manifest.origin, count=done.stored)

    def refused(partner: str, refusal: PackageRefused) -> None:
        show(screen, "exchange-refused", partner=partner, reason=str(refusal))

    def problem(text: str | None) -> None:
        if text is None:
            show(screen, "exchange-connected")
        else:
            show(screen, "exchange-no-connection", reason=text)

    return ExchangeEvents(
        published=lambda partner, number: show(screen, "exchange-published", number=number, partner=partner),
        imported=imported,
        refused=refused,
        unsigned=lambda partner: show(screen, "exchange-unsigned", partner=partner),
        problem=problem,
        behind=lambda partner, number: show(screen, "exchange-behind", partner=partner, number=number),
    )
