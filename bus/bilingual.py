"""Texts for people on duty, in Chinese and in English."""

from typing import NamedTuple


class Bilingual(NamedTuple):
    """One text in both languages of the people on duty."""

    zh: str
    en: str
