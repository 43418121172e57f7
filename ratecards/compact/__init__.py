"""
Rate compact: many cards merged into one by minimum, maximum or average, and a card minimised without loss.
"""

from ratecards.compact.merge import Kind, Merged, merge
from ratecards.compact.minimise import Minimised, minimise
from ratecards.compact.sources import CompactError, Source

__all__ = ["CompactError", "Kind", "Merged", "Minimised", "Source", "merge", "minimise"]
