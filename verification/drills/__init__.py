"""What the drills have shown: the record of each, and the page that is made of it."""
