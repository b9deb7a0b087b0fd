"""`tuntas seed-demo`: a district's year, made up by the published proportions and played through the real commands."""
