"""Lists of labels, pairs and sentences as people write them: CSV in UTF-8, by hand or by Excel. Reports and training read them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from models.errors import LabelsUnusable

Row = dict[str, str]


def label_rows(file: Path, columns: Sequence[str]) -> list[Row]:
    """These columns of every row, with or without a mark in front, parted by commas or semicolons. Raises LabelsUnusable."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsUnusable(f"{file}: is not UTF-8; in Excel save it as 'CSV UTF-8'") from error
    head = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    missing = [column for column in columns if column not in (table.fieldnames or ())]
    if missing:
        raise LabelsUnusable(
            f"{file}: there is no column {', '.join(missing)}; the first line must be {','.join(columns)}"
        )
    return [{column: (row[column] or "").strip() for column in columns} for row in table]
