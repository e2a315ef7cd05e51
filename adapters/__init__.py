"""One folder per kind of center: adapters know the vocabulary of the bus, never each other."""
