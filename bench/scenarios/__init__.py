"""
Loads for a server of one's own, driven by locust.
"""
