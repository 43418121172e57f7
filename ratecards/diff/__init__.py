"""
Two revisions of a card compared.
"""

from ratecards.diff.compare import Diff, Summary, compare
from ratecards.diff.kinds import KINDS

__all__ = ["KINDS", "Diff", "Summary", "compare"]
