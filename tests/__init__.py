"""The tests; helpers are modules without `test_` before their name."""
