"""
A customer's card from a provider's, or from a merged one, by margin rules.
"""

from ratecards.margin.derive import derive, preview
from ratecards.margin.plan import MarginPlan
from ratecards.margin.rule import MarginError, MarginRule

__all__ = ["MarginError", "MarginPlan", "MarginRule", "derive", "preview"]
