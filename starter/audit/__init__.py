"""Verifying that the record is what was written: chains, sealed texts, checkpoints, the engine's history.

It runs on the machine, with its keys, and gives out numbers, sequences and what is wrong there: no content.
"""
