"""Import of ledgers: rows of a spreadsheet become forms, by a mapping."""
