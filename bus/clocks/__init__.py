"""Deadlines of a case and what each asks for. Pure: a record, rules, a calendar and a moment go in; marks come out."""
