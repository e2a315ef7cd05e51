"""Passwords of the broker's and the database's users: how they are drawn, and which of them can be guessed."""

import math
import re
import secrets
import string

LENGTH = 24
LEAST_BITS = 70
"""Guesses, as a power of two. The broker does not slow anybody down who guesses."""
_LETTERS = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))
"""Letters that nobody mistakes for another, and none that a URL, a shell, JSON or an environment file takes amiss."""
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_OTHERS = 33
_KNOWN = (
    "password",
    "passwd",
    "secret",
    "guest",
    "admin",
    "operator",
    "rabbit",
    "postgres",
    "qwerty",
    "changeme",
    "mima",
)
_RUN = re.compile(r"(.)\1{2,}|0?1234\d*|(?:19|20)\d\d")


def new_password() -> str:
    """A password that nobody guesses: 24 letters and digits, some 139 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))


def is_weak(password: str, user: str = "") -> bool:
    """Whether it can be guessed: too few signs of too few kinds, where a word that everybody tries, the user's name, a
    year and a repeated sign count as one sign each. An empty one is none, and not weak: nobody logs in by it."""
    rest = password.lower()
    for word in sorted({*_KNOWN, *re.split(r"[-_.]", user.lower()), user.lower()}, key=len, reverse=True):
        rest = rest.replace(word, "*") if len(word) > 2 else rest
    length = min(len(_RUN.sub("*", rest)), 3 * len(set(rest)))
    kinds = sum(len(one) for one in _CLASSES if set(one) & set(password))
    if set(password) - set("".join(_CLASSES)):
        kinds += _OTHERS
    return bool(password) and length * math.log2(kinds) < LEAST_BITS
