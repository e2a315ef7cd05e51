"""An activity as the store keeps it."""

from bus.sdk.center import Activity
from bus.store.activities import ActivityRow
from bus.store.timestamps import ms


def activity_row(told: Activity) -> ActivityRow:
    """The row of an activity that a handler has returned."""
    return ActivityRow(told.system, told.native_id, ms(told.held_at), told.division, told.hosts)
