"""Mutants: defects planted into the product on purpose, and the checks that must find them."""
