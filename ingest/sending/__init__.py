"""Sending side of an adapter: a spool on disk, the send window, and the sender that empties the spool as ingest
acknowledges."""

from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool, SpoolLimits

__all__ = ["SendWindowSettings", "Sender", "SenderSettings", "Spool", "SpoolLimits"]
