"""
The sockets that a service listens on: its own, or those that systemd listened on before it started.

Source: sd_listen_fds(3).
"""

import logging
import os
import socket

from uvicorn.config import Config

from service.settings import Settings

FIRST_FD = 3
_log = logging.getLogger("ratedip.serving")


def listen(config: Config) -> list[socket.socket]:
    """
    Sockets bound to where the settings say, or handed over.
    """
    return handed_over() or [config.bind_socket()]


def listen_admin(settings: Settings) -> list[socket.socket]:
    """
    The socket that metrics are told on, where it is another one; of the default port, if it is free.
    """
    if not settings.metrics or settings.admin_port in (0, settings.port):
        return []
    place = (settings.admin_host, settings.admin_port)
    try:
        admin = socket.create_server(place, family=socket.AF_INET6 if ":" in place[0] else socket.AF_INET)
    except OSError as error:
        why = f"no metrics on {place[0]}:{place[1]}: {os.strerror(error.errno or 0)}"
        if "admin_port" in settings.model_fields_set:
            raise SystemExit(f"ratedip: {why}; name another with --admin-port") from None
        _log.warning("%s; name another with --admin-port", why)
        return []
    admin.setblocking(False)
    admin.set_inheritable(True)
    return [admin]


def handed_over() -> list[socket.socket]:
    """
    Sockets meant for this process. That they are is forgotten then: its children have others.
    """
    count, owner = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_PID", "")
    if not count.isdigit() or owner != str(os.getpid()):
        return []
    sockets = [socket.socket(fileno=FIRST_FD + place) for place in range(int(count))]
    for each in sockets:
        each.setblocking(False)
    return sockets
