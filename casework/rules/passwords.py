"""What a password must be: long, and not what everybody tries first. No rules of composition: they are written down."""

from casework.errors import InvalidInputError

SHORTEST, LONGEST = 15, 128
FEWEST_LETTERS = 6
"""Different ones: less is a key held down."""
COMMON = ("password", "kata sandi", "katasandi", "tuntas", "qwerty", "abcdefghij", "1234567890", "0987654321")
"""What does not make a password longer."""


def check_password(password: str, username: str) -> None:
    """Raises InvalidInputError, saying what to do, for one that is too short or easily guessed."""
    for wrong, code, detail in (
        (
            not SHORTEST <= len(password) <= LONGEST,
            "wrong_length",
            f"A password has {SHORTEST} to {LONGEST} characters.",
        ),
        (_has_control(password), "invalid", "A password holds no control characters."),
        (
            _is_guessed(password, username),
            "too_easy",
            "This is guessed early; take four words that do not belong together.",
        ),
    ):
        if wrong:
            raise InvalidInputError(detail, errors=[{"pointer": "/password", "code": code, "detail": detail}])


def _has_control(password: str) -> bool:
    return any(ord(letter) < 32 or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in password)


def _is_guessed(password: str, username: str) -> bool:
    """Whether little is left of it without what everybody tries first, or it says the same again and again."""
    rest = password.lower()
    for word in (username.lower(), *COMMON):
        rest = rest.replace(word, "") if len(word) > 2 else rest
    size = next(size for size in range(1, len(rest) + 2) if rest == (rest[:size] * len(rest))[: len(rest)])
    return len(set(rest)) < FEWEST_LETTERS or size < FEWEST_LETTERS
