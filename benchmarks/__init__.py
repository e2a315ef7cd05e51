"""The benchmarks: the cost of a hand-over, beside other libraries' cost of a bare message. ``make bench`` runs them
all.
"""
