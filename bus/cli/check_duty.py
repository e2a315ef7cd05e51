"""``bus doctor`` on the door for persons on duty: who may come in, and what this center's own settings leave them."""

from collections.abc import Iterator
from contextlib import suppress

from bus.cli.checks import Check, well
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.settings import CenterSettings

WHAT = "operations"


def persons_on_duty(settings: CenterSettings) -> Iterator[Check]:
    """Nothing is said where the directory lists nobody; keys that cannot be read are told of by their own check."""
    with suppress(KeyUnusable):
        directory = security_of(settings.trust).current_directory()
        if directory is None or not directory.staff:
            return
        count, door = len(directory.staff), settings.operations
        if door.closed:
            zh, en = "值班入口已由本中心的配置关闭", "this center's settings close its door for persons on duty"
        else:
            zh = f"名录登记了 {count} 把值班密钥，在此最高按 {door.highest} 计"
            en = f"{count} staff keys in the directory; here none counts for more than {door.highest}"
        yield well(WHAT, zh, en)
