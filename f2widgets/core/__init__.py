"""The Frame, and the astronomy as pure functions: no file, no clock, no screen."""
