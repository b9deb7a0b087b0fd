"""What is measured or worn down for longer than a test may take."""
