# SPDX-License-Identifier: Apache-2.0
"""What a batch of statements does: the gravest of them counts, wherever it stands and whatever stands before it."""

from __future__ import annotations

import time

import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake.database.statement import does, graver
from wardkeep.watch.intake.mapping import parse_mapping, resolved

#: Seconds of this process that one hostile text may take, on a slow machine.
MOST_SECONDS = 15.0


@pytest.mark.parametrize(
    "text, action",
    [
        ("SET NOCOUNT ON; select a from b", "query"),
        ("USE HIS; select a from b", "query"),
        ("set @a=(select group_concat(a) from b)", "query"),
        ("begin PKG_TJ.P12(:x); end;", "query"),
        ("set nocount on exec p_report", "query"),
        ("begin tran; update emr set a=1; commit", "update"),
        ("BEGIN UPDATE emr SET a='x'; END;", "update"),
        ("begin not atomic update emr set a=1; end", "update"),
        ("declare @i int; update emr set a=1", "update"),
        ("if exists (select 1 from a) update emr set a=1", "update"),
        ("update top (5) emr set a=1", "update"),
        ("update emr set a=@p where b=@q", "update"),
        ("select * from emr where a=1 update emr set a=2", "update"),
        ("WITH t AS (select 1 a) DELETE FROM emr WHERE id IN (select a from t)", "delete"),
        ("with t as (delete from emr returning *) select * from t", "delete"),
        ("set @x=(select 1); delete from emr", "delete"),
        ("set nocount on delete from emr", "delete"),
        ("/* app */ delete from emr", "delete"),
        ("-- c\ndelete from emr", "delete"),
        ("# c\ndelete from emr", "delete"),
        ("commit; delete from emr", "delete"),
        ("commit\n/\ndelete from emr\n/", "delete"),
        ("select 1--1; delete from emr", "delete"),
        ("select 'it\\'; delete from emr; --'", "delete"),
        ("select q'[']' from dual; delete from emr where a='1'", "delete"),
        ("delete[emr]", "delete"),
        ("DELETE (select * from emr)", "delete"),
        ("delete from emr where id in (select id from #t)", "delete"),
        ("ｄｅｌｅｔｅ from emr", "delete"),
        ("exec sp_executesql N'delete from emr'", "delete"),
        ("exec('del'+'ete from emr')", "delete"),
        ("exec('set nocount on; delete from emr')", "delete"),
        ("declare @s varchar(99); set @s='delete from emr'; exec(@s)", "delete"),
        ("begin execute immediate 'truncate table emr'; end;", "delete"),
        ("prepare s from 'delete from emr'; execute s", "delete"),
        ("do $$ begin delete from emr; end $$", "delete"),
        ("explain analyze delete from emr", "delete"),
        ("merge into emr using b on (1=1) when matched then delete", "delete"),
        ("create procedure p as delete from emr\ngo\ndelete from emr", "delete"),
        ("create procedure p() delete from emr; call p();", "delete"),
        ("set x=1; load data infile 'x' into table a", "create"),
        ("set x=1; select * into outfile 'x' from a", "export"),
        ("begin backup database x to disk='y'", "export"),
        ("x" * 100_000 + "; delete from emr;" + "y" * 100_000, "delete"),
        ("drop table emr", "delete"),
        ("DROP TABLE", "delete"),
        ("if exists (select 1 from a) drop table emr", "delete"),
        ("select 1 drop table emr", "delete"),
        ("update a set b=1; drop table emr", "delete"),
        ("drop table tmp_a, emr", "delete"),
        ("drop user his cascade", "delete"),
        ("begin execute immediate 'drop table emr purge'; end;", "delete"),
        ("alter table emr drop partition p1", "delete"),
        ("alter table emr add a int, drop column note", "delete"),
        ("alter table emr drop (note)", "delete"),
        ("alter table emr set unused column note", "delete"),
        ("alter table emr truncate partition p1", "delete"),
        ("replace into emr values (7)", "update"),
        ("insert into emr values (7) on duplicate key update b=2", "update"),
        ("insert into emr values (7) on duplicate" + " " * 99 + "key update b=2", "update"),
        ("insert into emr values (7) on conflict (x) do update set b=2", "update"),
        ("load data infile 'x' replace into table emr", "update"),
        ("updatetext emr.note @p 0 null 'x'", "update"),
        ("writetext emr.note @p 'x'", "update"),
        ("flashback table emr to timestamp x", "update"),
        ("rename table tmp_a to tmp_b, emr to emr_old", "update"),
        ("exec his.dbo.sp_rename 'emr', 'emr_old'", "update"),
        ("exec [sp_rename] 'emr', 'emr_old'", "update"),
        ("alter table emr rename to emr_old", "update"),
        ("alter table emr switch to other", "update"),
        # What a name stands for counts, not how it is written.
        ("update tmp_a set note='x' from emr tmp_a", "update"),
        ("update tmp_a set note=(select 1) from emr as tmp_a", "update"),
        ("update #e set note='x' from his . dbo . emr" + " " * 99 + "#e", "update"),
        ("update [tmp_a] set note='x' from emr [tmp_a]", "update"),
        ("update tmp_a set note='x' from (select * from emr) tmp_a", "update"),
        ("delete tmp_a from emr as tmp_a where id=7", "delete"),
        ("delete tmp_a, emr from tmp_a join emr on 1=1", "delete"),
        ("with tmp_x as (select * from emr) delete from tmp_x", "delete"),
        ("with a as (select 1 b), tmp_x (c) as (select c from emr where d=(7)) delete tmp_x", "delete"),
        ("with tmp_x as (select * from #t join emr on 1=1) update tmp_x set note='x'", "update"),
        ("update tmp_x, emr set emr.note='x' where tmp_x.id=emr.id", "update"),
        ("update tmp_x a join emr b on a.id=b.id set a.b=1, note='x'", "update"),
        ("delete from tmp_x . emr", "delete"),
        ("update emr e set note='x' from tmp_x emr", "update"),
        ("begin dbms_utility.exec_ddl_statement('drop table emr'); end;", "delete"),
    ],
)
def test_what_a_batch_does_is_what_its_gravest_statement_does(text: str, action: str) -> None:
    assert does(text) == action
    assert does(text.upper()) == action


