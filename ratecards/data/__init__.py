"""
Facts the library is built on, as files. Every file says where it is from in its first line.
"""

from pathlib import Path

NPA = Path(__file__).parent / "npa.csv"
"""Geographic area codes of North America: state or province (postal code) and country (ISO 3166)."""
PLAN = Path(__file__).parent / "plan.bin"
"""Numbering plans of every country, as ``scripts/plan_from_phonenumbers.py`` writes them."""
MCC_MNC = Path(__file__).parent / "mcc-mnc.csv"
"""Mobile networks: their codes (E.212), country and name."""
