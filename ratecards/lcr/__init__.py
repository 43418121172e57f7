"""
Least-cost routing: which carrier, in what order, without a loss.

A joint index is built by :mod:`ratecards.lcr.join`, which a process that answers never imports.
"""

from ratecards.lcr.charge import Charge
from ratecards.lcr.crossing import Crossing, cross
from ratecards.lcr.file import joint_name, open_joint
from ratecards.lcr.joint import Joint
from ratecards.lcr.model import (
    Ask,
    Behind,
    Conditions,
    Provider,
    Quality,
    Reason,
    Strategy,
)
from ratecards.lcr.router import Router
from ratecards.lcr.routes import Rejected, Route, Routes

__all__ = [
    "Ask",
    "Behind",
    "Charge",
    "Conditions",
    "Crossing",
    "Joint",
    "Provider",
    "Quality",
    "Reason",
    "Rejected",
    "Route",
    "Router",
    "Routes",
    "Strategy",
    "cross",
    "joint_name",
    "open_joint",
]
