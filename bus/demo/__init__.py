"""The county of ``bus demo``, in one process or in several."""
