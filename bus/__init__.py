"""Four-center bus."""
