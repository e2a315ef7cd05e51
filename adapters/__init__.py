"""The shipped adapters, one folder per kind of center. Adapters import ``bus`` alone, never each other."""
