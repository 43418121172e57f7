"""
Small real decks, for the demo and for trying things out. Their sources and licences are in NOTICE.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
SDF = FOLDER / "sdf-outbound-rates.csv.xz"
"""A real A-Z outbound price list of 2010: 27,523 rows, 9 of them with a blank rate."""
ACME = FOLDER / "acme_rate_notice.csv"
"""A carrier's rate notice as it is mailed: title lines, lists of codes in one cell, dates by row."""
