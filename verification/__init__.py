"""What proves the product: simulation, checker, chaos, corpus, mutants, model. Not part of the wheel."""
