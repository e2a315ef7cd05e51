"""The end of a whole command, of which every wait must hear."""

import threading

OVER = threading.Event()
"""Set when the whole run must end at once."""