@pytest.mark.parametrize(
    "text, action",
    [
        ("begin; commit;", "other"),
        ("use his\ngo\n", "other"),
        ("lock table emr in share update exclusive mode", "other"),
        ("select * from a for update of x nowait", "query"),
        ("declare c cursor for select a from b for update", "query"),
        ("insert into a values (1) on conflict do nothing", "create"),
        ("create table a (x int references b on delete cascade on update no action)", "query"),
        ("create table a (t timestamp on update current_timestamp)", "query"),
        ("grant select, update, delete on emr to x", "query"),
        ("create trigger t on emr after update as begin delete from x end", "query"),
        ("create or replace procedure p is begin delete from emr; end;", "query"),
        ("explain delete from emr", "query"),
        ("explain plan for update emr set a=1", "query"),
        ("update statistics emr", "query"),
        ("select replace(a,'x','y') from b", "query"),
        ("select 'delete from emr' from dual", "query"),
        ('select * from a where note = "; delete from b"', "query"),
        ("select 1 -- ; delete from emr", "query"),
        ("select 1 /* ; delete from emr */", "query"),
        ("select deleted, update_time from a where is_delete=0", "query"),
        ("update emr set body='see #3, delete from x'", "update"),
        ("restore database x from disk='a' with replace", "query"),
        ("grant drop, alter on emr to x", "query"),
        ("grant drop any table to x", "query"),
        ("create table emr (drop_reason int)", "query"),
        ("create index i on emr (a) with (drop_existing=on)", "query"),
        ("drop index i on emr", "query"),
        ("drop table if exists #a, tmp_b", "query"),
        ("drop temporary table a", "query"),
        ("drop user x", "query"),
        ("alter table emr add column drop_time int", "query"),
        ("alter table emr drop constraint c", "query"),
        ("alter table emr alter column a drop default", "query"),
        ("alter table emr rename index a to b", "query"),
        ("alter table tmp_a drop column b", "query"),
        ("alter table tmp_a rename to tmp_b", "query"),
        ("alter table emr add a int drop procedure p", "query"),
        ("create trigger t after drop on schema begin null; end;", "query"),
        ("select drop_time, is_rename from a where alter_flag=1", "query"),
        ("grant execute on sp_rename to x", "query"),
    ],
)
def test_a_word_that_does_nothing_where_it_stands_makes_nothing_graver(text: str, action: str) -> None:
    assert does(text) == action


