"""
What one serving process does and has decided, and how the processes of a node tell it together.
"""
