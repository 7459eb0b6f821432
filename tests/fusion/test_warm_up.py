"""What the first start compiles includes what a sector with terrain and a busy radar needs later."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json
from fusion.warm_up import compile_kernels
from fusion.association.associate import _odds_step
from fusion.models.contradictions import _contradictions
from fusion.models.false_dead_ground import _counts
from fusion.models.terrain_speed import slow_down

KERNELS = (_odds_step, _contradictions, slow_down, _counts)
compile_kernels()
print(json.dumps({kernel.__name__: len(kernel.signatures) for kernel in KERNELS}))
"""


def test_the_warm_up_runs_the_kernels_of_terrain_speed_and_of_crowds() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"_odds_step": 1, "_contradictions": 1, "slow_down": 1, "_counts": 1}