@pytest.mark.parametrize(
    "text",
    [
        "select a into #t from b; update #t set a=1; delete from #t; drop table #t",
        "declare @t table (a int); insert into @t select 1; delete @t",
        "update t set a=1 from #x t",
        "truncate table [#t]",
        "delete from tempdb..#x",
        "merge #t using b on 1=1 when matched then delete when not matched then insert values (1);",
        "update tmp_a set b=e.b from emr e where e.id=tmp_a.id",
        "update tmp_x a inner join emr b on a.id=b.id set a.b=1, a.c=b.c where b.d=1",
        "update t set a=1 from tmp_x t join #x y on 1=1; delete #x",
        "with tmp_x as (select * from #t where a=(1)) delete from tmp_x",
        "while 1=1 delete top (1000) #t",
        "delete tmp_a, tmp_b from tmp_a join tmp_b join emr on 1=1",
        "replace into tmp_a select * from emr",
        "insert into tmp_a select 1 on duplicate key update b=2",
        "drop table if exists `tmp_a`",
    ],
)
def test_a_table_of_the_sessions_own_is_nobodys_data(text: str) -> None:
    assert does(text) == "query"


def test_that_another_table_has_the_name_of_an_own_one_hides_nothing() -> None:
    assert does("update emr set a=1 select * from #x emr") == "update"


def test_an_operation_named_by_its_word_alone_is_told_like_a_statement() -> None:
    assert [does(word) for word in ("SELECT", "INSERT", "UPDATE", "DELETE", "SET", "其他")] == [
        "query", "create", "update", "delete", "other", "query",
    ]  # fmt: skip
    assert graver("query", "delete") == graver("delete", "other") == "delete"


@pytest.mark.parametrize(
    "part",
    [
        "/*", "-- \n", "( ; ", "delete ", "update ab set x=@a ", "create proc a exec a ", "create proc b\ngo\n", "'", '"', "[",
        "begin ", "exec('", "q'[", "explain ", "copy ", "begin copy ", "top (", "delete top ", "from #a b ", "update b set #",
        "for ", "; update ", "replace ", "merge into a ", "\\'", "/*!", "`", "case when ", "$$", "update a set b from #c ",
        "drop table #a ", "alter table a drop ", "update #a, ", "with #a as (", "#a as(select ", "rename a to b ", "delete #a,",
        " #a", "update tmp_a set ", "duplicate key update ",
    ],
)  # fmt: skip
def test_a_hostile_text_takes_little_time(part: str) -> None:
    text = "update " + part * (200_000 // len(part))
    start = time.process_time()
    does(text)
    does("set x " + part * (200_000 // len(part)))
    assert time.process_time() - start < MOST_SECONDS


def actions(mapping: str, rows: str) -> list[tuple[str, str]]:
    found = read(rows.encode(), "export.csv", mapping=resolved(parse_mapping(mapping, "m"), "Asia/Shanghai"))
    assert all(isinstance(one, AccessEvent) for one in found), found
    return [(str(one.kind), str(one.action)) for one in found if isinstance(one, AccessEvent)]


MAPPING = """
name = "m"
system = "db"
optional = ["query"]
[columns]
time = "time"
action = "{action}"
query = "sql"
[values.action]
"login*" = "login"
"set*" = "{set}"
"*" = "{rest}"
"""


def test_a_mapping_takes_the_action_from_the_statement_and_from_the_word_beside_it() -> None:
    rows = (
        "time,op,sql\n"
        "2026-03-02 08:00,SET,set nocount on; delete from emr\n"
        "2026-03-02 08:00,执行,begin update emr set a=1; end;\n"
        "2026-03-02 08:00,UPDATE,\n"
        "2026-03-02 08:00,UPDATE,exec p\n"
        "2026-03-02 08:00,SET,set names utf8\n"
        "2026-03-02 08:00,login,select 1\n"
    )
    assert actions(MAPPING.format(action="op", set="statement", rest="statement"), rows) == [
        ("access", "delete"), ("access", "update"), ("access", "update"), ("access", "update"), ("other", "query"),
        ("access", "login"),
    ]  # fmt: skip


def test_a_mapping_that_knows_the_first_word_of_a_statement_alone_misses_none_of_the_others() -> None:
    rows = (
        "time,sql\n"
        "2026-03-02 08:00,set nocount on; delete from emr\n"
        "2026-03-02 08:00,with x as (select 1) update emr set a=1\n"
        "2026-03-02 08:00,set names utf8\n"
        "2026-03-02 08:00,浏览病历\n"
    )
    assert actions(MAPPING.format(action="sql", set="other", rest="query"), rows) == [
        ("access", "delete"), ("access", "update"), ("other", "query"), ("access", "query"),
    ]  # fmt: skip
