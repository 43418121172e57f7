"""
What one serving process has heard of the network: for each number its last answer, and how carriers did of late.

Shared by all accounts of an environment: whose call it was that the network answered does not matter to a number.
"""

from dataclasses import dataclass, field

from ratecards.numberset import Answers, EvenDraw, Policy
from ratecards.numberset.policy import DAY_S
from service.access.account import ENVIRONMENTS
from service.quality import Quality, read_windows
from service.settings import Settings


class CodesError(ValueError):
    """
    A list of SIP codes that is none; the message says what is wrong with it.
    """


@dataclass(slots=True)
class Heard:
    """
    Attributes:
        policy: which answers are kept, and for how long.
        numbers: by environment, what was last answered for each number.
        quality: of cards, carriers and destinations.
        is_ready: everything has been read that was there when this process started.
        read_s: when all there was had been read last, by the monotonic clock.
        draws: by account, which of its calls to dead numbers pass.
    """

    policy: Policy = field(default_factory=Policy)
    numbers: dict[str, Answers] = field(default_factory=dict)
    quality: Quality = field(default_factory=Quality)
    is_ready: bool = False
    read_s: float = 0.0
    draws: dict[int, EvenDraw] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """
        Begin with nothing known.
        """
        for environment in ENVIRONMENTS:
            self.numbers.setdefault(environment, Answers(policy=self.policy))

    def draw(self, account_id: int) -> EvenDraw:
        """
        The sequence of an account, each begun elsewhere.
        """
        found = self.draws.get(account_id)
        if found is None:
            found = self.draws[account_id] = EvenDraw(hash((account_id, id(self))))
        return found


def heard_by(settings: Settings) -> Heard:
    """
    Nothing yet, by the settings.

    Raises:
        ValueError: one of them makes no sense; the message names it.
    """
    windows_s = read_windows(settings.quality_windows)
    return Heard(policy_of(settings), quality=Quality(windows_s, settings.quality_min_calls))


def policy_of(settings: Settings) -> Policy:
    """
    Which answers are kept.

    Raises:
        CodesError: a setting is no list of codes.
        PolicyError: a code cannot mean that a number is dead.
    """
    codes = read_codes(settings.asrplus_codes)
    return Policy(codes, frozenset({1}) if 404 in codes else frozenset(), keep_s=settings.asrplus_days * DAY_S)


def read_codes(text: str) -> frozenset[int]:
    """
    SIP codes with commas between.

    Raises:
        CodesError: it is no such list.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isascii() and word.isdigit() and len(word) == 3 for word in words):
        raise CodesError(f"{text!r} is no list of SIP codes such as 404,410")
    return frozenset(map(int, words))
