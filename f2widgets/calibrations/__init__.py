"""Which calibration fits a frame, why, and where it lies."""
