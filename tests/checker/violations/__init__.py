"""Lies for the checker to catch: each takes true evidence and plants one breach of one rule."""

from tests.checker.violations import content, custody, delivery, handling, intake, residents, storage
from tests.checker.violations.planting import LIES, Lie

__all__ = ["LIES", "Lie", "content", "custody", "delivery", "handling", "intake", "residents", "storage"]
