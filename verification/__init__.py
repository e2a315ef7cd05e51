"""The verification of the product: simulation, checker, chaos, corpus, mutants, model, mixed releases.

It is not in the wheel, and runs from a checkout only.
"""
