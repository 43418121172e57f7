"""
Whole columns at once: prefixes as a tree, longest match, what holds at an instant, amounts.
"""
