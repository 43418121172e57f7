"""
Make the table of area codes from the NANPA report, and from phonenumbers where a code is newer than the report.

    python scripts/npa_from_report.py npa_report.csv > ratecards/data/npa.csv
"""
# ruff: noqa: INP001  (a script, not a package)

import csv
import sys
from pathlib import Path

import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA

POSTAL = {
    "ALBERTA": "AB",
    "BRITISH COLUMBIA": "BC",
    "BRITISH COLOMBIA": "BC",  # as phonenumbers 9.0 spells it for 257
    "MANITOBA": "MB",
    "NEW BRUNSWICK": "NB",
    "NEWFOUNDLAND AND LABRADOR": "NL",
    "NOVA SCOTIA - PRINCE EDWARD ISLAND": "NS/PE",
    "ONTARIO": "ON",
    "QUEBEC": "QC",
    "SASKATCHEWAN": "SK",
    "YUKON-NW TERR. - NUNAVUT": "YT/NT/NU",
    "PUERTO RICO": "PR",
    "USVI": "VI",
    "CNMI": "MP",
}


def region(npa: str) -> str:
    return phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{npa}2345678")) or ""


title, *lines = Path(sys.argv[1]).read_text("ascii").splitlines()
report = [row for row in csv.DictReader(lines) if row["USE"] == "G" and row["ASSIGNED"] == "Yes"]
iso = {row["COUNTRY"]: region(row["NPA_ID"]) for row in report} | {"US": "US", "CANADA": "CA"}
table = {}
for row in report:
    state = POSTAL.get(row["LOCATION"], row["LOCATION"]) if row["COUNTRY"] in ("US", "CANADA") else ""
    table[row["NPA_ID"]] = (state, iso[row["COUNTRY"]], "nanpa")
names = {key[1:]: name["en"] for key, name in GEOCODE_DATA.items() if len(key) == 4 and key[0] == "1"}
by_name = {names[npa]: state for npa, (state, *_) in table.items() if npa in names}
for npa in names.keys() - table.keys():
    city, _, state = names[npa].partition(", ")
    table[npa] = (state or POSTAL.get(city.upper()) or by_name[city], region(npa), "phonenumbers")

out = csv.writer(sys.stdout, lineterminator="\n")
date = title.replace(",", " ").lower()
sys.stdout.write(f"# Geographic area codes. nanpa: NANPA area code report, {date};")
sys.stdout.write(f" phonenumbers: assigned since, says phonenumbers {phonenumbers.__version__}\n")
out.writerows([("npa", "state", "country", "source"), *((npa, *table[npa]) for npa in sorted(table))])
