"""The Temporal side of the process: connection, encryption, interceptors, sandbox, names."""
