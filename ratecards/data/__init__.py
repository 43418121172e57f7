"""
Facts the library is built on, as files. Every file says where it is from in its first line.
"""

from pathlib import Path

NPA = Path(__file__).parent / "npa.csv"
"""Geographic area codes of North America: state or province (postal code) and country (ISO 3166)."""
