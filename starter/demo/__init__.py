"""`tuntas demo`: a scenario played through the real workflows, months in seconds."""
