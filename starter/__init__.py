"""The asking side: `Cases` for programs, `tuntas` for the command line."""
