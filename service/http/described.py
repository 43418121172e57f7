"""
Every parameter of the interface, described once: what it says, and what its text may be.
"""

from dataclasses import dataclass, field
from typing import Any

from ratecards.money import DECIMALS, ROUNDINGS
from service.manage.cdr_shapes import SHAPES
from service.manage.partner_fields import MAX_INTEGER
from service.manage.partner_seen import LEVELS
from service.render.report import KINDS
from service.render.table import MAX_IN_FILE, MAX_PAGE
from service.store.cards import DIRECTIONS
from service.store.cards import KINDS as CARD_KINDS
from service.store.catalogue import MAX_REVISION
from service.store.routings import MAX_ROUTES, STRATEGIES

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """
    Attributes:
        says: what it is, for people.
        schema: JSON Schema of its value.
    """

    says: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})


def _text(says: str, *examples: str, most: int | None = None) -> Described:
    more = {"maxLength": most} if most else {}
    return Described(says, {"type": "string", **more, **({"examples": list(examples)} if examples else {})})


def _whole(says: str, least: int, most: int) -> Described:
    return Described(says, {"type": "integer", "minimum": least, "maximum": most})


def _of(says: str, *words: str) -> Described:
    return Described(says, {"type": "string", "enum": list(words)})


def _flag(says: str) -> Described:
    return _of(says, "1", "0", "true", "false")


