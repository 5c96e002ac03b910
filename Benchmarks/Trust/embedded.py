"""SQLite or DuckDB in a separate process, with commands on standard input, one per line."""

import json
import sys

kind, path = sys.argv[1:3]


def connect():
    if kind == "sqlite":
        import sqlite3

        connection = sqlite3.connect(f"{path}/db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        return connection
    import duckdb

    connection = duckdb.connect(f"{path}/db")
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    return connection


def answer(connection, line):
    word, _, rest = line.rstrip("\n").partition(" ")
    if word == "prepare":
        connection.execute("CREATE TABLE records (number INTEGER PRIMARY KEY, value TEXT)")
        return ""
    if word == "write":
        connection.execute(
            "INSERT INTO records SELECT coalesce(max(number), 0) + 1, ? FROM records", [rest]
        )
        return ""
    rows = connection.execute("SELECT value FROM records ORDER BY number").fetchall()
    return json.dumps([row[0] for row in rows])


connection = None
for line in sys.stdin:
    try:
        connection = connection or connect()
        print("ok", answer(connection, line), flush=True)
    except Exception as problem:
        print("error", str(problem).replace("\n", " "), flush=True)
