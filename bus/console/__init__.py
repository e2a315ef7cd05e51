"""The operators' console: whether all is well, why it is not, and how it is mended, on pages for a browser."""
