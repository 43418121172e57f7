"""
Dips: questions about a number put to somebody else over HTTP, while the caller waits.
"""
