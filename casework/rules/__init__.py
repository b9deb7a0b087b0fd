"""Pure functions over frozen models: what a command may do, and what follows from it."""
