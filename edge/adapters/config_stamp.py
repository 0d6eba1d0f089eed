"""Which configuration the agent began with: its hash in the data folder. For `edge.app`, which leaves it, and the doctor, who compares."""

import hashlib

from config.schema import Config
from edge.web.users import write_secret

STAMP = "config.sha256"


def sha256_of(config: Config) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


def is_stamped(config: Config) -> bool | None:
    """Whether the last start was with this one; None where there was none. Raise OSError."""
    try:
        return (config.agent.data_dir / STAMP).read_bytes() == sha256_of(config).encode()
    except FileNotFoundError:
        return None


def stamp(config: Config) -> None:
    """Remember it for the next start. Raise OSError."""
    if not is_stamped(config):
        write_secret(config.agent.data_dir / STAMP, sha256_of(config))  # no secret, but whole or not at all
