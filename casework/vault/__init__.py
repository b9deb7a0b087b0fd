"""Keys and sealing: the one folder that uses `cryptography`. No key leaves it unwrapped but in memory."""
