"""
Every route, described once: what it does, what it must be told, and what may be in the body of its POST.
"""

from dataclasses import dataclass

from service.http import cdr_ask

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PARAMETERS_TOO = (FORM, JSON)
"""Bodies that hold parameters."""
FILES = ("application/octet-stream", "multipart/form-data")
NUMBERS = ("text/plain", "text/csv", "application/x-ndjson")
RECORDS = (FORM, JSON, "application/x-ndjson", "text/csv")


@dataclass(frozen=True, slots=True)
class Route:
    """
    Attributes:
        says: what it does, in a sentence.
        needed: parameters it cannot do without.
        bodies: content types of its POST; those that hold parameters have a schema of them.
    """

    says: str
    needed: tuple[str, ...] = ()
    bodies: tuple[str, ...] = PARAMETERS_TOO


ROUTES: dict[str, Route] = {
    "/api/rate": Route("What does this number cost?", ("number",)),
    "/api/lcr": Route("In what order should carriers be tried?", ("number",)),
    "/api/asrplus": Route("What did the network last answer for this number?", ("number",)),
    "/api/tps": Route("Is this number in a set, such as one of numbers nobody may call?", ("number",)),
    "/api/range": Route("Where is this number from: country, region, carrier, kind of line?", ("number",)),
    "/api/lrn": Route("Where was this North American number ported to?", ("number",)),
    "/api/hlr": Route("Which mobile network is this number of?", ("number",)),
    "/api/ping": Route("Is this number alive? Answers that it is not configured.", ("number",)),
    "/api/lookup/smart": Route("Everything known of numbers at once, by number and type.", ("number", "type")),
    "/api/lcr/siphon": Route(
        "Carriers in the order to try them, by the siphon LCR contract, version 1.", bodies=(JSON,)
    ),
    "/api/rate/bulk": Route("Very many numbers' prices, in and out as they come, a line each.", bodies=NUMBERS),
    "/api/lcr/bulk": Route("Very many numbers' routes, in and out as they come, a line each.", bodies=NUMBERS),
    "/api/asrplus/bulk": Route(
        "Very many numbers' last answers, in and out as they come, a line each.", bodies=NUMBERS
    ),
    "/api/lookup/smart/bulk": Route("Everything known of very many numbers, a line each.", bodies=NUMBERS),
    "/api/account": Route("The account of whoever asks: cards, plan, what of it is used."),
    "/api/simulate": Route("A question with every step shown; it changes nothing and spends no quota.", ("number",)),
    "/api/ratecard/list": Route("Every card of the credential's environment."),
    "/api/ratecard/show": Route("All about a card.", ("card",)),
    "/api/ratecard/search": Route("Rules of a card by the name of a destination or by a prefix.", ("card",)),
    "/api/ratecard/revisions": Route("The revisions of a card.", ("card",)),
    "/api/ratecard/diff": Route("Two revisions of a card side by side.", ("card",)),
    "/api/ratecard/audit": Route("Who changed what, the latest first."),
    "/api/ratecard/download": Route("The rules of a revision as a file.", ("card",)),
    "/api/ratecard/upload": Route("Read a carrier's deck into the next revision of a card.", ("card",), FILES),
    "/api/ratecard/activate": Route("Let a revision answer, now or from an instant to come.", ("card", "revision")),
    "/api/ratecard/cancel": Route("Take back a planned activation.", ("card", "revision")),
    "/api/ratecard/rollback": Route("Let the revision answer that did before.", ("card",)),
    "/api/ratecard/archive": Route("Let a card no longer answer.", ("card",)),
    "/api/ratecard/restore": Route("Let an archived card answer again.", ("card",)),
    "/api/ratecard/delete": Route("Forget an archived card.", ("card",)),
    "/api/ratecard/set": Route("Say something about a card; what is not named stays.", ("card",)),
    "/api/ratecard/merge": Route(
        "One card from several, by the lowest, highest or average price.", ("card", "parents", "by")
    ),
    "/api/ratecard/build": Route(
        "A customer's card from carriers' cards, with margins.", ("card", "parents", "by", "margin")
    ),
    "/api/ratecard/stale": Route("Made cards whose parents have changed."),
    "/api/ratecard/rebuild": Route("Make a card anew, or all that are stale."),
    "/api/ratecard/exchange": Route("Rates of exchange; a POST sets the one of a currency."),
    "/api/ratecard/routings": Route("Every customer card with carriers behind it."),
    "/api/ratecard/routing": Route("What stands behind a card.", ("card",)),
    "/api/ratecard/route": Route("Say what stands behind a card; what is not named stays.", ("card",)),
    "/api/ratecard/replay": Route("What past calls would cost at another revision.", ("card",), FILES),
    "/api/cdr": Route("Call records: sent in by POST, searched by GET.", bodies=RECORDS),
    "/api/asrplus/counts": Route("How many numbers last answered with which code."),
    "/api/log": Route("What was decided of late, for whom, and in how many microseconds."),
    "/api/quality": Route("ASR, ACD and PDD of late, by card, carrier and destination."),
    "/api/sets/list": Route("Every set of numbers."),
    "/api/sets/show": Route("All about a set.", ("name",)),
    "/api/sets/load": Route("Read a file of numbers into a set.", ("name",), FILES),
    "/partner/relationships": Route("Companies the account may see the whole of."),
    "/partner/relationships/dealers": Route("Regions, channels, districts and locations the account may see."),
    "/partner/ingrammicro/imei": Route(
        "When devices were sold by a company, and when they came back.", ("CompanyID", "IMEI")
    ),
    "/": Route("A page for people."),
    "/docs": Route("This interface as a page for people."),
    "/openapi.json": Route("This interface as an OpenAPI document."),
    "/changelog": Route("What changed, version by version."),
    "/livez": Route("Whether the loop turns."),
    "/readyz": Route("Whether look-ups are answered: cards are loaded and work is wanted."),
    "/metrics": Route("How the node is, for Prometheus; on the port for that alone."),
    "/oauth2/token": Route(
        "A token of a quarter of an hour for a key; RFC 6749, clause 4.4.", ("grant_type",), (FORM,)
    ),
}
"""By path, as the table of routes has it."""
ONLY = {("/api/cdr", "GET"): cdr_ask.SEARCH, ("/api/cdr", "POST"): cdr_ask.SEND}
"""Names of parameters where methods of one route differ."""
