"""The only door from workflows to the database, the agencies and the notices."""
