"""What goes wrong with a store: the driver's errors, and what this program makes of them."""

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from bus.bilingual import Bilingual
from bus.store import postgresql

DriverError = SQLAlchemyError
"""What a database or its driver says of itself, before it is known whether trying again may help."""

READ_ONLY_NOW = (
    "the database is read-only now (a standby, or a failover): if this does not pass, let `store` name the server that "
    "writes, or set default_transaction_read_only = off"
)


class StoreUnavailable(RuntimeError):
    """The store could not be read or written. The text says what and the cure, never a value of a row."""

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.passing = passing
        """Whether it may be better later; if not, it is these rows that cannot be written."""


class StoreUnfit(StoreUnavailable):
    """A store that this program must not use, with the cure."""

    def __init__(self, words: Bilingual) -> None:
        super().__init__(f"{words.en} / {words.zh}", passing=False)
        self.words = words


def as_sqlalchemys(error: Exception, dialect: Dialect) -> BaseException:
    """An error of the driver, met past SQLAlchemy, as SQLAlchemy itself would raise it; no parameter stands in it."""
    return DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def may_pass(error: BaseException) -> bool:
    """Whether another try may cure it: a database that is busy, away or read-only for a while, a race that was lost."""
    lost = isinstance(error, OperationalError | IntegrityError)
    return lost or (isinstance(error, DBAPIError) and postgresql.is_passing(error))


def as_unavailable(error: BaseException) -> StoreUnavailable:
    """What the driver has said, as this program says it: no value of a row stands in it."""
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
