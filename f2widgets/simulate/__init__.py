"""False nights whose truth is known: raw frames for teaching and for testing the reduction.

The reduction imports nothing from here and reads no truth; both share the facts of
`f2widgets.core.detector` only.
"""

from f2widgets.simulate.example import disk_needed, example1, simulated
from f2widgets.simulate.perfect import perfect
from f2widgets.simulate.settings import Settings
from f2widgets.simulate.truth import Truth, load

__all__ = ["Settings", "Truth", "disk_needed", "example1", "load", "perfect", "simulated"]
