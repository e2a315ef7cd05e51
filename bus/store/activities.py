"""Queries of activities: what organisations have done together. No cases."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select

from bus.figures.hosts import Hosts
from bus.figures.period import Period
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_new, upsert
from bus.store.timestamps import ms

_A, _H = t.activities.c, t.activity_hosts.c


class ActivityRow(NamedTuple):
    """One activity, as one report tells it."""

    system: str
    native_id: str
    held_ms: int
    division: str
    hosts: tuple[str, ...]


class _HostRow(NamedTuple):
    system: str
    native_id: str
    host: str


def keep(tx: Tx, told: Sequence[ActivityRow]) -> None:
    """Write these activities. One that is known keeps its hosts and gains those that are new."""
    rows = {(one.system, one.native_id): one for one in told}
    upsert(tx, t.activities, [one for _, one in sorted(rows.items())])
    hosts = sorted({_HostRow(one.system, one.native_id, host) for one in told for host in one.hosts})
    insert_new(tx, t.activity_hosts, hosts, ["system", "native_id", "host"])


def count(tx: Tx, period: Period, as_of_ms: int) -> int:
    """How many activities were held in the period, before the as-of."""
    return int(tx.execute(select(func.count()).select_from(t.activities).where(_held(period, as_of_ms))).scalar_one())


def by_host(tx: Tx, period: Period, as_of_ms: int) -> Hosts:
    """The same activities, once each and for each of their hosts."""
    held, total = _held(period, as_of_ms), count(tx, period, as_of_ms)
    of_host = and_(_H.system == _A.system, _H.native_id == _A.native_id)
    joined = t.activities.join(t.activity_hosts, of_host)
    each = tx.execute(select(_H.host, func.count()).select_from(joined).where(held).group_by(_H.host))
    several = select(func.count()).select_from(
        select(_A.system).select_from(joined).where(held).group_by(_A.system, _A.native_id).having(func.count() > 1)
        .subquery("several")
    )  # fmt: skip
    return Hosts(total, {host: int(number) for host, number in each}, int(tx.execute(several).scalar_one()))


def _held(period: Period, as_of_ms: int) -> ColumnElement[bool]:
    return and_(_A.held_ms >= ms(period.begin), _A.held_ms < ms(period.end), _A.held_ms < as_of_ms)
