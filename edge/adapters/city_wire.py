"""What the directory and the city's system say to each other over HTTP: JSON, one shape a question. Both ends import this.

`GET {url}/dossiers/{code}` answers one `Row`, or 404. `GET {url}/dossiers?after=MARK` answers a `Page` of what changed, oldest
first. A bearer token stands in `Authorization`. A city that speaks otherwise gets a translator that speaks this.
"""

from datetime import date, datetime
from typing import Annotated

import msgspec

from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep

PAGE = 200
Mark = Annotated[str, msgspec.Meta(max_length=200)]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One dossier. Fields that are not named here, such as an applicant, are not read."""

    code: Annotated[str, msgspec.Meta(max_length=60)]
    status: DossierStatus
    as_of: Annotated[datetime, msgspec.Meta(tz=True)]
    step: DossierStep | None = None
    promised: date | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    dossiers: tuple[Row, ...]
    mark: Mark
    is_last: bool


def record_of(row: Row) -> DossierRecord:
    """Raise ValueError for a code that is none."""
    try:
        code = DossierCode.parse(row.code)
    except (BadDossierCode, BadDossierDate) as error:
        raise ValueError("a row without a dossier code") from error
    return DossierRecord(code, row.status, row.as_of, row.step, row.promised)


def row_of(record: DossierRecord) -> Row:
    return Row(
        code=str(record.code), status=record.status, as_of=record.as_of, step=record.step, promised=record.promised
    )
