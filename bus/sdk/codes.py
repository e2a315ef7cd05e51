"""The codes of ``RetryLater`` and ``Reject``, as logs, metrics and the parked list show them.

An adapter may give a code of its own as a string; those of the bus are a closed list, and stay as they are.
"""

from enum import StrEnum


class RetryCode(StrEnum):
    """The reason for a retry."""

    VENDOR_CONNECT_ERROR = "vendor-connecterror"
    """No connection to the center's own system."""
    VENDOR_CONNECT_TIMEOUT = "vendor-connecttimeout"
    VENDOR_READ_TIMEOUT = "vendor-readtimeout"
    """The system was reached and did not answer in time."""
    VENDOR_BROKEN_OFF = "vendor-broken-off"
    VENDOR_GARBAGE = "vendor-garbage"
    """The system's answer does not follow its interface."""
    ATTACHMENT_AWAY = "attachment-away"
    """The center that holds the file cannot be reached."""
    ATTACHMENT_SLOW = "attachment-slow"
    ATTACHMENT_QUEUE = "attachment-queue"
    """Too many files are fetched at once."""
    ATTACHMENT_STORE = "attachment-store"
    """This center's own file store does not work."""
    ATTACHMENT_STRANGER = "attachment-stranger"
    """The directory lists no center at the file's address yet."""


class RejectCode(StrEnum):
    """The reason why a retry cannot help."""

    NO_NATIVE_RECORD = "no-native-record"
    """No record of the center's own system belongs to the case."""
    UNKNOWN_RECORD = "unknown-record"
    """No case belongs to that record of the center's own system."""
    UNKNOWN_CASE = "unknown-case"
    NO_ATTACHMENT = "no-attachment"
    """The form names a file that was not uploaded."""
    ATTACHMENT_ADDRESS = "attachment-address"
    """The file's address is not a valid URL."""
    ATTACHMENT_ALTERED = "attachment-altered"
    """The received bytes are not the announced ones."""
    ATTACHMENT_DAMAGED = "attachment-damaged"
    ATTACHMENT_ENCODED = "attachment-encoded"
    """The file arrived compressed, so its hash cannot be checked."""
    ATTACHMENT_GONE = "attachment-gone"
    ATTACHMENT_NOWHERE = "attachment-nowhere"
    """The message does not name the file's address."""
    UNKNOWN_CENTER = "unknown-center"
    """The form names a center that the county's directory does not list."""
    NO_ROUTE = "no-route"
    """No route in the settings fits the case."""
    NO_SUCH_LEVEL = "no-such-level"
    """There is no center of this kind one level up, or down."""
    NO_RECORD = "no-record"
    """The form names no record."""
