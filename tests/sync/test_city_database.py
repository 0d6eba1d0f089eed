"""The same SQL and the same scripts on SQLite and on PostgreSQL."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync.city.database import Bulk, Database, open_database
from sync.city.errors import CityError, DatabaseLost, DatabaseUnusable
from tests.sync.postgres_fixtures import Postgres

THINGS = """-- 900 things
CREATE TABLE things (
  name TEXT PRIMARY KEY, number BIGINT NOT NULL CHECK (number >= 0), share DOUBLE PRECISION, body BYTEA
);
CREATE TABLE notes (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note TEXT NOT NULL -- a comment; with a semicolon
);
"""
BULK = Bulk("things", "name text, number bigint, share double precision, body bytea", "ON CONFLICT DO NOTHING")


@pytest.fixture
def things(where: Path | str) -> Iterator[Database]:
    with closing(open_database(where, [THINGS])) as database:
        yield database


def numbers(database: Database) -> list[int]:
    with database.reading() as reading:
        return [number for (number,) in reading.rows("SELECT number FROM things ORDER BY number")]


def test_what_was_written_is_read_back_as_it_was(things: Database) -> None:
    with things.transaction() as writing:
        assert writing.execute("INSERT INTO things VALUES (?, ?, ?, ?)", ("một %", 2**62, 0.5, b"\0\xff")) == 1
        assert writing.insert(BULK, [("hai", 1, None, None), ("một %", 9, None, None)]) == 1
    with things.reading() as reading:
        assert reading.row("SELECT * FROM things WHERE name = ?", ("một %",)) == ("một %", 2**62, 0.5, b"\0\xff")
        assert list(reading.stream("SELECT name FROM things WHERE number < ? ORDER BY name", (5,))) == [("hai",)]
        assert reading.row("SELECT name FROM things WHERE name LIKE '%x%'") is None
    things.close()


def test_a_transaction_counts_altogether_or_not_at_all(things: Database) -> None:
    with contextlib.suppress(ZeroDivisionError), things.transaction() as writing:
        writing.insert(BULK, [("a", 1, None, None)])
        raise ZeroDivisionError
    assert numbers(things) == []
    with things.transaction() as writing:
        assert writing.insert(BULK, []) == 0
        writing.execute("INSERT INTO notes (note) VALUES (?)", ("x",))
    with things.reading() as reading:
        assert reading.rows("SELECT id, note FROM notes") == [(1, "x")]
    things.close()


def test_what_breaks_a_rule_of_a_table_is_refused_for_good(things: Database) -> None:
    for sql in ("INSERT INTO things VALUES ('a', -1, 0, ?)", "SELECT nothing FROM things WHERE name = ?"):
        with pytest.raises(DatabaseUnusable), things.transaction() as writing:
            writing.execute(sql, (b"",))
    assert numbers(things) == []
    things.close()


def test_rows_that_are_held_make_others_wait(where: Path | str, things: Database) -> None:
    """Two writers add up: neither reads what the other is about to change."""
    with things.transaction() as writing:
        writing.insert(BULK, [("a", 0, None, None)])

    def add() -> None:
        own = open_database(where, [THINGS])
        for _ in range(20):
            with own.transaction() as writing:
                ((number,),) = writing.rows("SELECT number FROM things WHERE name = 'a' FOR UPDATE")
                writing.execute("UPDATE things SET number = ? WHERE name = 'a'", (number + 1,))
        own.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(things) == [40]
    things.close()


def test_a_picture_does_not_move_while_others_write(where: Path | str, things: Database) -> None:
    with closing(open_database(where, [THINGS])) as other, things.reading() as reading:
        assert reading.rows("SELECT count(*) FROM things") == [(0,)]
        with other.transaction() as writing:
            writing.insert(BULK, [("a", 1, None, None)])
        assert reading.rows("SELECT count(*) FROM things") == [(0,)]
    assert numbers(things) == [1]


def test_scripts_are_applied_once_and_may_not_change(where: Path | str, things: Database) -> None:
    open_database(where, [THINGS, "-- 901 more\nCREATE TABLE more (\n  n BIGINT\n);\n"]).close()
    with pytest.raises(DatabaseUnusable, match="900 things"):
        open_database(where, [THINGS + "\n"])
    with pytest.raises(DatabaseUnusable, match="begins with its name"):
        open_database(where, ["CREATE TABLE x (n BIGINT);"])
    with pytest.raises(DatabaseUnusable):
        open_database(where, [THINGS, "-- 902 wrong\nCREATE TABLE things (n BIGINT);"])
    things.close()


def four_open(where: Path | str) -> list[BaseException]:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_database(where, [THINGS]).close()
        except (DatabaseLost, DatabaseUnusable) as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_several_open_an_empty_database_at_once(where: Path | str) -> None:
    assert four_open(where) == []


def test_several_open_an_empty_file_at_once_again_and_again(tmp_path: Path) -> None:
    """One in ten of these rounds refused somebody while the switch to WAL was not waited for."""
    assert [failure for n in range(60) for failure in four_open(tmp_path / str(n))] == []


@pytest.mark.postgres
@pytest.mark.enable_socket
@pytest.mark.timeout(90)
def test_a_lost_server_is_lost_and_found_again(postgres: Postgres) -> None:
    database = open_database(postgres.fresh(), [THINGS])
    with database.transaction() as writing:
        writing.insert(BULK, [("a", 1, None, None)])
    postgres.stop()
    try:
        with pytest.raises(DatabaseLost), database.transaction() as writing:
            writing.insert(BULK, [("b", 2, None, None)])
        with pytest.raises(DatabaseLost):
            numbers(database)
    finally:
        postgres.start()
    assert numbers(database) == [1]
    database.close()


@pytest.mark.postgres
@pytest.mark.enable_socket
@pytest.mark.timeout(90)
def test_who_stood_still_inside_a_transaction_goes_on_with_a_new_connection(postgres: Postgres) -> None:
    """A paused machine: the server lets go of the rows and of the connection."""
    with closing(open_database(postgres.fresh(), [THINGS])) as database:
        with pytest.raises(DatabaseLost):
            _stand_still_in(database)
        with database.transaction() as writing:
            writing.insert(BULK, [("b", 2, None, None)])
        assert numbers(database) == [2]


def _stand_still_in(database: Database) -> None:
    with database.transaction() as writing:
        writing.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        time.sleep(1)
        writing.insert(BULK, [("a", 1, None, None)])


def test_a_reader_cannot_write(things: Database) -> None:
    with pytest.raises(CityError), things.reading() as reading:
        reading.execute("INSERT INTO notes (note) VALUES ('x')")
    with things.transaction() as writing:
        assert writing.execute("INSERT INTO notes (note) VALUES ('x')") == 1
    things.close()


def test_a_full_disk_loses_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    database = open_database(tmp_path / "city.sqlite", [THINGS])
    with database.transaction() as writing:
        writing.insert(BULK, [("a", 1, None, None)])
        writing.execute("PRAGMA max_page_count=20")
    with pytest.raises(DatabaseLost, match="full"), database.transaction() as writing:
        writing.insert(BULK, [("b", 2, None, bytes(200_000))])
    assert numbers(database) == [1]
    with database.transaction() as writing:
        writing.execute("PRAGMA max_page_count=2000")
        writing.insert(BULK, [("b", 2, None, bytes(200_000))])
    assert numbers(database) == [1, 2]
    database.close()


def test_a_failure_of_the_callers_own_stays_its_own(things: Database) -> None:
    with pytest.raises(FileNotFoundError), things.transaction():
        Path("/nowhere").stat()
    things.close()


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="nowhere"):
        open_database(tmp_path / "nowhere" / "city.sqlite", [])
    (tmp_path / "other").write_bytes(b"this is no database, however long it may look to be" * 50)
    with pytest.raises(DatabaseUnusable):
        open_database(tmp_path / "other", [])
