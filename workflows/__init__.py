"""What happens next: the deterministic life of a case."""
