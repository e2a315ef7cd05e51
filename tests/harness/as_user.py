"""Runs ``bus`` as another user of this machine: ``python -m tests.harness.as_user UID GID WORD...``, started by root.

All that the commands load is loaded before the rights are given up: the checkout, or the Python itself, may lie where
only root may enter, and that is not what is tried.
"""

import importlib
import os
import sys

import certifi

from bus.cli import main
from bus.sdk import discovery

LOADED_LATE = (
    "encodings.idna",
    "bus.cli.doctor",
    "bus.cli.run",
    "bus.cli.keys",
    "bus.cli.troubles",
    "rich.cells",
    "rich.table",
)


def main_as(uid: int, gid: int, words: list[str]) -> None:
    """The program, with the rights of that user and none of root's."""
    for module in LOADED_LATE:
        importlib.import_module(module)
    certifi.where()
    discovery.find("media_center").center()
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    sys.argv = ["bus", *words]
    main()


if __name__ == "__main__":
    main_as(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
