"""What must stand on the broker: planned, applied, compared. For operators; a center declares nothing itself."""
