"""
``hlr``: which mobile network a number is with, as far as that is known without asking the network itself.
"""

from typing import Any

from ratecards.numbering.mccmnc import networks
from ratecards.numbering.networks import Network, Networks
from ratecards.numbering.plan import plan
from service.errors import unknown_number
from service.lookups.known import Asked, heard_from, no_answer, told_by
from service.lookups.loaded import check_readable

HLR = "hlr"
MCCMNC = "mccmnc"
SOURCE = "plan"


def tell_hlr(number: str, asked: Asked) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/smart.md``: as somebody who was asked says; or else the network that the number's
    range was given to, of a file of ranges or of the numbering plans.

    Args:
        number: E.164 digits.

    Raises:
        ApiError: 404 where nothing is known of the number; 503 where nobody answered and nothing else is known, or a
            file cannot be read.
    """
    dipped = asked.dipped.get((HLR, number))
    if dipped is not None and dipped.fields is not None:
        return {**_fields(Network(**{"mnc": "", **dipped.fields})), **heard_from(dipped, asked)}
    files = asked.of(MCCMNC)
    for one in files:
        found = one.data.find(number)
        if found is not None:
            return {**_fields(found[1]), **told_by(one, asked)}
    check_readable(asked.snapshot, asked.environment, MCCMNC)
    network = _given(number, files[0].data.networks if files else networks())
    if network is not None:
        return {**_fields(network), "source": SOURCE, "age": None}
    raise no_answer(dipped) if dipped is not None and not dipped.source else unknown_number()


def _given(number: str, known: Networks) -> Network | None:
    """
    The network that the numbering plan gives a number to.
    """
    facts = plan().find(number)
    return known.named(facts.country, facts.carrier) if facts is not None and facts.country and facts.carrier else None


def _fields(network: Network) -> dict[str, Any]:
    return {
        "mcc": network.mcc or None,
        "mnc": network.mnc or None,
        "country": network.country or None,
        "brand": network.brand or None,
        "operator": network.operator or None,
        "status": network.status or None,
        "bank": network.bank or None,
        "notes": network.notes or None,
        "mcc_country": network.mcc_country or None,
        "imsi": network.imsi or None,
    }
