"""How the county's operator lists a staff key. Nobody vouches for a person's key but its fingerprint, read out."""

from datetime import datetime, timedelta

from bus.security.directory import Directory
from bus.security.errors import KeyUnusable
from bus.security.keyring import PublicKey, owner_of
from bus.security.staff import Role, StaffKey, is_staff

LONGEST = timedelta(days=400)
"""A right ends unless somebody renews it: whoever has left the office is forgotten by then."""


def staff_listed(known: Directory, key: PublicKey, role: Role, until: datetime, now: datetime) -> Directory:
    """The next directory, in which this person's key counts with this role until then. A key that is listed gets the
    new role and end. Raises ``KeyUnusable``."""
    name, before = owner_of(key.kid), known.staff.get(key.kid)
    if not is_staff(name):
        raise KeyUnusable(
            f"{key.kid} 不是值班密钥；请用 bus keys new staff-名 生成",
            f"{key.kid} is no staff key: `bus keys new staff-WORD` makes one",
        )
    if before is not None and (before.key != key or before.revoked is not None):
        raise KeyUnusable(
            f"{key.kid} 已吊销或名称与密钥不符；请本人生成新密钥",
            f"{key.kid} was revoked, or stands under another key's name: have its owner make a new one",
        )
    if not now < until <= now + LONGEST:
        raise KeyUnusable(f"截止日期应在 {LONGEST.days} 天之内", f"the end must come within {LONGEST.days} days")
    if before is not None:
        return known.with_staff(before.model_copy(update={"role": role.value, "until": until}), now)
    return known.with_staff(StaffKey(name=name, key=key, role=role.value, since=now, until=until), now)
