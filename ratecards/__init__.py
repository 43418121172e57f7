"""
A rate card as data: read a deck, compile it, and ask what a number costs.
"""
