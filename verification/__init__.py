"""What proves the product and is not in the wheel: it runs from a checkout only."""
