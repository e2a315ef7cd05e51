"""Errors of the store, and the translation of the driver's errors."""

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from bus.bilingual import Bilingual
from bus.store import postgresql

DriverError = SQLAlchemyError
"""An error of the database or its driver, before it is known whether a retry may help."""

READ_ONLY_NOW = (
    "the database is read-only now (a standby, or a failover): if this does not pass, let `store` name the server that "
    "writes, or set default_transaction_read_only = off"
)


class StoreUnavailable(RuntimeError):
    """The store could not be read or written. The text names the fault and the cure, never a value of a row."""

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.passing = passing
        """Whether a retry may help; if not, these rows cannot be written."""


class StoreUnfit(StoreUnavailable):
    """A store that this program must not use, with the cure."""

    def __init__(self, words: Bilingual) -> None:
        super().__init__(f"{words.en} / {words.zh}", passing=False)
        self.words = words


def as_sqlalchemys(error: Exception, dialect: Dialect) -> BaseException:
    """The error as SQLAlchemy would raise it, for a driver that was called directly; it contains no parameter."""
    return DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def may_pass(error: BaseException) -> bool:
    """Whether a retry may cure it: a database that is busy, away or read-only for a while, or a lost race."""
    lost = isinstance(error, OperationalError | IntegrityError)
    return lost or (isinstance(error, DBAPIError) and postgresql.is_passing(error))


def as_unavailable(error: BaseException) -> StoreUnavailable:
    """The driver's error as ``StoreUnavailable``; no value of a row stands in it."""
    if not isinstance(error, DBAPIError):
        return StoreUnavailable(f"{type(error).__name__}: the store cannot be used", passing=False)
    name = type(error.orig).__name__ if error.orig else type(error).__name__
    cure = (
        READ_ONLY_NOW
        if postgresql.state_of(error) == postgresql.READ_ONLY
        else "the store cannot be used now; check that its disk has room, that the database runs, and that no other "
        "program holds it"
    )
    return StoreUnavailable(
        f"{name}: {cure}", passing=isinstance(error, OperationalError) or postgresql.is_passing(error)
    )
