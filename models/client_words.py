"""What pip and npm say when a package does not come: their last word, and what each registry or the network answered.

Pure; only models.packages calls it. Addresses are left out: one may hold a password.
"""

import re
from collections.abc import Iterable

from models.sources import WEB_PAGE, answered

# Where pip met the network it says so in passing; its last word is then that there is no such package.
_TROUBLE = re.compile(
    r"Could not fetch URL \S+: (.+?)(?: - skipping)?$|after connection broken by '(.+)': \S*$"
    r"|^npm error .*\breason: (.+)$"
)
_STATUS = re.compile(
    r"Could not fetch URL \S+: (?:(\d{3}) \w+ Error: |.*\btoo many (\d{3}) error responses)"
    r"|HTTP error (\d{3}) while getting|^npm error (\d{3}) .* - [A-Z]+ \S+$"
)
_PAGE = re.compile(r"Fetched page \S+ as text/html|Skipping page \S+ because |^npm error invalid json response body")
_LINK = "Found link "  # a page that names the package is a registry's
_WRAPPING = re.compile(
    r"""^There was a problem confirming the ssl certificate: |^(?:\w+\((?:\d+, )?)+["']|["']\)+$"""
    r"""|\w+\(host='[^']*', port=\d+\): |\[Errno -?\d+\] |\[SSL: \w+\] | \(_ssl\.c:\d+\)|^(?:proxy )?connection error: """
)
_ADDRESS = re.compile(r",? \(?(?:- [A-Z]+|to|at|from|for url:|for URL) https?://\S+")
_NO_WORD = re.compile(r"^npm error(?: (?:code|errno|syscall) .*| A complete log .*|)$")


def tells(line: str) -> bool:
    """Whether a line of the client's output is needed for its complaint."""
    return _LINK in line or any(pattern.search(line) for pattern in (_TROUBLE, _STATUS, _PAGE))


def complaint(lines: list[str], said: Iterable[str], status: int) -> str:
    """Of a client that ended with `status`; `lines` as it wrote them on stderr, `said` what it told of the network."""
    word = _last_word(lines) or f"the client ended with status {status}"
    met = _met([*said, *lines])
    return f"{word}; the network: {met}" if met else word


def _last_word(lines: list[str]) -> str | None:
    """Pip's last error; npm's first, which it explains afterwards."""
    npm = [line for line in lines if line.startswith("npm error") and not _NO_WORD.match(line)]
    pip = [line for line in lines if line.lower().startswith("error")]
    words = npm[:1] or pip[-1:] or lines[-1:]
    return _ADDRESS.sub("", words[0].strip()) if words else None


def _met(lines: list[str]) -> str:
    """Each answer once, without the classes, numbers and addresses that they are wrapped in."""
    is_registry = any(_LINK in line for line in lines)
    met: list[str] = []
    for line in lines:
        one = _one(line, is_registry=is_registry)
        if one and not any(one in before for before in met):
            met.append(one)
    return ", ".join(met)


def _one(line: str, *, is_registry: bool) -> str | None:
    if (found := _STATUS.search(line)) is not None:
        return answered(int(next(filter(None, found.groups()))))
    if _PAGE.search(line):
        return None if is_registry else f"answered with {WEB_PAGE} that is no list of packages"
    found = _TROUBLE.search(line)
    return _WRAPPING.sub("", next(filter(None, found.groups()))) if found else None
