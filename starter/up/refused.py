"""The one error of `tuntas up` that is meant to be read by a person."""


class Refused(Exception):  # noqa: N818 - it names an outcome, as the console prints it
    """Something cannot be started; the message says what and what to do about it."""
