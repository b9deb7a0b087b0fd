"""The case database: PostgreSQL, written by the case's own workflow and read by everybody else."""
