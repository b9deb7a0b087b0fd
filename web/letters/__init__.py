"""Letters of an office: made of what was disclosed, drawn as PDF, numbered, and sealed as they were sent."""
