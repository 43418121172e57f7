"""
``range``: whose numbers these are, where, and on what kind of line.
"""

from typing import Any

from ratecards.numbering.ofcom import COUNTRY, Block
from ratecards.numbering.plan import plan
from service.errors import unknown_number
from service.lookups.known import Asked, told_by

OFCOM = "ofcom"
SOURCE = "plan"


def tell_range(number: str, asked: Asked) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/smart.md``.

    Args:
        number: E.164 digits.

    Raises:
        ApiError: 404, it begins with no country code there is.
    """
    facts = plan().find(number)
    if facts is None:
        raise unknown_number()
    fields: dict[str, Any] = {
        "prefix": facts.prefix,
        "country": facts.country,
        "region": facts.region or None,
        "carrier": facts.carrier or None,
        "line_type": facts.line_type,
        "timezones": list(facts.timezones),
        "source": SOURCE,
        "age": None,
    }
    if not number.startswith(COUNTRY):
        return fields
    block, told = _block(number, asked)
    return {**_block_fields(block), **fields, **told}


def _block(number: str, asked: Asked) -> tuple[Block | None, dict[str, Any]]:
    for one in asked.of(OFCOM):
        block = one.data.find(number)
        if block is not None:
            return block, told_by(one, asked)
    return None, {"source": SOURCE, "age": None}


def _block_fields(block: Block | None) -> dict[str, Any]:
    """
    What only British numbers have; empty where no list says it.
    """
    if block is None:
        return dict.fromkeys(("area_code", "de", "fg", "status", "date_modified"))
    return {
        "area_code": block.area_code,
        "de": block.de or None,
        "fg": block.fg or None,
        "status": block.status,
        "date_modified": block.date_modified,
    }
