"""
The field's words: what carriers call the columns of a deck.

A header is recognised by its whole wording, never by a part of it: "Rate" is a price and "Rate Id" is not.
"""

import re
from dataclasses import dataclass
from typing import Literal

IGNORE = "ignore"

FIELDS = (
    "prefix",
    "country_code",
    "area",
    "npa",
    "nxx",
    "name",
    "country",
    "network",
    "rate",
    "rate_next",
    "rate_inter",
    "rate_intra",
    "rate_indeterminate",
    "connect_fee",
    "mcd",
    "pulse",
    "billing",
    "effective",
    "expires",
    "status",
    "change",
    "remark",
    "blocked",
    "active",
    "origin",
    "min_digits",
    "max_digits",
    "currency",
)
"""What a column can hold; the names a mapping uses."""

_WORDS = {
    "prefix": """prefix, prefixes, code, codes, dial code, dial codes, dialcode, dialcodes, dialing code, dialing codes,
        dialling code, dialed code, dialled code, dialing prefix, dial prefix, destination prefix,
        destination prefixes, destination code, destination codes, dest code, dest prefix, number prefix, e 164,
        e 164 prefix, digits, phone prefix, called prefix, b number prefix, breakout code, term prefix,
        npanxx, npa nxx, npanxxx, npa nxx x, npa nxx y, npanxxy""",
    "country_code": """country code, country codes, countrycode, cc, country dial code, country prefix,
        country dialing code, international code, intl code""",
    "area": """area code, area codes, areacode, areacodes, city code, city codes, area prefix, region code,
        national code, ndc, local code, citycode""",
    "npa": "npa",
    "nxx": "nxx",
    "name": """destination, destinations, destination name, dest, dest name, destination description, name,
        description, route, route name, zone, zone name, breakout, breakout name, area name, location, location name,
        code name, prefix name, rate name, terminating destination""",
    "country": "country, country name, destination country, dest country",
    "network": """network, network name, operator, operator name, carrier, area, region, network operator, city,
        city name, sub destination, state""",
    "connect_fee": """connect fee, connectfee, connection fee, connection, connection charge, connection cost,
        connection price, connection rate, connect charge, connect cost, setup, setup fee, setup charge, setup cost,
        set up fee, set up charge, call setup, call setup fee, price per call, per call, rate per call,
        cost per call, charge per call, fee per call, flagfall, flag fall, call connection fee""",
    "mcd": """first interval, initial, initial increment, init inc, initial inc, initial interval, init interval,
        minimum, min, min duration, minimum duration, mcd, interval 1, first increment, first inc, initial period,
        min time, minimum time, min call duration, minimum call duration, first period, initial block, first,
        initial seconds, min increment, minimum increment, 1 st interval, 1 st increment, initial billing increment,
        initial pulse, first pulse, minimum billing""",
    "pulse": """sub interval, subinterval, next, next interval, next increment, next inc, pulse, increment, inc,
        interval n, subsequent, subsequent increment, subsequent increments, subsequent interval, sub increment,
        sub inc, additional increment, additional interval, additional, billing interval, following increment,
        incremental, second interval, second increment, next period, subsequent period, next pulse,
        subsequent billing increment, pulse interval""",
    "billing": """billing, billing increment, billing increments, billing inc, billing terms, increments, intervals,
        interval, billing rule, billing pulse, billing block, rounding, charging, charging interval,
        min inc, initial increment interval increment""",
    "effective": """effective, effective date, effective dates, effective from, effective on, effective since,
        effective time, effective date time, start date, start time, start, from, from date, valid from,
        valid from date, valid since, date effective, activation date, active from, activation, eff date, date from,
        rate effective date, rate effective, in force from, date, begin date, begin""",
    "expires": """expiry, expires, expire, expiry date, expiration, expiration date, expire date, expiry time, end date,
        end time, end, valid to, valid until, valid till, until, till, to, to date, date to, effective to,
        effective until, effective till, discontinue date, rate expiry date, expires on, active until""",
    "status": "status, state of code, code status, route status, rate status, prefix status, active status",
    "change": """change, changes, rate change, price change, code change, change type, type of change, change status,
        action, change indicator, indicator, change description, rate trend, trend""",
    "remark": "comment, comments, remark, remarks, note, notes",
    "blocked": """blocked, block, forbidden, discontinued, closed, withdrawn, disabled, barred, do not route,
        is blocked, deleted, removed""",
    "active": "active, enabled, is active, routable",
    "origin": """origin, origins, origination, origination prefix, origination prefixes, origin prefix,
        origin prefixes, originating prefix, originating prefixes, origin code, origin codes, origin group,
        origination group, cli prefix, cli prefixes, ani prefix, ani prefixes, a number prefix, calling prefix,
        calling prefixes, source prefix, from prefix, origin set""",
    "min_digits": """min length, minimum length, min digits, minimum digits, min number length,
        minimum number length, number length min, min len, minlength, minlen""",
    "max_digits": """max length, maximum length, max digits, maximum digits, max number length,
        maximum number length, number length max, max len, maxlength, maxlen""",
    "currency": "currency, ccy, curr, currency code, rate currency",
    "rate": """per minute, per min, ppm, charge per minute, charge per min, minute charge, usd, eur, gbp,
        usd per minute, usd per min, usd min, eur min, eur per minute""",
}
"""Sources: the layouts of wholesale price lists, portal exports and the Open Rate Card 1.0.0 field names."""

