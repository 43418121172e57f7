"""
Currencies a deck can name.

Source: ISO 4217, codes of circulating currencies.
"""

import re

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
VND VUV WST XAF XCD XCG XDR XOF XPF YER ZAR ZMW ZWG
"""
ISO_4217 = frozenset(_CODES.split())
"""XDR, the special drawing right, settles accounts between carriers."""

_DOLLARS = "USD AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD"
DOLLARS = frozenset(_DOLLARS.split())
"""What a ``$`` may stand for where the file says which."""

_WORDS = frozenset({"ALL", "TOP", "TRY", "CUP", "PEN", "MOP", "MAD"})
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_SIGNS = {"$": "$", "€": "EUR", "£": "GBP"}


def is_currency(code: str) -> bool:
    """
    Whether a code has the shape of ISO 4217; a carrier may settle in one that is newer than the list above.
    """
    return re.fullmatch("[A-Z]{3}", code) is not None


def currency_in(text: str, labelled: bool = False) -> str | None:
    """
    Find the currency a heading or title names.

    Args:
        text: ``USD per minute``, ``Rate (EUR)``, ``Price($)``.
        labelled: the text stands behind the word currency; any code counts, English words and all.

    Returns:
        An ISO 4217 code, or ``$``; None: the text names none, or several.
    """
    text = text[:500]
    codes = {code for code in _CODE.findall(text) if code in ISO_4217 and (labelled or code not in _WORDS)}
    if labelled and not codes and text.strip().upper() in ISO_4217:
        return text.strip().upper()
    codes |= {name for sign, name in _SIGNS.items() if not codes and sign in text}
    return codes.pop() if len(codes) == 1 else None


def agreed(found: set[str]) -> set[str]:
    """
    Reduce the currencies a file names: a ``$`` is the dollar it names elsewhere, or the US dollar.
    """
    if "$" not in found:
        return found
    rest = found - {"$"}
    return rest if rest & DOLLARS else rest | {"USD"}
