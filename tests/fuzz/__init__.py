"""
Every parser with any bytes: one sentence each of what then holds.
"""
