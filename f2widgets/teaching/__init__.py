"""Teaching: checkpoints with hints, progress, what-if, and nights with planted mistakes.

===================  =============================================================================
``begin``            a lesson's raw frames and folder
``checkpoint``       tests the learner's own product, or asks something
``ProgressPanel``    what is solved; the file to take away and to bring back
``progress``         the same without a panel
``collect``          the files of many students as one table
``seed_for``         a night of a student's own, from the name
``WhatIf``           a step done again with other parameters, before and after
``clinic``           simulated nights with a mistake in each
``gently``           lets errors in a notebook speak in a sentence
``Exercise``         a new exercise, of ``Choice``, ``Number``, ``Point`` or ``Product``
``seal``             hides the right answer of an exercise that is written in a notebook
===================  =============================================================================
"""

import lazy_loader

#: The public names are those of the stub beside; each is imported when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
