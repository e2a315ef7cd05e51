"""What an adapter gets: the center it declares, the client of its own system, a simulator of that system."""
