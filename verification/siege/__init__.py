"""A center under siege: what an outsider or a neighbour can make it eat, measured from outside its process."""
