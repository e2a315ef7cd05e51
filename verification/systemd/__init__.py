"""A stand-in for systemd where it is not process 1: ``python -m verification.systemd systemctl …`` reads the real unit
and does what it says.

It knows what the units of our pages use, and refuses a unit with anything else, so that no line of a unit is passed
over in silence. It starts the program as the unit's user, in its folders, with its environment files read as systemd
reads them; hears ``READY=1`` and ``WATCHDOG=1``; ends a silent one; starts again one that has ended. What shuts a
process in (``unit.IGNORED``) is left to systemd itself. The package imports nothing of ours.
"""
