"""
Small files of numbers as they are published, built and open as the service has them.
"""

from pathlib import Path
from typing import Any

from ratecards.numbering import lrn_build, mccmnc, ofcom
from ratecards.numbering.lrn import open_lrn
from ratecards.numberset import NumberSet
from service.access.account import LIVE, qualified
from service.snapshot import Loaded

LOADED_AT = 1_799_999_000
"""When they were loaded, in unix seconds."""
LRN = """tn,lrn,ocn,lata,city,state,jurisdiction,lec,local
12125550100,12125550199,1234,132,NEW YORK,NY,INTERSTATE,Verizon,Y
13125550100,,0001,358,CHICAGO,,,,
"""
OFCOM = """NMS Number Block: Number Block,Block Status,CP Name,Geographic Number Length,Allocation Date,Notes
1134 96 0,Allocated,Example Telecom Ltd,3+7,21/05/1997,
"""
MCCMNC = """prefix,mcc,mnc,operator,brand,status,bands,notes,iso,imsi
447400,234,20,Hutchison 3G,Three,Operational,UMTS 2100,a note,gb,23420
"""
_KINDS: dict[str, tuple[Any, Any]] = {
    "lrn": (lrn_build.build, open_lrn),
    "ofcom": (ofcom.build, ofcom.open_ofcom),
    "mccmnc": (mccmnc.build, mccmnc.open_mccmnc),
}


def loaded(folder: Path, kind: str, text: str, name: str = "", environment: str = LIVE) -> dict[str, Loaded]:
    """
    A file that answers, by its qualified name.
    """
    name = name or f"my-{kind}"
    source, target = folder / f"{name}.csv", folder / name
    source.write_text(text)
    build, opened = _KINDS[kind]
    rows = build(source, target).rows
    one = Loaded(name, kind, environment, 1, LOADED_AT, rows, opened(target))
    return {qualified(name, environment): one}


def listed(name: str, *numbers: str, environment: str = LIVE) -> dict[str, Loaded]:
    """
    A set of numbers that answers.
    """
    one = Loaded(name, "numbers", environment, 1, LOADED_AT, len(numbers), NumberSet(numbers))
    return {qualified(name, environment): one}