NOTHING = Described("")
_IDS = r"^ *[0-9]{1,19}( *, *[0-9]{1,19})* *$"
_IMEIS = r"^ *[0-9A-Za-z]{1,100}( *, *[0-9A-Za-z]{1,100})* *$"
_INSTANT = "unix seconds, or ISO 8601 (UTC where it names no zone)"
PARAMETERS: dict[str, Described] = {
    "Auth": _text("a token of POST /oauth2/token, where no Authorization header can be sent; a key is not taken here"),
    "number": _text("telephone number as dialled: +44…, 0044…, 44…; spaces, dots, dashes, brackets", "441132456789"),
    "card": _text("name of a rate card; look-ups: left out, the account's own", "retail"),
    "cli": _text("calling number; anonymous, unknown or empty: withheld", "441132456780"),
    "duration": Described(
        "seconds of the call, up to 8 digits and 6 after the point",
        {"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,6})?$", "examples": ["37"]},
    ),
    "at": _text(f"as of this instant, or from it on: {_INSTANT}; left out: now", "2027-03-04T05:06:07Z"),
    "lrn": _text("location routing number of the called number", "14128255000"),
    "strategy": _of("how routes are put in order", *STRATEGIES),
    "limit": _whole("how many, at most", 1, 1000),
    "lcr:limit": _whole("how many routes, at most", 1, MAX_ROUTES),
    "lcr/bulk:limit": _whole("how many routes, at most", 1, MAX_ROUTES),
    "simulate:limit": _whole("how many routes, at most", 1, MAX_ROUTES),
    "ratecard/route:limit": _whole("how many routes an answer has, at most", 1, MAX_ROUTES),
    "ratecard/replay:limit": _whole("destinations and calls that are told one by one, at most", 1, MAX_IN_FILE),
    "explain": _flag("also tell which carriers are no route, and why"),
    "carriers": _text("names of cards or carriers with commas between: ask no others", "carrier-a,carrier-b"),
    "ratecard/route:carriers": _text("cards of carriers with commas between, each with what staff say of it"),
    "exclude": _text("names of cards or carriers with commas between: do not ask these", "carrier-c"),
    "service": _of("the look-up that is shown step by step", "rate", "lcr"),
    "type": _text("kinds of answer, with commas between: asrplus, tps, range, lrn, hlr, ping", "asrplus,range"),
    "list": _text("names of sets with commas between; left out: all there are", "dnc"),
    "page": _whole("which page, from 1", 1, MAX_PAGE),
    "per_page": _whole("rows of a page; to 1000, and to 10000 in a file", 1, MAX_IN_FILE),
    "archived": _flag("archived cards too"),
    "company": _text("company a card is of", "Carrier A"),
    "kind": _text("what kind: of card (provider, customer), of difference, of set"),
    "ratecard/list:kind": _of("what kind of card", *CARD_KINDS),
    "name": _text("what it is called, or how that begins", "UK"),
    "prefix": _text("digits that a number begins with", "4411"),
    "revision": _whole("number of a revision; left out: the one that answers", 1, MAX_REVISION),
    "from": _text(f"calls that started then or later: {_INSTANT}", "2027-03-04"),
    "ratecard/diff:from": _whole("number of the older revision; left out: the one before", 1, MAX_REVISION),
    "to": _text(f"calls that started before: {_INSTANT}", "2027-03-05"),
    "ratecard/diff:to": _whole("number of the newer revision; left out: the one that answers", 1, MAX_REVISION),
    "by": _text("what rows are told by", "prefix"),
    "ratecard/merge:by": _of("which of several prices is taken", "minimum", "maximum", "average"),
    "ratecard/build:by": _of("which of several prices the margin is put on", "minimum", "maximum", "average"),
    "activate": _flag("let the new revision answer at once, or from 'at' on"),
    "dry_run": _flag("tell what would be done, and do nothing"),
    "force": _flag("do it although it looks like a mistake"),
    "note": _text("what people should know of the revision", most=255),
    "filename": _text("what the file is called, for the report", "rates.csv"),
    "currency": _text("ISO 4217 code", "USD"),
    "mapping": _text("name of a saved mapping", "carrier-a"),
    "precision": _whole("decimals of a cost", 0, DECIMALS),
    "rounding": _of("how a cost is rounded", *ROUNDINGS),
    "ratecard/upload:lrn": _flag("the card rates by the location routing number"),
    "origin_group": _text("group of origins that the rates are for"),
    "direction": _of("which way its calls go", *DIRECTIONS),
    "endpoint": _text("where calls are sent", "sip:gw.carrier-a.example"),
    "notes": _text("what people should know of the card"),
    "private_name": _text("what the card is called among staff"),
    "public_name": _text("what the card is called to customers"),
    "tech_prefix": _text("digits in front of a number that choose the card's routes", "9001"),
    "automatic": _flag("make it anew whenever a card it is made from changes"),
    "keep_names": _flag("names of destinations are kept; 0: they are not"),
    "later": _flag("rules that start later are taken too"),
    "minimise": _flag("prefixes that say nothing of their own are left out; 0: they are not"),
    "parents": _text("cards it is made from, with commas between", "carrier-a,carrier-b"),
    "margin": _text("JSON of margin rules: absolute, relative or percent, by prefix"),
    "base": _text("ISO 4217 code of the base currency; left out: that of the others", "USD"),
    "per_base": _text("units of the currency that one unit of the base buys", "0.92"),
    "block_connect_fee": _flag("a carrier with a connect fee is no route"),
    "cap": _text("highest rate of a route, per 60 s; none: there is none", "0.5"),
    "min_margin": _text("least margin of a route: an amount, or percent", "5%"),
    "before": _whole("number of the revision that calls are rated on first", 1, MAX_REVISION),
    "after": _whole("number of the revision that is held against it", 1, MAX_REVISION),
    "against": _text("a carrier's card that both are held against", "carrier-a"),
    "as_dated": _flag("rate each call as of its own time"),
    "profile": _text("how numbers of the file are normalised: name of a profile, or a country's code", "GB"),
    "account": _text("name of an account; of others only for staff", "acme"),
    "call_id": _text("of one call"),
    "carrier": _text("name of a carrier", "carrier-a"),
    "cursor": _text("where the stretch before ended"),
    "shape": _of("how records are written", *SHAPES),
    "sip_code": _whole("SIP answer", 200, 699),
    "timezone": _text("of times that name no zone", "Europe/London"),
    "uuid": _text("what FreeSWITCH adds to every address; nothing is made of it"),
    "destination": _text("name of a destination", "UK Leeds"),
    "window": _text("span that is told of, one of those in the settings", "1h"),
    "column": _text("header of the column of numbers", most=128),
    "country": _text("how numbers of the file are normalised: name of a profile, or a country's code", "GB"),
    "Response": _of("kind of answer; left out: Default", *KINDS),
    "ForWho": _of("only parts of companies of this level, with all below them", *LEVELS),
    "ForWhoIDs": Described("numbers of those parts, with commas between", {"type": "string", "pattern": _IDS}),
    "LocationType": _of("only what is of this level", *LEVELS),
    "LocationTypeIDs": Described("numbers of that level, with commas between", {"type": "string", "pattern": _IDS}),
    "CompanyID": _whole("number of a company", 1, MAX_INTEGER),
    "IMEI": Described("1 to 1000 of them, with commas between", {"type": "string", "pattern": _IMEIS}),
    "grant_type": _of("what the token is given for", "client_credentials"),
    "client_id": _text("name of the account, where it is not in an Authorization header"),
    "log:service": _text("decisions of this service", "rate"),
    "log:verdict": _text("decisions that said this: ok, no_rate, blocked, over_plan …", "no_rate"),
    "client_secret": _text("key of the account, where it is not in an Authorization header"),
    "scope": _text("what the token is for, with spaces between; left out: all that the key is for", "lookup"),
}
"""By name, or by service and name where one service means another thing."""


def describe(service: str, name: str) -> Described:
    """
    What a parameter of a service says; :data:`NOTHING` where it is not described.
    """
    return PARAMETERS.get(f"{service}:{name}") or PARAMETERS.get(name) or NOTHING
