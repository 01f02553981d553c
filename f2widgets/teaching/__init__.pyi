from .cases import clinic as clinic
from .checkpoint_panel import Checkpoint as Checkpoint, checkpoint as checkpoint
from .exercise import Exercise as Exercise
from .gentle import gently as gently
from .night import Night as Night, begin as begin
from .progress_panel import ProgressPanel as ProgressPanel
from .questions import (
    Choice as Choice,
    Number as Number,
    Point as Point,
    Product as Product,
    Verdict as Verdict,
    right as right,
    seal as seal,
    unclear as unclear,
    wrong as wrong,
)
from .record import Progress as Progress, collect as collect, progress as progress, seed_for as seed_for
from .whatif import WhatIf as WhatIf
