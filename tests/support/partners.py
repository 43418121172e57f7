"""
Companies of partners in a data directory, loaded from files as an operator does it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support.patience import FAIL_SAFE_S
from support.people import account, key
from support.server import Server, serve
from support.shell import run

COMPANIES = """CompanyID,CompanyName,DoingBusinessAs
21090,KENTEL,Kentel Corp
14146,MasterCompany,Master & Söhne
30000,OTHER,Somebody else's
31000,TRICKS,=cmd|'/c calc'!A1
"""
LOCATIONS = """CompanyID,LocationEntityID,LocationName,LocationType,ParentID
14146,14189,Region 1,Region,
14146,14188,Region 2,Region,
14146,14200,District 1a,District,14189
14146,14201,Store 1a-1,Location,14200
14146,14202,Store 2-1,Location,14188
21090,500,@North,Channel,
21090,501,-South,Location,500
30000,900,Theirs,Region,
"""
DEVICES = """CompanyID,IMEI,PurchaseDate,ReturnDate,ClientID,LocationEntityID
21090,014497002384313,2016-04-17,2016-12-30,24168022-3ed4-422f-90a0-31c70869c1d7,501
21090,014497002384321,2016-05-01,,,
14146,014497002384669,2016-06-02,,,14201
14146,014497002384677,2016-06-03,,,14202
14146,014497002384685,2016-06-04,,,
30000,014497002384693,2016-06-05,,,
"""
SANDBOX = "CompanyID,CompanyName,DoingBusinessAs\n21090,SANDBOX,A company to try with\n31000,NOT,Granted here\n"
GRANTS = (
    ("partner", "21090"),
    ("partner", "31000"),
    ("partner", "14146", "--location", "14189"),
    ("master", "14146"),
    ("other", "30000"),
)


def load(data: Path, kind: str, text: str, *words: str, status: int = 0) -> str:
    """
    Load a file with a text in it; what the command says.
    """
    file = data / f"{kind}.csv"
    file.write_text(text)
    done = run(data, "partner", "load", kind, str(file), *words, status=status)
    return " ".join((done.stdout + done.stderr).split())


def install_partners(data: Path) -> None:
    """
    Put the companies above into a data directory, with the accounts that may see them.
    """
    load(data, "companies", COMPANIES)
    load(data, "locations", LOCATIONS)
    load(data, "imei", DEVICES)
    load(data, "companies", SANDBOX, "--test")
    for name in ("partner", "master", "other", "nobody"):
        account(data, name)
    for words in GRANTS:
        run(data, "partner", "grant", *words)
    run(data, "partner", "grant", "partner", "21090", "--test")


@dataclass(frozen=True)
class Partners:
    """
    A server, and the keys of the accounts by their name.
    """

    server: Server
    keys: dict[str, str]

    def ask(self, path: str, who: str = "partner", status: int = 200, **asked: Any) -> httpx.Response:
        answer = httpx.get(
            f"{self.server.url}/partner/{path}",
            params=asked,
            headers={"Authorization": f"Bearer {self.keys[who]}"},
            timeout=FAIL_SAFE_S,
        )
        assert answer.status_code == status, answer.text
        return answer


@contextmanager
def reporting(data: Path) -> Iterator[Partners]:
    install_partners(data)
    keys = {name: key(data, name, "partner") for name in ("partner", "master", "other", "nobody")}
    keys["sandbox"] = key(data, "partner", "partner", environment="test")
    keys["caller"] = key(data, "partner", "lookup")
    with serve(data, ready=False) as server:
        yield Partners(server, keys)
