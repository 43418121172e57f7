"""
Very large sets of numbers, and for each number what the network last answered.
"""

from ratecards.numberset.answer import Answer
from ratecards.numberset.answers import MERGE_AT, Answers
from ratecards.numberset.base import Base
from ratecards.numberset.checkpoint import CheckpointError
from ratecards.numberset.decide import SHARES, Action, EvenDraw, Mode, decide
from ratecards.numberset.lists import read_set
from ratecards.numberset.policy import Policy, PolicyError
from ratecards.numberset.reasons import reason
from ratecards.numberset.refusals import ListError, Refusal, Refusals
from ratecards.numberset.sets import NumberSet
from ratecards.numberset.table import Row, read_list, write_list
from ratecards.numberset.write import EntryError, write_sorted

__all__ = [
    "MERGE_AT",
    "SHARES",
    "Action",
    "Answer",
    "Answers",
    "Base",
    "CheckpointError",
    "EntryError",
    "EvenDraw",
    "ListError",
    "Mode",
    "NumberSet",
    "Policy",
    "PolicyError",
    "Refusal",
    "Refusals",
    "Row",
    "decide",
    "read_list",
    "read_set",
    "reason",
    "write_list",
    "write_sorted",
]
