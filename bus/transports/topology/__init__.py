"""The broker's topology: planned, applied, compared. For operators; a center declares nothing itself."""
