"""One rule for the names of sites and devices: in configuration files, in journals, in the registry and in the command line."""

import pytest
import typer
from pydantic import TypeAdapter, ValidationError

from config.fields import Key
from edge.cli_city_common import source_named
from sync.chain import source_of

GOOD = ["quay-01", "a", "0", "phuong-thu-duc", "a" * 40]
BAD = [
    "", "-a", "a" * 41, "a.b", "a/b", "a#", "+", "*", "a b", " a", "a\n", "a\x00", "A", "a_b", "quầy", "a,b", "$share",
]  # fmt: skip
_KEY: TypeAdapter[str] = TypeAdapter(Key)


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_topics_carry_is_taken_everywhere(name: str) -> None:
    assert _KEY.validate_python(name) == name
    assert source_of(name, name) == f"/sites/{name}/devices/{name}"


@pytest.mark.parametrize("name", BAD)
def test_any_other_name_is_refused_everywhere_with_the_rule(name: str) -> None:
    with pytest.raises(ValidationError, match="small letters"):
        _KEY.validate_python(name)
    for site, device in ((name, "quay-01"), ("phuong-mau", name)):
        with pytest.raises(ValueError, match="small letters"):
            source_of(site, device)


def test_the_command_line_says_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        source_named("phuong.mau/quay-01", as_json=False)
    assert "site 'phuong.mau': small letters a-z, digits and hyphens" in capsys.readouterr().err
