"""Agencies and calendars, read from data files."""
