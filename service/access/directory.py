"""
Everybody who may ask: accounts, their keys and networks, as one snapshot has them.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from math import inf
from operator import attrgetter

from service.access import tokens
from service.access.account import ADMIN, ENVIRONMENTS, LIVE, LOOKUP, Account, Identity
from service.access.keys import is_key, key_id
from service.access.networks import Address, Network, Networks
from service.quota.meter import Meter
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.store.keys import KeyRecord

MAX_SEEN = 10_000
"""Credentials remembered as found good."""
MAX_METERED = 100
"""Accounts whose use is told one by one."""


class Directory:
    """
    Finds the account of a credential, in memory.

    A credential found good is remembered by its bytes, so that the next request with it costs one look into a
    dictionary; a change of any account or key makes a new directory, which remembers nothing.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        keys: Iterable[KeyRecord],
        networks: Mapping[Network, Account],
        secret: str,
        meters: Meters,
    ) -> None:
        """
        Args:
            networks: whose they are.
            secret: that tokens are signed with.
            meters: of this process, which go on counting from one directory to the next.
        """
        self.accounts = {account.name: account for account in accounts}
        self.secret = secret
        self._keys = {key.id: key for key in keys if key.account in self.accounts}
        self._networks = Networks(networks)
        self._meters = {
            (account.id, environment): meters.of(*_metered(account, environment))
            for account in self.accounts.values()
            for environment in ENVIRONMENTS
        }
        self._seen: dict[bytes, Identity] = {}
        self._metered: list[tuple[Account, str, Meter]] | None = None

    def metered(self) -> list[tuple[Account, str, Meter]]:
        """
        The oldest accounts, :data:`MAX_METERED` of them, in every environment, and what each has used here.
        """
        if self._metered is None:
            oldest = nsmallest(MAX_METERED, self.accounts.values(), key=attrgetter("id"))
            self._metered = [
                (a, environment, self._meters[a.id, environment]) for a in oldest for environment in ENVIRONMENTS
            ]
        return self._metered

    def of_authorization(self, field: bytes, now: float) -> Identity | None:
        """
        Whose an Authorization header field is; None: nobody's.

        Args:
            now: unix seconds.
        """
        seen = self._seen.get(field)
        if seen is None:
            seen = self._read(field, now)
            if seen is None:
                return None
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[field] = seen
        return seen if now < seen.until else None

    def of_token(self, token: str, now: float) -> Identity | None:
        """
        Whose a token is; None: nobody's, or it is a key, which does not belong into a URL.
        """
        grant = tokens.read(token, self.secret, now)
        record = self._keys.get(grant.key) if grant else None
        if grant is None or record is None or not record.holds(now):
            return None
        scopes = grant.scopes if ADMIN in record.scopes else grant.scopes & record.scopes
        return self._identity(record, scopes, min(grant.until, record.expires or inf))

    def of_address(self, address: Address) -> Identity | None:
        """
        Whose an address is; None: nobody's. Those of an account look up in production, and no more.
        """
        account = self._networks.owner(address)
        if account is None:
            return None
        return Identity(account, LIVE, frozenset({LOOKUP}), self._meters[account.id, LIVE])

    def of_client(self, account: str, key: str, now: float) -> Identity | None:
        """
        Whose a key is, if it is this account's.
        """
        identity = self._of_key(key, now)
        return identity if identity is not None and identity.account.name == account else None

    def _read(self, field: bytes, now: float) -> Identity | None:
        scheme, _, rest = field.partition(b" ")
        try:
            value = rest.strip().decode("ascii")
        except UnicodeDecodeError:
            return None
        if scheme.lower() == b"bearer":
            return self._of_key(value, now) or self.of_token(value, now)
        if scheme.lower() == b"basic":
            return self._of_basic(value, now)
        return None

    def _of_basic(self, value: str, now: float) -> Identity | None:
        try:
            account, _, key = base64.b64decode(value, validate=True).decode("ascii").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.of_client(account, key, now)

    def _of_key(self, text: str, now: float) -> Identity | None:
        record = self._keys.get(key_id(text) or "")
        if record is None or not is_key(text, record.digest) or not record.holds(now):
            return None
        return self._identity(record, record.scopes, inf if record.expires is None else record.expires)

    def _identity(self, record: KeyRecord, scopes: frozenset[str], until: float) -> Identity:
        account = self.accounts[record.account]
        return Identity(
            account, record.environment, scopes, self._meters[account.id, record.environment], record.id, until
        )


def _metered(account: Account, environment: str) -> tuple[str, Plan]:
    """
    Name and plan of what an account uses in an environment: the sandbox costs nothing, but is no faster.
    """
    if environment == LIVE:
        return f"p:{account.id}", account.plan
    own = account.plan.own
    services = {
        service: Limits(per_second=limits.per_second, burst=limits.burst)
        for service, limits in account.plan.services.items()
    }
    limits = Limits(per_second=own.per_second, burst=own.burst, concurrent=own.concurrent)
    return f"s:{account.id}", Plan(limits, services, dry_run=account.plan.dry_run)
