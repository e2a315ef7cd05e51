"""Lies for the checker to catch: each takes true evidence and plants one breach of one rule."""

from tests.checker.lies import contents, custody, delivery, desks, doors
from tests.checker.lies.planting import LIES, Lie

__all__ = ["LIES", "Lie", "contents", "custody", "delivery", "desks", "doors"]
