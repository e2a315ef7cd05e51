"""Defects that are planted into the product on purpose, and what finds them: what is never red proves nothing."""
