"""Reduce Gemini Flamingos-2 near-infrared imaging, and see how it is done."""

__version__ = "0.1.0"
