"""The ``f2`` command: it asks and shows, and decides nothing."""
