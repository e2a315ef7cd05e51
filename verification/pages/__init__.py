"""The commands of a page, done as the page has them on a machine of their own."""
