"""The process of one export: reads a request from stdin, writes the file, and prints the number of records.

It needs a quarter of a gigabyte for the geographic libraries, which its end gives back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from geo.errors import WatchlineError
from ops.export.request import ExportRequest


class ExportResult(msgspec.Struct):
    """Number of records by layer; or the sentence that says why there is no file."""

    counts: dict[str, int] = {}
    refused: str = ""
    failed: str = ""


def export(request: ExportRequest) -> ExportResult:
    """Write the file ``request.out``."""
    from geo.errors import BadInput
    from ops.export.files import write_export
    from ops.export.layers import layers_to_export

    try:
        layers = layers_to_export(request)
        write_export(request, layers, Path(request.out))
    except BadInput as error:
        return ExportResult(refused=str(error))
    except WatchlineError as error:
        return ExportResult(failed=str(error))
    return ExportResult({name: len(layer) for name, layer in layers.items()})


def main() -> int:
    """Entry point of the process."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=ExportRequest)
    sys.stdout.buffer.write(msgspec.json.encode(export(request)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
