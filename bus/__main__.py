"""``python -m bus``: the same as the ``bus`` script."""

from bus.cli import main

main()
