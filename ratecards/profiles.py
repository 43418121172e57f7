"""
Normalisation profiles: named, ordered steps from what a customer's switch dials to E.164 digits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

import re2  # type: ignore[import-untyped]
from phonenumbers import SUPPORTED_REGIONS

from ratecards import numbers
from ratecards.dialplan import dial_plan
from ratecards.numbers import NumberError

MAX_CHARACTERS = 64
"""Of a dialled string, at every step: four times the digits of E.164, so that the time of a profile is bounded."""
MAX_STEPS = 16
MAX_PROGRAM = 200
"""RE2 instructions of one pattern, twice what Envoy allows by default; the worst found takes 1 ms on 64 characters."""
SEPARATORS = " .-/()[]\u00a0\u2010\u2011\u2013"
_PATTERN_CHARACTERS = 256
_GROUPS = 9
_REPLACEMENT = re.compile(r"(?:[ -\[\]-~]|\\[0-9])*", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


class ProfileError(ValueError):
    """
    A profile that cannot be used; the message names the step and what is wrong with it.
    """


@dataclass(frozen=True, slots=True)
class Strip:
    """
    Drop characters wherever they stand. ``(0)`` after a country code is refused, not dropped: see :mod:`.numbers`.
    """

    kind: ClassVar[str] = "strip"
    characters: str = SEPARATORS

    def __post_init__(self) -> None:
        if not self.characters:
            raise ProfileError("there are no characters to strip")

    def apply(self, text: str) -> str:
        if "(" in self.characters and text.strip().find("(0)") > 0:
            raise NumberError("'(0)' is dialled inside the country only; leave it out")
        return text.translate(_nothing(self.characters))


@dataclass(frozen=True, slots=True)
class TechPrefix:
    """
    Drop a tech prefix (``9001#``) from the front; one that is required and not there is an error.
    """

    kind: ClassVar[str] = "tech_prefix"
    prefix: str
    required: bool = True

    def __post_init__(self) -> None:
        if not self.prefix:
            raise ProfileError("the prefix is empty")

    def apply(self, text: str) -> str:
        if self.required and not text.startswith(self.prefix):
            raise NumberError(f"does not start with the tech prefix {self.prefix!r}")
        return text.removeprefix(self.prefix)


@dataclass(frozen=True, slots=True)
class Replace:
    r"""
    Replace every match of a regular expression; ``\1`` to ``\9`` in the replacement are its groups, ``\0`` all of it.

    The expression is RE2's: time linear in the text and in the compiled size, which is limited here. Back-references
    and look-around, which need backtracking, are refused.

    Source: RE2, "Syntax" and "Why RE2".
    """

    kind: ClassVar[str] = "replace"
    pattern: str
    replacement: str = ""

    def __post_init__(self) -> None:
        groups = _compiled(self.pattern).groups
        if not _REPLACEMENT.fullmatch(self.replacement) or len(self.replacement) > MAX_CHARACTERS:
            raise ProfileError(f"the replacement is not up to {MAX_CHARACTERS} ASCII characters with \\0 to \\9")
        if any(int(group) > groups for group in re.findall(r"\\([0-9])", self.replacement)):
            raise ProfileError(f"the replacement names a group that the pattern, with {groups}, does not have")

    def apply(self, text: str) -> str:
        try:
            return str(_compiled(self.pattern).sub(re.sub(r"\\([0-9])", r"\\g<\1>", self.replacement), text))
        except UnicodeEncodeError:
            raise NumberError("has a character that is not Unicode text") from None


@dataclass(frozen=True, slots=True)
class Length:
    """
    Refuse a string of fewer or more characters than given.
    """

    kind: ClassVar[str] = "length"
    minimum: int = 1
    maximum: int = MAX_CHARACTERS

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.maximum:
            raise ProfileError(f"{self.minimum} to {self.maximum} is not a span of lengths")

    def apply(self, text: str) -> str:
        if not self.minimum <= len(text) <= self.maximum:
            raise NumberError(f"has {len(text)} characters, not {self.minimum} to {self.maximum}")
        return text


@dataclass(frozen=True, slots=True)
class National:
    """
    Read digits as somebody in the country dials them, and write them as E.164.

    ``+`` or the country's international prefix, then its trunk prefix, then a number that is dialled there without
    one, then the country's own E.164 without a plus; whatever is none of these is refused, not guessed. A number with
    a trunk prefix needs a length the country uses, not a range already assigned, so that new ranges pass.

    Attributes:
        country: ISO 3166 code of two letters.

    Source: phonenumbers (libphonenumber metadata): international and national prefix, possible lengths, formats.

    """

    kind: ClassVar[str] = "national"
    country: str

    def __post_init__(self) -> None:
        if self.country not in SUPPORTED_REGIONS:
            raise ProfileError(f"{self.country!r} is not an ISO 3166 code of a country with a numbering plan")
        dial_plan(self.country)  # read now, not at the first call

    def apply(self, text: str) -> str:
        digits = text.removeprefix("+")
        stranger = next((c for c in digits if c not in "0123456789"), None)
        if stranger or not digits:
            raise NumberError(f"{stranger!a} is not a digit" if stranger else "is empty")
        plan = dial_plan(self.country)
        if digits != text:
            return plan.checked(digits)
        abroad = plan.abroad.match(digits)
        if abroad and abroad.end() < len(digits):
            return plan.checked(digits[abroad.end() :])
        return plan.from_inside(digits)


class _E164:  # the step every profile ends with
    kind: ClassVar[str] = "e164"
    apply = staticmethod(numbers.normalise)


_BOUND = Length(0, MAX_CHARACTERS)
Step = Strip | TechPrefix | Replace | Length | National
_STEPS: dict[str, type[Step]] = {step.kind: step for step in (Strip, TechPrefix, Replace, Length, National)}


@dataclass(frozen=True, slots=True)
class Trace:
    """
    What one step made of a dialled string; ``error`` says why it refused it, and is empty otherwise.
    """

    step: str
    before: str
    after: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """
    A named list of steps; whatever they leave must be a number to :func:`ratecards.numbers.normalise`.
    """

    name: str
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ProfileError("the name of a profile is 1 to 64 of a-z, 0-9, - and _")
        if len(self.steps) > MAX_STEPS:
            raise ProfileError(f"{len(self.steps)} steps are more than {MAX_STEPS}")

    def normalise(self, dialled: str) -> str:
        """
        Turn a dialled string into E.164 digits.

        Returns:
            1 to 15 ASCII digits that start with a country code.

        Raises:
            NumberError: what is wrong, and at which step; never the number itself.

        """
        *_, digits = self._texts(dialled)
        return digits

    def explain(self, dialled: str) -> list[Trace]:
        """
        Show every step, up to the E.164 digits or to the step that refused.
        """
        traces: list[Trace] = []
        names = [step.kind for step in self.steps] + [_E164.kind]
        text = dialled
        try:
            for name, after in zip(names, self._texts(dialled), strict=True):
                traces.append(Trace(name, text, after))
                text = after
        except NumberError as error:
            traces.append(Trace(names[len(traces)], text, "", str(error)))
        return traces

    def _texts(self, dialled: str) -> Iterator[str]:
        if not self.steps:
            yield numbers.normalise(dialled)
            return
        text = dialled
        for number, step in enumerate((*self.steps, _E164), 1):
            try:
                text = step.apply(_BOUND.apply(text))
            except NumberError as error:
                raise NumberError(f"{error} (step {number}, {step.kind})") from None
            yield text

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Profile":
        """
        Read a profile: ``{"name": ..., "steps": [{"step": "tech_prefix", "prefix": "9001#"}, ...]}``.

        Raises:
            ProfileError: which step is wrong, and why.

        """
        name, steps = document.get("name"), document.get("steps", [])
        if document.keys() - {"name", "steps"} or not isinstance(name, str) or not isinstance(steps, list):
            raise ProfileError("a profile is an object with the string 'name' and the list 'steps', nothing else")
        return cls(name, tuple(_step(number, step) for number, step in enumerate(steps, 1)))

    def as_json(self) -> dict[str, Any]:
        """
        The document :meth:`from_json` reads.
        """
        steps = [{"step": step.kind} | {f.name: getattr(step, f.name) for f in fields(step)} for step in self.steps]
        return {"name": self.name, "steps": steps}


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 18
    if len(pattern) > _PATTERN_CHARACTERS:
        raise ProfileError(f"the pattern has {len(pattern)} characters, more than {_PATTERN_CHARACTERS}")
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if isinstance(error, re2.error) else "not Unicode text"
        raise ProfileError(f"the pattern is not one of RE2: {reason}") from None
    if compiled.programsize > MAX_PROGRAM or compiled.groups > _GROUPS:
        raise ProfileError(f"the pattern compiles to more than {MAX_PROGRAM} instructions or {_GROUPS} groups")
    return compiled


@lru_cache(maxsize=1024)
def _nothing(characters: str) -> dict[int, None]:
    return dict.fromkeys(map(ord, characters))


def _step(number: int, document: Any) -> Step:
    kind = document.get("step") if isinstance(document, dict) else None
    made = _STEPS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise ProfileError(f"step {number}: 'step' is not one of {', '.join(_STEPS)}")
    try:
        return made(**_values(made, document))
    except ProfileError as error:
        raise ProfileError(f"step {number} ({kind}): {error}") from None


def _values(made: type[Step], document: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {field.name: field for field in fields(made)}
    values = {name: value for name, value in document.items() if name != "step"}
    for name, value in values.items():
        if name not in known:
            raise ProfileError(f"{name!r} is not one of {', '.join(known)}")
        if type(value) is not known[name].type:
            raise ProfileError(f"{name!r} is not of type {known[name].type.__name__}")
    for name, field in known.items():
        if name not in values and field.default is MISSING:
            raise ProfileError(f"{name!r} is missing")
    return values


def country(name_or_iso: str) -> Profile:
    """
    Make the profile of a country's national dialling plan.

    Args:
        name_or_iso: ``GB`` (ISO 3166, either case), or ``uk``; it becomes the profile's name, in lower case.

    Raises:
        ProfileError: no such country.

    """
    name = name_or_iso.lower()
    return Profile(name, (Strip(), National({"uk": "GB"}.get(name, name.upper()))))


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {"e164": Profile("e164")} | {name: country(name) for name in ("us", "uk", "fr", "de")}
)
"""The profiles that are there without being made; ``e164``, the default, is :func:`ratecards.numbers.normalise`."""
