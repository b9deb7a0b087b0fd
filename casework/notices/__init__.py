"""Telling people: fixed texts with a number and a link, by each contact's own channel, to safe ones only."""
