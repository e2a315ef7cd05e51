"""Importing a ledger: rows of a spreadsheet become forms, by a mapping."""
