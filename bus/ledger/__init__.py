"""The county's ledger: a participant that keeps facts and holds no cases."""
