"""
The four servers of the table: how each is configured and started. One worker each, on a loopback port of its own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlencode

from bench import machine, workspace
from bench.oracle import CARD
from bench.workspace import Workspace

HOST: Final = "127.0.0.1"
PEERS: Final = Path(__file__).resolve().parent / "peers"
PEER_KEY: Final = "rd_test_bench_5b1f0c2a9d7e4f3881c6"  # what the peers' key check lets in; opens nothing else
ENDLESS: Final = 10**9  # the admission check is made, and never says no

RATEDIP, NGINX_LUA, KAMAILIO, NGINX_RETURN = "ratedip", "nginx+Lua", "Kamailio", "nginx return"


@dataclass(frozen=True, slots=True)
class Server:
    """
    A server that can be started: its command line, its port, and how to ask it.
    """

    name: str
    command: tuple[str, ...]
    port: int
    ready_target: str
    key: str | None = None
    looks_up: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """
        The headers every request to it carries.
        """
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def all_servers(work: Workspace) -> list[Server]:
    """
    Configure ratedip and its three peers for the deck of this run.
    """
    return [ratedip(work), *peers(work)]


def peers(work: Workspace) -> list[Server]:
    """
    Configure the peers alone.
    """
    return [nginx_lua(work), kamailio(work), nginx_return(work)]


def target(number: str) -> str:
    """
    Return the path and query that ask for the number's price.
    """
    return "/api/rate.json?" + urlencode({"number": number, "card": CARD})


def ratedip(work: Workspace) -> Server:
    """
    Load the deck into a fresh data directory, and serve it with one worker.
    """
    return serving(work.folder("ratedip"), work.deck_csv)


def serving(data: Path, deck: Path) -> Server:
    """
    Load a deck into a data directory, and serve it with one worker.
    """
    environment = {"RATEDIP_DATA": str(data)}
    load_card(deck, CARD, environment)
    key = add_account(environment)
    port = free_port()
    serve = ("serve", "--host", HOST, "--port", str(port), "--workers", "1", "--data", str(data))
    return Server(RATEDIP, (str(machine.RATEDIP), *serve), port, "/readyz", key=key, environment=environment)


def add_account(environment: Mapping[str, str]) -> str:
    """
    Add an account whose plan is checked and never says no, and give it a key.
    """
    plan = ("--rps", str(ENDLESS), "--daily", str(ENDLESS), "--monthly", str(ENDLESS))
    _ratedip(environment, "account", "add", "bench", "--card", CARD, *plan)
    key: str = json.loads(_ratedip(environment, "key", "new", "bench", "--json"))["key"]
    return key


def load_card(deck: Path, card: str, environment: Mapping[str, str], *, activate: bool = True) -> None:
    """
    Load a deck as the card's next revision, with ratedip's own command line.
    """
    options = ("--currency", "USD", "--force", "--json", *(["--activate"] if activate else []))
    _ratedip(environment, "card", "load", card, str(deck), *options)


def _ratedip(environment: Mapping[str, str], *arguments: str) -> str:
    command = [str(machine.RATEDIP), *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise machine.MissingPartError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def nginx_lua(work: Workspace) -> Server:
    """
    Put the deck into a Lua table of one nginx worker.
    """
    folder = work.folder("nginx-lua")
    workspace.write_tails(folder / "tails.tsv", list(work.rows.values()))
    return _nginx(work, NGINX_LUA, "nginx_lua.conf", folder)


def nginx_return(work: Workspace) -> Server:
    """
    Let nginx return one constant body of the usual size.
    """
    return _nginx(work, NGINX_RETURN, "nginx_return.conf", work.folder("nginx-return"), looks_up=False)


def kamailio(work: Workspace) -> Server:
    """
    Put the deck into an mtree of one Kamailio TCP worker, with the fastest of its memory allocators.
    """
    folder, port = work.folder("kamailio"), free_port()
    tables = folder / "tables"
    tables.mkdir()
    workspace.write_mtree_tables(tables, list(work.rows.values()))
    modules = machine.kamailio_modules()
    _fill("kamailio.cfg", folder, {"directory": folder, "port": port, "modules": f"{modules}/", "key": PEER_KEY})
    places = (
        "-f",
        str(folder / "kamailio.cfg"),
        "-w",
        str(folder),
        "-Y",
        str(folder),
        "-P",
        str(folder / "kamailio.pid"),
    )
    memory = ("-m", "2048", "-M", "2048", "-x", "fm", "-X", "fm")  # MB, reserved and not touched; f_malloc
    command = (machine.program("kamailio"), "-DD", "-E", *memory, *places)
    return Server(KAMAILIO, command, port, target(work.load_numbers[0]), key=PEER_KEY)


def _nginx(work: Workspace, name: str, template: str, folder: Path, *, looks_up: bool = True) -> Server:
    port = free_port()
    places = {"directory": folder, "peers": PEERS, "nginx_modules": machine.nginx_modules()}
    _fill(template, folder, {**places, "port": port, "key": PEER_KEY, "body": work.typical_body})
    command = (machine.program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"))
    ready = target(work.load_numbers[0])
    return Server(name, (*command, "-c", str(folder / template)), port, ready, key=PEER_KEY, looks_up=looks_up)


def _fill(template: str, folder: Path, values: Mapping[str, object]) -> None:
    text = Template((PEERS / template).read_text()).substitute(values)
    (folder / template).write_text(text)


def free_port() -> int:
    """
    Find a port that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
