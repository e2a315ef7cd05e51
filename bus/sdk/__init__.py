"""What an adapter gets: the center it declares, the work desk, the client of its own system, a simulator of it."""
