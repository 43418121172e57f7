"""
Two nodes behind HAProxy, against what the cores allow.

``python -m bench.balanced`` loads one node alone, then two behind HAProxy as ``deploy/haproxy`` has it, with the load
on the same cores. What a request costs a node and the generator is taken from the first, in processor time; what it
costs HAProxy, from the second. The cores allow as many requests as their time holds of that sum; what others on the
machine used meanwhile is not theirs.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import child, machine, servers, workspace
from bench.load import saturate
from bench.machine import MissingPartError
from bench.servers import HOST, Server

LEAST: Final = 0.9
CONFIGURATION: Final = Path(__file__).resolve().parent.parent / "deploy" / "haproxy" / "haproxy.cfg"
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Turn:
    """
    A load: requests a second, and seconds of processor time of each part; and how much there was for all of them.
    """

    per_second: float
    requests: float
    nodes_s: float
    proxy_s: float
    load_s: float
    available_s: float

    @property
    def used_s(self) -> float:
        return self.nodes_s + self.proxy_s + self.load_s


@dataclass(frozen=True, slots=True)
class Round:
    """
    One node alone, and two behind HAProxy.
    """

    alone: Turn
    both: Turn

    @property
    def ratio(self) -> float:
        """
        Requests through HAProxy, over as many as the cores allow.
        """
        alone, both = self.alone, self.both
        cost_s = (alone.nodes_s + alone.load_s) / alone.requests + both.proxy_s / both.requests
        return both.requests / (both.available_s / cost_s)


def main(
    rounds: Annotated[int, typer.Option(help="Rounds; the last line has their median.")] = 5,
    seconds: Annotated[int, typer.Option(help="Seconds of each load.")] = 3,
    prefixes: Annotated[int, typer.Option(help="Prefixes in the deck.")] = 50_000,
    seed: Annotated[int, typer.Option(help="Seed of the deck and the numbers.")] = 1,
) -> None:
    """
    Print the requests a second, who used the cores for them, and the ratio.
    """
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    try:
        measured = list(_measure(rounds, seconds, prefixes, seed))
    except (MissingPartError, child.ServerFailedError) as error:
        console.print(f"[bold red]Nothing measured.[/] {error}")
        raise typer.Exit(2) from None
    for number, each in enumerate(measured, 1):
        console.print(f"round {number}: one node {each.alone.per_second:,.0f} req/s, {_told(each)}")
    ratio = statistics.median(each.ratio for each in measured)
    console.print(f"two nodes behind HAProxy, over what the cores allow: {ratio:.2f}, wanted >= {LEAST}")


def _told(each: Round) -> str:
    both = each.both
    shares = (("nodes", both.nodes_s), ("HAProxy", both.proxy_s), ("generator", both.load_s))
    words = ", ".join(f"{name} {used_s / both.used_s:.0%}" for name, used_s in shares)
    others = 1 - both.available_s / (machine_cores() * both.requests / both.per_second)
    return f"behind HAProxy {both.per_second:,.0f} ({words}; others had {max(0.0, others):.0%}): {each.ratio:.2f}"


def machine_cores() -> int:
    return len(os.sched_getaffinity(0))


def _measure(rounds: int, seconds: int, prefixes: int, seed: int) -> Iterator[Round]:
    cores = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory, ExitStack() as stack:
        work = workspace.prepare(Path(directory), prefixes, seed)
        one = _without_metrics_port(servers.ratedip(work))
        two = _copied(one, work.folder("two"))
        proxy = _balancer(one, two, work.folder("haproxy"))
        log = work.directory / "log"
        everywhere = ",".join(map(str, cores))
        pairs = ((one, cores[0]), (two, cores[1]))
        nodes = [stack.enter_context(child.running(node, core, log)) for node, core in pairs]
        balancer = stack.enter_context(child.running(proxy, everywhere, work.directory / "proxy-log"))
        parts = (nodes, balancer, work.numbers_file, everywhere)
        for server in (one, two, proxy):
            _turn(server, 1, *parts)
        for _ in range(rounds):
            yield Round(_turn(one, seconds, *parts), _turn(proxy, seconds, *parts))


def _turn(server: Server, seconds: int, nodes: list[int], balancer: int, numbers: Path, cores: str) -> Turn:
    """
    Load a server, and see who used the cores meanwhile.
    """
    before = (_used_s(*nodes), _used_s(balancer), _children_s(), machine.ticks())
    done = saturate(server, numbers, seconds, cores)
    if done.failure:
        raise child.ServerFailedError(f"{server.name}: {done.failure}")
    nodes_s, proxy_s, load_s = (
        now - then for now, then in zip((_used_s(*nodes), _used_s(balancer), _children_s()), before[:3], strict=True)
    )
    idle, everything = (now - then for now, then in zip(machine.ticks(), before[3], strict=True))
    others_s = max(0.0, (everything - idle) * TICK_S - nodes_s - proxy_s - load_s)
    available_s = everything * TICK_S - others_s
    return Turn(done.requests_per_s, done.requests_per_s * seconds, nodes_s, proxy_s, load_s, available_s)


def _used_s(*pids: int) -> float:
    """
    Processor time of processes until now. Source: proc(5), /proc/pid/stat.
    """
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) * TICK_S


def _children_s() -> float:
    """
    Processor time of programs that have ended: the generator's.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _without_metrics_port(server: Server) -> Server:
    return replace(server, environment={**server.environment, "RATEDIP_ADMIN_PORT": "0"})


def _copied(server: Server, folder: Path) -> Server:
    """
    A second node with what the first one has.
    """
    shutil.copytree(server.environment["RATEDIP_DATA"], folder, dirs_exist_ok=True)
    port = servers.free_port()
    words = {str(server.port): str(port), server.environment["RATEDIP_DATA"]: str(folder)}
    command = tuple(words.get(word, word) for word in server.command)
    return replace(server, command=command, port=port, environment={**server.environment, "RATEDIP_DATA": str(folder)})


def _balancer(one: Server, two: Server, folder: Path) -> Server:
    port, watch = servers.free_port(), servers.free_port()
    program = machine.find_program("haproxy")
    if program is None:
        raise MissingPartError("haproxy is not installed: apt-get install haproxy")
    environment = {
        "RATEDIP_HAPROXY_BIND": f"{HOST}:{port}",
        "RATEDIP_HAPROXY_WATCH": f"{HOST}:{watch}",
        "RATEDIP_HAPROXY_SOCKET": str(folder / "socket"),
        "RATEDIP_NODE_1": f"{HOST}:{one.port}",
        "RATEDIP_NODE_2": f"{HOST}:{two.port}",
    }
    command = (program, "-db", "-f", str(CONFIGURATION))
    return replace(one, name="HAProxy", command=command, port=port, environment=environment)


if __name__ == "__main__":
    typer.run(main)
