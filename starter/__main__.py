"""`tuntas`, the command line."""

from starter.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
