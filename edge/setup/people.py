"""The first people who may log in. A PIN and the code of the authenticator app are shown once, on the terminal, and nowhere else."""

from collections.abc import Collection
from functools import partial
from pathlib import Path

from config.schema import Config
from edge.cli_users import PIN_DIGITS
from edge.doctor.plan import roles_of
from edge.setup.job import Job
from edge.setup.names import unused
from edge.web.users import (
    NAME,
    Role,
    UserRefused,
    UsersError,
    create_user,
    load_users,
    provisioning_uri,
    random_pin,
    terminal_qr,
)

NAMES = {Role.TECHNICIAN: "ky-thuat", Role.OFFICER: "can-bo", Role.LEADER: "lanh-dao"}
ISSUER = "Một Cửa Edge"


async def ask_people(job: Job, config: Config) -> None:
    """For every role without which a station cannot be worked and that nobody has."""
    file = config.web.users_file or config.agent.data_dir / "users.toml"
    try:
        there = load_users(file)
    except (UsersError, OSError) as error:
        job.terminal.warn(str(error))
        return
    roles = {user.role for user in there.values()}
    absent = [role for role in roles_of(config) if role not in roles]
    if absent and job.terminal.is_attended:
        job.heading("Who may log in")
    names = set(there)
    for role in absent:
        await _ask_one(job, config, file, role, names)


async def _ask_one(job: Job, config: Config, file: Path, role: Role, taken: set[str]) -> None:
    """`taken`: names that somebody has; the new one is among them afterwards."""
    terminal = job.terminal
    suggested = unused(NAMES[role], taken)
    by_hand = f"{job.motcua} users add {suggested} {role} --file {file}"
    if not terminal.is_attended or not await terminal.confirm(f"There is no {role} yet. Make one now", default=True):
        job.leave(f"nobody may log in as {role}", by_hand)
        return
    check = partial(_name, taken=taken)
    name = await terminal.ask("Name to log in with (a role's, not a person's)", check, suggested)
    taken.add(name)
    pin = random_pin(PIN_DIGITS)
    counters = tuple(config.counters) if role is Role.OFFICER else ()
    try:
        config.agent.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        user = create_user(file, name, role, pin, counters)
    except (UserRefused, UsersError, OSError) as error:
        terminal.warn(f"{error}; later: {by_hand}")
        return
    terminal.tell(terminal_qr(provisioning_uri(user, ISSUER)))
    terminal.tell(f"user {name}, PIN {pin}. Without a camera, type this into the authenticator app: {user.totp_secret}")
    terminal.tell("Write the PIN down and scan the code now; neither is shown again. Then press Enter.")
    job.tell_program({"user": name, "role": role.value, "file": str(file)})
    await terminal.entered()


def _name(text: str, taken: Collection[str]) -> str:
    """Whoever has it would be replaced: the file knows people by their names."""
    if text in taken:
        msg = f"{text} is somebody's name already; take another one"
        raise ValueError(msg)
    if not NAME.fullmatch(text):
        msg = "2 to 32 small letters a-z, digits and hyphens"
        raise ValueError(msg)
    return text
