"""
From what the store says to who may ask.
"""

import logging
from ipaddress import ip_network

from sqlalchemy import Engine

from ratecards.numberset import Mode, Policy
from ratecards.profiles import Profile, ProfileError
from service.access.account import Account, Refusing, Screening
from service.access.directory import Directory
from service.heard import policy_of
from service.quota.meters import Meters
from service.settings import Settings
from service.store.accounts import Asrplus, Record, RefusingSets, list_accounts
from service.store.keys import list_keys, signing_secret

_log = logging.getLogger("ratedip.reload")


def read_directory(engine: Engine, meters: Meters) -> Directory:
    """
    Read accounts, keys and networks.

    Args:
        meters: of this process, which go on counting.
    """
    records = list_accounts(engine)
    accounts = {record.name: to_account(record) for record in records}
    networks = {ip_network(network): accounts[record.name] for record in records for network in record.networks}
    return Directory(accounts.values(), list_keys(engine), networks, signing_secret(engine), meters)


def to_account(record: Record) -> Account:
    """
    An account as it is kept, as one that asks. One whose profile cannot be read is disabled, never guessed at.
    """
    profile, disabled = None, record.disabled
    try:
        profile = None if record.profile is None else Profile.from_json(record.profile)
    except ProfileError:
        _log.exception("account %s is disabled: its profile cannot be read", record.name)
        disabled = True
    cards = None if record.all_cards else record.cards
    screening = None if record.asrplus is None else to_screening(record.asrplus)
    refusing = None if record.refusing is None else to_refusing(record.refusing)
    return Account(record.id, record.name, record.card, cards, profile, record.plan, disabled, screening, refusing)


def to_refusing(sets: RefusingSets) -> Refusing:
    """
    Sets by which an account wants calls refused, in the order in which they are asked.
    """
    return Refusing(tuple(sorted(sets.number)), tuple(sorted(sets.cli)))


def to_screening(asrplus: Asrplus) -> Screening:
    """
    What numbers' last answers mean to an account; what they are is not its matter but that of the settings.
    """
    failed = policy_of(Settings()).failed if asrplus.codes is None else asrplus.codes
    return Screening(Mode(asrplus.mode), Policy(failed, frozenset()), asrplus.services)
