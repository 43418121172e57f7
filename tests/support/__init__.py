"""
What tests of several kinds need: cards, a naive oracle, a real server.
"""
