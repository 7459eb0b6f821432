"""What the start of fusion costs: it is most of the time until a lost sector is live again."""

from __future__ import annotations

import subprocess
import sys


def test_fusion_starts_without_what_it_never_uses() -> None:
    program = "import sys, ops.services.fusion.process; print([one for one in sys.modules if one == 'scipy.stats'])"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
