"""The exercises of the tutorials; each module has those of one notebook in ``EXERCISES``."""
