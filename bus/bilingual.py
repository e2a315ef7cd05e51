"""Texts for operators, in Chinese and in English."""

from typing import NamedTuple


class Bilingual(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str
