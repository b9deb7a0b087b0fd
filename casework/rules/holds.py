"""Holding and releasing clocks, reminding and escalating by hand."""
