# SPDX-License-Identifier: Apache-2.0
"""The mappings that come with Wardkeep, each on rows as its systems write them; names and addresses are invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line, load_mapping
from wardkeep.watch.intake.mapping import SHIPPED
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import Zone

#: Name, encoding, the file, and what must stand in each event of it.
CASES: tuple[tuple[str, str, str, tuple[dict[str, Any], ...]], ...] = (
    (
        "epic-style", "utf-8",
        "PAT_ID,ACCESS_TIME,METRIC_NAME,USER_ID,WORKSTATION_ID\nZ7,2026-03-02 08:15:00,Chart Review,u1,WS-1\n",
        ({"time": "2026-03-02T00:15:00+00:00", "account": "u1", "patient_id": "Z7", "action": "read"},),
    ),
    (
        "pipe-delimited", "utf-8", "User|Patient|Device|Routine|Time\nu1|P,7|D1|LAB|02/03/2026 08:15:00\n",
        ({"time": "2026-03-02T08:15:00+00:00", "patient_id": "P,7", "workstation": "D1", "resource": "LAB"},),
    ),
    (
        "db-audit-gb18030", "gb18030",
        "时间,客户端IP,数据库用户,操作类型,SQL语句,影响行数,客户端程序,主机名,规则名称,返回码,报文长度\r\n"
        '2026-03-02 02:13:05,10.1.2.3,HIS_APP,SELECT,"SELECT 药品, SUM(数量)\nFROM 处方 GROUP BY 药品",312,w3wp.exe,HIS-WEB1,'
        "药品统计,0,99\r\n"
        "2026/3/2 2:14,10.1.2.3,HIS_APP,更新,UPDATE 处方 SET 数量=1,-1,,,,ORA-00942,\r\n"
        "2026-03-02 02:15:00,10.1.2.3,HIS_APP,登录,,,plsqldev.exe,PC-7,,0,\r\n"
        "2026-03-02 02:16:00,10.1.2.3,HIS_APP,COMMIT,commit,,,,,0,\r\n",
        (
            {"time": "2026-03-01T18:13:05+00:00", "account": "HIS_APP", "action": "query", "count": 312, "ip": "10.1.2.3",
             "query": "SELECT 药品, SUM(数量)\nFROM 处方 GROUP BY 药品", "workstation": "HIS-WEB1", "program": "w3wp.exe",
             "rule": "药品统计", "outcome": "success", "columns": {"报文长度": "99"}, "kind": "access"},
            {"action": "update", "count": 1, "outcome": "failure"},
            {"action": "login", "program": "plsqldev.exe", "query": None},
            {"kind": "other"},
        ),
    ),
    (
        "db-audit-utf8", "utf-8-sig",
        "流水号,发生时间,源IP,账号,操作命令,报文,返回行数,应用程序名,客户端主机名,命中策略,执行结果,会话ID\n"
        "900,2026-03-02 02:13:05.120,10.1.2.3,lis,delete from,delete from 检验 where id=1,0,SqlPlus,PC-1,高危删除,阻断,77\n",
        ({"event_id": "900", "account": "lis", "action": "delete", "outcome": "denied", "session_id": "77", "count": 0,
          "rule": "高危删除", "program": "SqlPlus"},),
    ),
    (
        "db-audit-statement", "utf-8",
        "id,event_time,client_ip,db_user,sql_text,affect_rows,client_program,client_host,error_code\n"
        "1,1772410500123,10.1.2.3,his,Insert Into a values (1),1,JDBC,H1,0\n"
        "2,1772410501000,10.1.2.3,his,/* x */ select 1 from dual,1,JDBC,H1,\n"
        "3,1772410502000,10.1.2.3,his,set names utf8,,JDBC,H1,0\n"
        "4,1772410503000,10.1.2.3,his,begin pkg.run(1); end;,,JDBC,H1,1045\n"
        "5,1772410504000,10.1.2.3,his,TRUNCATE TABLE a,,JDBC,H1,0\n",
        (
            {"action": "create", "query": "Insert Into a values (1)", "time": "2026-03-02T00:15:00.123000+00:00"},
            {"action": "query", "outcome": "success"}, {"kind": "other"},
            {"action": "query", "kind": "access", "outcome": "failure"}, {"action": "delete"},
        ),
    ),
    (
        "oracle-unified-audit", "utf-8",
        '"AUDIT_ID","EVENT_TIMESTAMP","DBUSERNAME","OS_USERNAME","USERHOST","CLIENT_PROGRAM_NAME","ACTION_NAME","OBJECT_SCHEMA",'
        '"OBJECT_NAME","RETURN_CODE","SESSIONID","SQL_TEXT"\n'
        '"5-1-9","02-MAR-26 02.13.05.123456 AM","HIS","wang","GROUP\\PC-7","plsqldev.exe","SELECT","HIS","PRESCRIPTION",0,5,'
        '"select drug,sum(qty) from prescription group by drug"\n'
        '"5-1-10","2026-03-02 02:14:00.000000","HIS","wang","PC-7","","LOGON","","",1017,5,""\n'
        '"5-1-11","02-3月 -26 02.15.00.000000 下午","HIS","","","","CREATE TABLE","HIS","COPY",1031,5,"create table x as "\n'
        '"5-1-12","02-MAR-26 02.16.05.123456 AM","HIS","","","","LOGOFF BY CLEANUP","","",0,5,""\n',
        (
            {"event_id": "5-1-9", "account": "HIS", "action": "query", "resource": "PRESCRIPTION", "program": "plsqldev.exe",
             "os_user": "wang", "time": "2026-03-01T18:13:05.123456+00:00", "session_id": "5", "schema": "HIS"},
            {"action": "login", "outcome": "failure"},
            {"action": "query", "outcome": "denied", "time": "2026-03-02T06:15:00+00:00"}, {"action": "logout"},
        ),
    ),
    (
        "sqlserver-audit", "utf-8",
        "event_time,action_id,succeeded,session_id,server_principal_name,database_name,schema_name,object_name,statement,"
        "client_ip,application_name,affected_rows,host_name\n"
        "2026-03-02 02:13:05.1234567,SL  ,1,55,app,HIS,dbo,Drug,select * from Drug,10.0.0.9,.Net SqlClient,20,WEB1\n"
        "2026-03-02 02:13:06.0000000,LGIF,0,0,sa,NULL,NULL,NULL,login failed,10.0.0.9,SSMS,NULL,NULL\n",
        (
            {"time": "2026-03-02T02:13:05.123456+00:00", "action": "query", "account": "app", "count": 20,
             "program": ".Net SqlClient", "ip": "10.0.0.9", "database": "HIS", "action_code": "SL"},
            {"action": "login", "outcome": "denied", "workstation": None, "count": 1},
        ),
    ),
    (
        "jumpserver-login", "utf-8",
        "ID,*用户名,*登录方式,*登录IP,登录城市,用户代理,MFA,原因,状态,登录日期\n"
        "a1,wang,网页(W),10.0.0.5,局域网,Mozilla/5.0,启用(1),-,成功(True),2026/03/02 08:15:00 +0800\n"
        "a2,wang,网页(W),10.0.0.5,局域网,Mozilla/5.0,启用(1),密码错误,失败(False),2026/03/02 08:14:00 +0800\n",
        (
            {"event_id": "a1", "account": "wang", "action": "login", "outcome": "success", "ip": "10.0.0.5",
             "time": "2026-03-02T00:15:00+00:00", "time_quality": "offset", "mfa": "启用(1)"},
            {"outcome": "failure", "reason": "密码错误"},
        ),
    ),
    (
        "jumpserver-command", "utf-8",
        "*User,*Asset,*Command,*Session ID,Risk level,ID,*Account,*Output,*Timestamp,Datetime,Remote Address\n"
        'Wang(wang),HIS-DB(10.0.0.1),"mysqldump his > /tmp/a",s1,Accept(0),c1,root,ok,1772410500,2026/03/02 08:15:00 +0800,'
        "10.0.0.5\n",
        ({"event_id": "c1", "account": "wang", "person_name": "Wang(wang)", "action": "query",
          "query": "mysqldump his > /tmp/a", "session_id": "s1",
          "server": "HIS-DB(10.0.0.1)", "target_account": "root", "ip": "10.0.0.5", "time": "2026-03-02T00:15:00+00:00"},),
    ),
    (
        "jumpserver-session", "utf-8",
        "ID,用户,资产,账号,协议,登录来源,远端地址,是否成功,开始日期,结束日期\n"
        "s1,wang,HIS-DB,root,ssh,ST(ST),10.0.0.5,Yes,2026/03/02 08:15:00 +0800,2026/03/02 09:15:00 +0800\n"
        "s2,张三(li4),HIS-DB(10.0.0.1),管理员(root),ssh,ST(ST),10.0.0.5,True,2026/03/02 08:15:00 +0800,\n",
        (
            {"event_id": "s1", "session_id": "s1", "account": "wang", "action": "login", "protocol": "ssh",
             "date_end": "2026/03/02 09:15:00 +0800", "target_account": "root"},
            {"account": "li4", "person_name": "张三(li4)", "target_account": "root", "server": "HIS-DB(10.0.0.1)"},
        ),
    ),
    (
        "jumpserver-file", "utf-8",
        "用户,远端地址,资产,账号,操作,文件名,成功,开始日期,会话\n"
        "wang,10.0.0.5,HIS-DB,root,下载(download),/tmp/a.sql,Yes,2026/03/02 08:20:00 +0800,s1\n"
        "wang,10.0.0.5,HIS-DB,root,上传(upload),/tmp/b,No,2026/03/02 08:21:00 +0800,s1\n",
        ({"action": "export", "resource": "/tmp/a.sql", "outcome": "success"}, {"action": "create", "outcome": "failure"}),
    ),
    (
        "windows-security", "utf-8",
        "TimeCreated,EventID,RecordId,Computer,Keywords,TargetUserName,SubjectUserName,IpAddress,WorkstationName,LogonType\n"
        "2026-03-02T08:15:00.1234567+08:00,4624,11,DC1,Audit Success,wang,-,10.0.0.7,PC-7,3\n"
        "2026-03-02T08:15:01+08:00,4625,12,DC1,Audit Failure,wang,-,10.0.0.7,PC-7,3\n"
        "2026-03-02T08:15:02+08:00,4672,13,DC1,Audit Success,-,wang,-,-,-\n"
        "2026-03-02T08:15:03+08:00,4726,14,DC1,审核成功,li,wang,-,-,-\n"
        "2026-03-02T08:15:04+08:00,1102,15,DC1,审核成功,-,wang,-,-,-\n"
        "2026-03-02T08:15:05+08:00,4776,16,DC1,审核失败,li,-,-,PC-8,-\n"
        "2026-03-02T08:15:06+08:00,4647,17,DC1,Audit Success,wang,-,-,-,-\n",
        (
            {"event_id": "DC1/11/2026-03-02T08:15:00.1234567+08:00", "account": "wang", "action": "login", "ip": "10.0.0.7",
             "workstation": "PC-7", "logon_type": "3", "outcome": "success", "server": "DC1", "resource": "logon"},
            {"action": "login", "outcome": "failure"}, {"kind": "other", "subject": "wang"},
            {"action": "delete", "account": "wang", "target_account": "li", "resource": "account"},
            {"action": "delete", "resource": "security log", "account": "wang"},
            {"action": "login", "outcome": "failure", "workstation": "PC-8"}, {"action": "logout"},
        ),
    ),
    (
        "vpn", "utf-8",
        "时间,用户名,源IP,虚拟IP,事件,结果,终端名称\n"
        "2026-03-02 20:15:00,wang,203.0.113.9,10.9.0.4,用户登录,成功,HOME-PC\n"
        "2026-03-02 20:16:00,li,203.0.113.9,,用户登录,认证失败,HOME-PC\n"
        "2026-03-02 21:15:00,wang,203.0.113.9,10.9.0.4,Disconnected,成功,HOME-PC\n",
        (
            {"account": "wang", "ip": "203.0.113.9", "assigned_ip": "10.9.0.4", "action": "login", "client": "HOME-PC"},
            {"outcome": "failure"}, {"action": "logout"},
        ),
    ),
    (
        "door-badge", "utf-8",
        "流水号,刷卡时间,工号,姓名,卡号,门,进出,结果\n1,2026-03-02 07:55:00,N001,王芳,C9,ICU北门,进,合法卡通过\n"
        "2,2026-03-02 07:56:00,,,C8,ICU北门,进,无权限\n",
        (
            {"kind": "other", "account": "N001", "site": None, "resource": "ICU北门",
             "direction": "进", "card": "C9", "outcome": "success"},
            {"account": None, "outcome": "denied"},
        ),
    ),
    (
        "print-log", "utf-8",
        "Time,User,Pages,Document,Computer,Printer,Status\n2026-03-02 08:15:00,wang,12,list.docx,PC-7,HP-3F,Printed\n",
        ({"action": "print", "count": 1, "pages": "12", "resource": "list.docx", "workstation": "PC-7", "printer": "HP-3F"},),
    ),
    (
        "removable-media", "utf-8",
        "时间,用户,终端名称,终端IP,操作,文件路径,设备名称,序列号,结果\n"
        "2026-03-02 08:15:00,wang,PC-7,10.0.0.7,拷贝到U盘,D:\\患者.xlsx,SanDisk,4C53,允许\n"
        "2026-03-02 08:14:00,wang,PC-7,10.0.0.7,设备插入,,SanDisk,4C53,\n",
        ({"action": "export", "resource": "D:\\患者.xlsx", "serial": "4C53", "outcome": "success"}, {"kind": "other"}),
    ),
    (
        "antivirus", "utf-8",
        "发现时间,终端名称,IP地址,文件路径,病毒名称,处理结果\n2026-03-02 08:15:00,PC-7,10.0.0.7,C:\\a.exe,Trojan.X,隔离成功\n",
        ({"kind": "other", "workstation": "PC-7", "threat": "Trojan.X", "resource": "C:\\a.exe", "outcome": "success"},),
    ),
    (
        "waf", "utf-8",
        "攻击时间,源IP,目的IP,URL,攻击类型,危险等级,动作\n2026-03-02 08:15:00,203.0.113.9,10.0.0.1,/emr?id=1,SQL注入,高,阻断\n",
        ({"kind": "other", "ip": "203.0.113.9", "rule": "SQL注入", "outcome": "denied", "resource": "/emr?id=1"},),
    ),
)  # fmt: skip


@pytest.mark.parametrize("name, encoding, text, due", CASES, ids=[case[0] for case in CASES])
def test_a_shipped_mapping_reads_what_its_systems_write(
    name: str, encoding: str, text: str, due: tuple[dict[str, Any], ...]
) -> None:
    found = read(text.encode(encoding), "export.csv", mapping=load_mapping(name))
    events = [as_line(one) for one in found if isinstance(one, AccessEvent)]
    assert len(events) == len(found) == len(due), found
    for line, expected in zip(events, due, strict=True):
        assert {key: line.get(key) for key in expected} == expected


def test_every_shipped_mapping_is_tried() -> None:
    assert {case[0] for case in CASES} == set(SHIPPED)


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - {"epic-style", "pipe-delimited", "oracle-unified-audit"}))
@pytest.mark.parametrize(
    "written, hour",
    [
        ("2026/3/2 20:16", 20),  # as a spreadsheet saves it
        ("2026/3/2 20:16:00", 20),
        ("2026/3/2 下午 8:16:00", 20),
        ("2026/3/2 下午8:16", 20),
        ("2026-03-02 上午 8:16:00", 8),
        ("2026-03-02 20:16", 20),
    ],
)
def test_a_chinese_mapping_reads_times_as_spreadsheets_and_windows_write_them(
    name: str, written: str, hour: int
) -> None:
    at, _ = parser(load_mapping(name).formats, Zone("UTC"))(written)
    assert datetime.fromtimestamp(at / 1e6, UTC) == datetime(2026, 3, 2, hour, 16, tzinfo=UTC)
