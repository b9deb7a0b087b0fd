"""The rules of each category as data, read from TOML. The built-in files are the law and the local defaults;
a district's directory replaces them file by file."""

from casework.datafile import Problem
from casework.pathways.facts import facts, milestone_kinds
from casework.pathways.loader import PathwayFileError, check, load, pin

__all__ = ["PathwayFileError", "Problem", "check", "facts", "load", "milestone_kinds", "pin"]
