"""Everything in a folder in one go: what belongs together, what is made of what, and its reduction."""
