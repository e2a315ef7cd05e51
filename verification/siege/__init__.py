"""A center under siege: the resources that an outsider or a peer can make it use, measured from outside its process."""
