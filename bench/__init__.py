"""
Side-by-side measurements of ratedip and its peers; run with ``python -m bench``.
"""
