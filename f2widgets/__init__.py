"""Reduce Gemini Flamingos-2 near-infrared imaging, and see how it is done.

``import f2widgets as f2``, then:

==================== ===========================================================================
``table``            what files are, from their headers
``fetch``            raw frames from the observatory's archive
``check``            what is odd about headers, and whether files can be used
``select``           choose files by tags and an expression
``calibrations_for`` which calibrations frames get and why; ``add_calibrations`` and
                     ``remove_calibrations`` change what the database holds
``reduce``           raw frames to a product; the recipe follows from the files
``planned``          what ``reduce`` would do, and with which calibrations
``plan_all``         how everything in a folder would be reduced, and what is missing
``reduce_all``       reduces it, several jobs at a time; goes on where an earlier run was broken off
``read_frame``       a raw frame or a product as a ``Frame``
``write_frame``      a ``Frame`` as a file
``recipes_for``      what can be made of a file; ``parameters_for`` tells of a step in it
``provenance``       what went into a product, and what was done
``read_settings``    what ``reduce`` is asked for, from a TOML file; ``save_settings`` writes one
``clear``            delete the frames that ``reduce`` kept between steps
``show``             a picture of frames
``biography``        what became of a pixel, from the raw frames to the product
``quality_table``    what was measured of a stack and of its frames; ``quality_text`` writes it down
``sum_sigma``        sigma of a sum over pixels of a stack, their correlation included
``simulate``         raw frames whose truth is known
``Frame``            an image with variance, flags, facts and history
``F2Error``          the family of all errors raised on purpose
==================== ===========================================================================
"""

import lazy_loader

__version__ = "0.1.0"

#: The public names are those of the stub beside; each is imported when it is first used,
#: so that ``import f2widgets`` and the shell stay quick.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
