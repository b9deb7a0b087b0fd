"""The nouns of a case, as frozen pydantic models."""
