"""``python -m verification.services ensure``: makes the tests' servers available, or reports why it cannot."""

import sys

from verification.services.allocation import ServiceUnavailable
from verification.services.container import containers_wanted
from verification.services.debian import ensure_packages


def main(arguments: list[str]) -> int:
    """Returns 0 if servers are available, 1 with the cure on stderr if not, 2 for a wrong call."""
    if arguments != ["ensure"]:
        sys.stderr.write("用法 / usage: python -m verification.services ensure\n")
        return 2
    try:
        ensure_packages(containers=containers_wanted())
    except ServiceUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
