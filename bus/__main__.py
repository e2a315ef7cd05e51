"""``python -m bus``: the same as ``bus``."""

from bus.cli import main

if __name__ == "__main__":
    main()
