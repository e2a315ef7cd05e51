"""Migrations of the store, oldest first; one is never changed once released."""
