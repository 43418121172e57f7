"""
The sources that the settings name.
"""

from ratecards.numbering.lrn import Ported
from ratecards.numbering.networks import Network
from service.dips.dips import Dips, Source
from service.settings import Settings

LRN, HLR = "lrn", "hlr"
_REQUIRED = {LRN: "lrn", HLR: "mcc"}
_FIELDS = {LRN: Ported._fields, HLR: Network._fields}


def dips_by(settings: Settings) -> dict[str, Dips]:
    """
    By kind of question; a kind that nobody is named for is not there.

    Raises:
        ValueError: a setting is wrong; the message names it.
    """
    named = {
        LRN: (settings.lrn_url, settings.lrn_ms, settings.lrn_url_2, settings.lrn_ms_2, settings.lrn_fields),
        HLR: (settings.hlr_url, settings.hlr_ms, settings.hlr_url_2, settings.hlr_ms_2, settings.hlr_fields),
    }
    found = {}
    for kind, (first, first_ms, second, second_ms, fields) in named.items():
        addresses = [(first.get_secret_value(), first_ms, ""), (second.get_secret_value(), second_ms, "_2")]
        sources = [_source(kind, url, ms, end, fields) for url, ms, end in addresses if url]
        if sources:
            found[kind] = Dips(sources, settings.dip_keep_s)
    return found


def _source(kind: str, url: str, deadline_ms: int, end: str, fields: str) -> Source:
    from service.dips.http import HttpSource, read_fields  # noqa: PLC0415 - a tenth of a second of a start without one

    setting = f"RATEDIP_{kind.upper()}_URL{end}"
    try:
        places = read_fields(fields, _FIELDS[kind])
    except ValueError as error:
        raise ValueError(f"RATEDIP_{kind.upper()}_FIELDS: {error}") from None
    try:
        return HttpSource(f"http-{2 if end else 1}", url, deadline_ms / 1000, places, _REQUIRED[kind])
    except ValueError as error:
        raise ValueError(f"{setting} {error}") from None
