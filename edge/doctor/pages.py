"""The pages: whether their port is free or the agent's, and whether somebody can log in."""

import errno
import http.client
import os
import socket
from collections.abc import Collection, Sequence
from pathlib import Path

from edge.doctor.agent_now import AgentNow
from edge.doctor.finding import Finding, broken, good, not_tested, weak
from edge.doctor.holders import Holder, listener_on
from edge.web.users import Role, UsersError, UsersFileExposed, load_users

ANSWER_S = 5.0


def verdict_of_port(host: str, port: int, refused: int | None, holder: Holder | None, now: AgentNow) -> Finding:
    """`refused`: the errno of an attempt to bind; None where it succeeded."""
    where = f"{host}:{port}"
    match refused:
        case None if now.holder is not None:
            return broken(
                f"{where} is free, although the agent runs",
                "if it has just started, wait a minute; else see why: journalctl -u motcua -n 50",
            )
        case None:
            return good(f"{where} is free")
        case errno.EADDRINUSE:
            return broken(f"{where} is held by {holder or 'another process'}", f"end it, or choose another [web] port; see: sudo ss -ltnp sport = :{port}")  # fmt: skip
        case errno.EACCES:
            return broken(f"{where}: ports below 1024 are root's", "choose a [web] port from 1024 on")
        case errno.EADDRNOTAVAIL:
            return broken(f"{host} is none of this machine's addresses", "correct [web] host; see: ip -brief address")
    return broken(f"{where}: {os.strerror(refused)}", "correct [web] host and port; see: ip -brief address")


def look_at_port(host: str, port: int, now: AgentNow) -> Finding:
    """Blocking."""
    if port == 0:
        return not_tested("any free port is taken at the start ([web] port = 0)")
    if now.holder is not None and (answer := _healthz(host, port)) is not None:
        return answer
    refused = _bind(host, port)
    return verdict_of_port(host, port, refused, listener_on(port) if refused == errno.EADDRINUSE else None, now)


def verdict_of_users(
    roles: Collection[Role], wanted: Collection[Role], file: Path, left: Sequence[str] = ()
) -> Finding:
    """`wanted`: the roles without whom a station cannot be worked. `left`: counters that are no officer's."""
    if not roles:
        return broken("nobody can log in", f"motcua users add NAME officer --file {file}")
    absent = [role for role in wanted if role not in roles]
    if absent:
        return weak(f"{len(roles)} may log in, but no {absent[0]}", f"motcua users add NAME {absent[0]} --file {file}")
    if left:
        add = " ".join(f"--counter {counter}" for counter in left)
        return weak(
            f"{len(roles)} may log in, but no officer has the counter {', '.join(left)}",
            f"motcua users add NAME officer {add} --file {file}",
        )
    return good(f"{len(roles)} may log in")


def look_at_users(file: Path, wanted: Collection[Role], counters: Collection[str] = ()) -> Finding:
    """`counters`: those at whose pages an officer works. Blocking."""
    try:
        users = load_users(file)
    except UsersFileExposed as error:
        return broken(str(error), f"chmod 600 {file}")
    except UsersError as error:
        return broken(str(error), f"put {file} right, or remove it and run: motcua users add")
    theirs = {counter for user in users.values() if user.role is Role.OFFICER for counter in user.counters}
    left = [counter for counter in counters if counter not in theirs]
    return verdict_of_users([user.role for user in users.values()], wanted, file, left)


def _bind(host: str, port: int) -> int | None:
    """As the agent will (`edge.web.server`); the errno of what refuses it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return None


def _healthz(host: str, port: int) -> Finding | None:
    """What the agent's own health page says; None where nobody answers."""
    called = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    connection = http.client.HTTPConnection(called, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return good(f"{host}:{port}: the running agent answers") if status == http.HTTPStatus.OK else None
