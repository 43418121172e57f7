"""
What is known of a number: its country's plan, its block, the switch and the network that serve it.
"""
