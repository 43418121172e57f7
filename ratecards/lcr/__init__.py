"""
Least-cost routing: which carrier, in what order, without a loss.
"""

from ratecards.lcr.build import JointError, join_cards
from ratecards.lcr.charge import Charge
from ratecards.lcr.crossing import Crossing, cross
from ratecards.lcr.file import build_joint, joint_name, open_joint
from ratecards.lcr.joint import Joint
from ratecards.lcr.model import (
    Ask,
    Behind,
    Conditions,
    Provider,
    Quality,
    Reason,
    Rejected,
    Route,
    Routes,
    Strategy,
)
from ratecards.lcr.router import Router

__all__ = [
    "Ask",
    "Behind",
    "Charge",
    "Conditions",
    "Crossing",
    "Joint",
    "JointError",
    "Provider",
    "Quality",
    "Reason",
    "Rejected",
    "Route",
    "Router",
    "Routes",
    "Strategy",
    "build_joint",
    "cross",
    "join_cards",
    "joint_name",
    "open_joint",
]