FIELD_OF = {" ".join(words.split()): field for field, text in _WORDS.items() for words in text.split(",")}

FULL_CODE = frozenset({"full code", "complete code", "full prefix", "complete prefix", "full dial code"})
"""Wordings of a column that holds the whole code where others hold parts of it."""

NPA_NXX = frozenset({"npa", "npanxx", "npa nxx", "npanxxx", "npa nxx x", "npa nxx y", "npanxxy"})
"""Wordings of a code column that may lack the leading 1."""

LISTS = frozenset({"destination prefixes", "origination prefixes", "origin prefixes"})
"""Wordings of a column whose cells list codes with spaces between."""

_PRICE = {"rate", "rates", "price", "prices", "cost", "costs", "tariff", "tariffs", "ppm"}
_NO_PRICE_WORDS = """
id change changes type status date center centre code codes name plan card effective increment difference diff
variation comment comments note notes currency table group sheet from until valid indicator trend class sms percent
expiry expires end start key index number no sms mms rounding precision unit units call
"""
_NOT_PRICE = frozenset(_NO_PRICE_WORDS.split())
_NOISE_WORDS = """
per minute minutes min mins in a the of usd eur gbp us dollar dollars euro euros pound pounds cent cents pence penny
second seconds sec secs 60 s
"""
_NOISE = frozenset(_NOISE_WORDS.split())
_MINOR = {"cent", "cents", "pence", "penny"}
_SECOND = {"second", "sec", "secs"}
_AGES: dict[str, "Age"] = {
    **dict.fromkeys(("new", "updated"), "new"),
    **dict.fromkeys(("current", "present", "existing", "old", "previous", "prior", "former", "last"), "past"),
}
_JURISDICTIONS = {
    **dict.fromkeys(("inter", "interstate"), "rate_inter"),
    **dict.fromkeys(("intra", "intrastate"), "rate_intra"),
    **dict.fromkeys(("indet", "indeterminate", "ij", "indeterm", "indeterminant"), "rate_indeterminate"),
}

Age = Literal["new", "past", ""]


@dataclass(frozen=True, slots=True)
class Heading:
    """
    What a header says of its column.

    Attributes:
        field: one of :data:`FIELDS`; None: not recognised.
        wording: the header in small letters without punctuation.
        age: of several price columns: ``new`` or ``past``.
        minor: prices are in cents or pence.
        per_second: prices are for one second.
        told: the mapping says which field it is.
    """

    field: str | None
    wording: str
    age: Age = ""
    minor: bool = False
    per_second: bool = False
    told: bool = False


def normal(text: str) -> str:
    """
    Put a header's wording into small letters, single spaces, no punctuation: ``Dial Code(s)`` is ``dial codes``.
    """
    text = re.sub(r"\(s\)", "s", text[:200])
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", text)
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def recognise(header: str) -> Heading:
    """
    Say which field a header names.
    """
    wording = normal(header)
    field = FIELD_OF.get(wording) or ("prefix" if wording in FULL_CODE else None)
    if field is not None:
        return Heading(field, wording)
    words = wording.split()
    rest = [word for word in words if word not in _NOISE and word not in _PRICE]
    jurisdiction = _jurisdiction(rest)
    if not jurisdiction and (not _PRICE & set(words) or _NOT_PRICE & set(words)):
        kept = FIELD_OF.get(" ".join(word for word in words if word not in _NOISE))
        return Heading(kept if kept in ("connect_fee", "prefix") else None, wording)
    minor, per_second = bool(_MINOR & set(words)) or "¢" in header, bool(_SECOND & set(words))
    if rest == ["n"]:
        return Heading("rate_next", wording, minor=minor, per_second=per_second)
    age: Age = next((_AGES[word] for word in rest if word in _AGES), "")
    return Heading(jurisdiction or "rate", wording, age, minor, per_second)


def _jurisdiction(words: list[str]) -> str | None:
    kept = [word for word in words if word not in ("state", "jurisdiction")]
    return _JURISDICTIONS.get(kept[0]) if len(kept) == 1 else None
