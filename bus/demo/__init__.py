"""The county that ``bus demo`` runs, in one process or in several."""
