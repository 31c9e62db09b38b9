# SPDX-License-Identifier: Apache-2.0
"""Whether a source's URL asks for an encrypted way to the right server, in each driver's own words."""

from __future__ import annotations

import pytest

from wardkeep.watch.pull.source import may_be_read

PLAIN = [
    "postgresql+psycopg://w@db.hospital/his",
    "postgresql+psycopg://w@db.hospital:5432/his?sslmode=require",
    "postgresql+psycopg://w@/his?host=db.hospital",
    "mysql+pymysql://w@10.0.0.7/his",
    "mariadb+pymysql://w@10.0.0.7/his?charset=utf8mb4",
    "mssql+pyodbc://w@db/his?driver=ODBC+Driver+17+for+SQL+Server",
    "mssql+pyodbc://w@db/his?driver=ODBC+Driver+18+for+SQL+Server&TrustServerCertificate=yes",
    "mssql+pyodbc://w@db/his?driver=ODBC+Driver+18+for+SQL+Server&Encrypt=no",
    "oracle+oracledb://w@db.hospital:1521/?service_name=HIS",
    "oracle+oracledb://w@db.hospital/HIS",
]
GUARDED = [
    "postgresql+psycopg://w@db.hospital/his?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "postgresql+psycopg://w@127.0.0.1:5432/his",
    "postgresql+psycopg://w@[::1]/his",
    "postgresql+psycopg://w@/his?host=/run/postgresql",
    "mysql+pymysql://w@10.0.0.7/his?ssl_ca=/etc/ca.pem",
    "mysql+pymysql://w@10.0.0.7/his?unix_socket=/run/mysqld.sock",
    "mysql+pymysql://w@LOCALHOST/his",
    "mssql+pyodbc://w@db/his?driver=ODBC+Driver+18+for+SQL+Server",
    "mssql+pyodbc://w@db/his?driver=FreeTDS&Encrypt=yes&TrustServerCertificate=no",
    "mssql+pyodbc://w@his_dsn",
    "oracle+oracledb://w@his_alias",
    "oracle+oracledb://w@db:2484/?service_name=HIS&protocol=tcps",
]


@pytest.mark.parametrize("url", PLAIN)
def test_rows_may_cross_the_network_readable(url: str) -> None:
    assert may_be_read(url)


@pytest.mark.parametrize("url", GUARDED)
def test_the_way_is_encrypted_or_stays_on_this_machine_or_nobody_can_say(url: str) -> None:
    assert not may_be_read(url)
