"""Signing in: the ways in, and what they stand on."""
