"""
A switch on an ordinary day: a steady number of connections, a mix of questions.
"""

from bench.scenarios.callers import Softswitch


class Switch(Softswitch):
    """
    A connection of the switch.
    """
