"""
How the sections of a compiled card are laid out: what the compiler writes and the index reads.
"""

ALWAYS = -(2**63)
"""Stands for "no effective date" in a section."""
NEVER = 2**63 - 1
"""Stands for "no expiry" in a section."""
NO_RATE = -1
"""Stands for "no such rate" in the sections of jurisdictions."""

SHARED = {
    "connect_fee_units": "q",
    "mcd_s": "I",
    "pulse_s": "I",
    "effective": "q",
    "expires": "q",
    "blocked": "B",
    "origin_id": "I",
    "min_digits": "H",
    "max_digits": "H",
}
"""Columns that rules have in common, kept once a combination, and the type of their array."""

JURISDICTIONS = ("rate_inter_units", "rate_intra_units", "rate_indeterminate_units")
ANY_LENGTH = 65535
