"""What is done, in what order: the table of steps, the recipes, and what carries them out."""
