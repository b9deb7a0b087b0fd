"""Event logs as files that others open: XES for one case at a time, OCEL for all that takes part."""
