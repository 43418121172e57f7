"""Seeded decks and numbers: the same seed always gives the same bytes.

A deck is grown the way a real A-Z deck is nested: a country, areas and mobile ranges below it, and longer ranges
below those. Many prefixes share a destination, and a destination has one price.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

HEADER: Final = ("Prefix", "Destination", "Rate", "Connect Fee", "First Interval", "Next Interval")
NPA_NXX_HEADER: Final = ("NPANXX", "State", "Interstate", "Intrastate", "Indeterminate", "Increment")
KEPT_BY_LENGTH: Final = (0, 1, 1, 1, 1, 1, 0.9, 0.5, 0.25, 0.15, 0.1)  # share of drawn prefixes; at most 10 digits
NEXT_DIGITS: Final = [*"0123456789"] * 20 + [f"{two:02}" for two in range(100)]
COUNTRY_CODES: Final = (  # Source: ITU-T E.164, list of assigned country codes
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 "
    "86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 "
    "237 238 239 240 241 242 243 244 245 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 "
    "268 269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 "
    "382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 "
    "599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 "
    "886 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998"
)
UNASSIGNED_CODES: Final = ("210", "214", "219", "281", "289", "384", "422", "699", "830", "899", "999")
INTERVALS_S: Final = ((1, 1), (1, 1), (1, 1), (60, 60), (60, 1), (30, 6), (6, 6))
STATES: Final = "AL AZ CA CO FL GA IL IN MA MI MN MO NC NJ NV NY OH OR PA TN TX UT VA WA WI"


@dataclass(frozen=True, slots=True)
class DeckRow:
    """
    One prefix of a deck. Rate and fee are decimal strings, per 60 s and per call; intervals are seconds.
    """

    prefix: str
    destination: str
    rate: str
    connect_fee: str
    first_s: int
    next_s: int


def az_deck(rows: int, seed: int = 1, *, shared: float = 0.6) -> list[DeckRow]:
    """
    Grow an A-Z deck.

    Args:
        rows: How many prefixes; at least the number of country codes.
        seed: The same seed gives the same deck.
        shared: Share (0 to 1) of prefixes drawn that are of the destination of a shorter one.

    Returns:
        Rows in ascending order of prefix, prefixes unique and 1 to 10 digits long.

    """
    draw = random.Random(seed)
    parents = COUNTRY_CODES.split()
    grown = {code: _destination(draw, code, f"Country {code}") for code in parents}
    while len(grown) < rows:
        parent = parents[int(draw.random() * len(parents))]
        prefix = parent + NEXT_DIGITS[int(draw.random() * len(NEXT_DIGITS))]
        if len(prefix) < len(KEPT_BY_LENGTH) and draw.random() < KEPT_BY_LENGTH[len(prefix)] and prefix not in grown:
            grown[prefix] = _child(draw, prefix, grown[parent], shared)
            parents.append(prefix)
    return [grown[prefix] for prefix in sorted(grown)]


def npa_nxx_deck(rows: int = 184_000, seed: int = 1) -> list[tuple[str, ...]]:
    """
    Draw a North American deck by area code and exchange, with a price for each jurisdiction.

    Returns:
        Rows under `NPA_NXX_HEADER`, in ascending order of the six-digit NPA-NXX; prices are per 60 s.

    """
    draw = random.Random(seed)
    npas = [npa for npa in range(200, 1000) if npa % 100 // 10 != 9 and npa % 100 != 11]
    chosen = draw.sample(npas, k=rows // 600 + 1)
    codes = [f"{npa}{nxx}" for npa in chosen for nxx in range(200, 1000)]
    return [_npa_nxx_row(draw, code) for code in sorted(draw.sample(codes, k=rows))]


def numbers(deck: Sequence[DeckRow], count: int = 20_000, *, miss_share: float = 0.0, seed: int = 2) -> list[str]:
    """
    Draw dialled numbers, 11 to 13 digits.

    Args:
        deck: A number starts with a prefix drawn evenly from these rows.
        count: How many numbers.
        miss_share: Share (0 to 1) of numbers that start with a country code nobody has, so that no row matches.
        seed: The same seed and deck give the same numbers.

    """
    draw = random.Random(seed)
    return [_number(draw, deck, missing=draw.random() < miss_share) for _ in range(count)]


def called(deck: Sequence[DeckRow], count: int = 20_000, *, seed: int = 5) -> list[str]:
    """
    Draw numbers as calls go to them: the n-th most called prefix gets a share in proportion to 1/n (Zipf's law).

    Which prefix is called how much is drawn too; no number comes twice but by chance.
    """
    draw = random.Random(seed)
    ranked = draw.sample(deck, k=len(deck))
    shares = list(itertools.accumulate(1 / rank for rank in range(1, len(ranked) + 1)))
    return [_ended(draw, row.prefix) for row in draw.choices(ranked, cum_weights=shares, k=count)]


def write_deck(path: Path, deck: Iterable[DeckRow]) -> None:
    """
    Write the rows as the CSV a carrier would send.
    """
    cells = ((r.prefix, r.destination, r.rate, r.connect_fee, str(r.first_s), str(r.next_s)) for r in deck)
    write_csv(path, HEADER, cells)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """
    Write a header and rows as CSV with plain line feeds.
    """
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _destination(draw: random.Random, prefix: str, name: str) -> DeckRow:
    rate = f"{min(2.5, draw.lognormvariate(-4.2, 1.1)):.{draw.choice((4, 5))}f}"
    fee = draw.choice(("0", "0", "0", "0", "0", "0.005", "0.01"))
    first_s, next_s = draw.choice(INTERVALS_S)
    return DeckRow(prefix, name, rate if float(rate) else "0.0001", fee, first_s, next_s)


def _child(draw: random.Random, prefix: str, parent: DeckRow, shared: float) -> DeckRow:
    if draw.random() < shared:
        return DeckRow(prefix, parent.destination, parent.rate, parent.connect_fee, parent.first_s, parent.next_s)
    country = " ".join(parent.destination.split()[:2])
    kind = draw.choice(("Mobile", "Area", "Special"))
    return _destination(draw, prefix, f"{country} {kind} {prefix[-3:]}")


def _npa_nxx_row(draw: random.Random, code: str) -> tuple[str, ...]:
    interstate = draw.uniform(0.0005, 0.02)
    intrastate = interstate * draw.uniform(1.0, 4.0)
    prices = (interstate, intrastate, max(interstate, intrastate))
    states = STATES.split()
    state = states[int(code[:3]) % len(states)]
    return (code, state, *(f"{price:.5f}" for price in prices), "6/6")


def _number(draw: random.Random, deck: Sequence[DeckRow], *, missing: bool) -> str:
    return _ended(draw, draw.choice(UNASSIGNED_CODES) if missing else draw.choice(deck).prefix)


def _ended(draw: random.Random, start: str) -> str:
    length = draw.choice((11, 12, 12, 13))
    return start + "".join(draw.choices("0123456789", k=length - len(start)))


def main(
    path: Annotated[Path, typer.Argument(help="The CSV to write.")],
    rows: Annotated[int, typer.Option(help="Prefixes in the deck.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same deck.")] = 1,
    npa_nxx: Annotated[bool, typer.Option(help="North American deck by NPA-NXX instead of an A-Z deck.")] = False,
) -> None:
    """
    Write a deck as CSV.
    """
    if npa_nxx:
        write_csv(path, NPA_NXX_HEADER, npa_nxx_deck(rows, seed))
    else:
        write_deck(path, az_deck(rows, seed))


if __name__ == "__main__":
    typer.run(main)
