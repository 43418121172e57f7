"""
``POST /oauth2/token``: a key for a token that lives a quarter of an hour.

Source: RFC 6749 clauses 4.4 and 5.
"""

import base64
import binascii
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse

from service.access.account import SCOPES, Identity
from service.access.tokens import LIFE_S, Grant, sign
from service.errors import ApiError
from service.http.body import read_body
from service.http.query import FORM, Parameters, parse_query
from service.snapshot import Desk

MAX_FORM = 16 * 1024
_HEADERS = {"cache-control": "no-store", "pragma": "no-cache"}


class TokenError(Exception):
    """
    A refusal of RFC 6749 clause 5.2.

    Attributes:
        code: such as ``invalid_client``.
        detail: for people.
    """

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status


async def token(request: Request) -> JSONResponse:
    """
    Give a token for an account's name and key, sent as a form or by Basic authentication.
    """
    try:
        form = _form(request, await _body(request))
        return JSONResponse(_grant(request.app.state.desk, *_client(request, form), form), headers=_HEADERS)
    except TokenError as error:
        headers = _HEADERS | ({"www-authenticate": 'Basic realm="ratedip"'} if error.status == 401 else {})
        body = {"error": error.code, "error_description": str(error)}
        return JSONResponse(body, error.status, headers=headers)


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, MAX_FORM)
    except ApiError as error:
        raise TokenError("invalid_request", error.more.get("detail", error.reason), error.status) from None


def _form(request: Request, body: bytes) -> Parameters:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM.decode() or request.scope["query_string"]:
        raise TokenError("invalid_request", f"send the parameters as {FORM.decode()} in the body")
    try:
        form = parse_query(body)
    except ApiError as error:
        raise TokenError("invalid_request", error.reason) from None
    if form.get("grant_type") != "client_credentials":
        missing = "grant_type" not in form
        raise TokenError("invalid_request" if missing else "unsupported_grant_type", "grant_type is client_credentials")
    return form


def _client(request: Request, form: Parameters) -> tuple[str, str]:
    """
    Account and key, from one place and not from two.
    """
    field = request.headers.getlist("authorization")
    if field and ("client_secret" in form or len(field) > 1):
        raise TokenError("invalid_request", "more than one credential is given")
    if not field:
        return form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, value = field[0].partition(" ")
    try:
        account, _, key = base64.b64decode(value.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        raise _unknown() from None
    if scheme.lower() != "basic":
        raise _unknown()
    return unquote(account), unquote(key)


def _grant(desk: Desk, account: str, key: str, form: Parameters) -> dict[str, object]:
    now = desk.clock()
    identity = desk.snapshot.access.of_client(account, key, now)
    if identity is None or identity.account.disabled:
        raise _unknown()
    scopes = _scopes(identity, form.get("scope", ""))
    until = int(min(now + LIFE_S, identity.until))
    text = sign(Grant(identity.key, scopes, until), desk.snapshot.access.secret)
    return {
        "access_token": text,
        "token_type": "Bearer",
        "expires_in": until - int(now),
        "scope": " ".join(sorted(scopes)),
    }


def _scopes(identity: Identity, wanted: str) -> frozenset[str]:
    scopes = frozenset(wanted.split()) or identity.scopes
    if not all(scope in SCOPES and identity.may(scope) for scope in scopes):
        raise TokenError("invalid_scope", "the key is not for all of them")
    return scopes


def _unknown() -> TokenError:
    return TokenError("invalid_client", "no such account and key", 401)
