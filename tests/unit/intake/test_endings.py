# SPDX-License-Identifier: Apache-2.0
"""A failed act never reads as success: by any shipped mapping, whatever else its cell says."""

from __future__ import annotations

import csv
import io

import pytest

from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent, Outcome, Rejected
from wardkeep.watch.intake.endings import refused, went_well
from wardkeep.watch.intake.mapping import SHIPPED, Mapping, Place, load_mapping, parse_mapping
from wardkeep.watch.intake.outcomes import Ending

#: What systems write of an act that did not come about.
_REFUSALS = (
    "失败|操作失败|登录失败|开门失败|打印失败|认证失败|成功失败各半|失敗|审核失败|{审核失败}|未成功|未完成|未通过|未授权|"
    "未打印|未允许|不通过|不成功|不允许|不合法卡|不正常|不正常开门|无法完成|没有成功|拒绝|拒绝登录|已拒绝|被拒绝通过|拒絕|"
    "禁止|禁止允许|阻止|已阻断|拦截成功|无权限|越权|非法卡|无效卡通过|黑名单|挂失卡|过期|超时|异常|异常开门|错误|密码错误|"
    "系统错误(已完成)|取消|已取消打印|中断|锁定|账号已锁定|fail|failed|Failure|FAILED|Login failed|LOGIN_FAILED|"
    "LoginFailed|failed successfully|success: false|error|Error|ERROR 1045|Error printing|print error|success with errors|"
    "denied|Denied|Access denied|access denied, connected|deny|rejected|Refused|forbidden|403 Forbidden|blocked|"
    "Blocked by policy|unsuccessful|Unsuccessfully printed|not successful|Not printed|not allowed|unauthorized|"
    "Unauthorised|invalid card|Invalid password, login|aborted|cancelled|Print job canceled|timeout|timed out|expired|"
    "incorrect password|bad password|unable to print|cannot connect|exception|incomplete|no|No|false|False|否|-1|"
    "-1073741715|失败(False)|审核失败;经典|Audit Failure|-9218868437227405312"
)
#: What holds such a word and says that all went well.
_FINE = (
    "成功|success|无错误|未发现异常|没有失败|no error|No errors|success, 0 errors|errorcode=0|未阻断|未拦截|unlocked|"
    "completed without errors|合法卡|已授权|Printed|Audit Success|connected|放行"
)
REFUSALS, FINE = _REFUSALS.split("|"), _FINE.split("|")


@pytest.mark.parametrize("word", REFUSALS)
def test_a_word_of_refusal_is_told_whatever_stands_beside_it(word: str) -> None:
    assert refused(word) in ("denied", "failure")


@pytest.mark.parametrize("word", FINE)
def test_what_went_well_is_not_told_as_refused(word: str) -> None:
    assert refused(word) is None


def told(mapping: Mapping, place: Place, word: str) -> list[AccessEvent | Rejected]:
    """The row of a file that has a time, what is needed, and one word in the column `place`."""
    cells: dict[str, str] = {}
    for target in mapping.columns:
        for at in mapping.places(target):
            if target not in mapping.optional:
                known = "read" if target == "action" and "*" not in mapping.values.get("action", {"*": ""}) else "x"
                cells[str(at).split("|")[0]] = "2026-03-02 08:15:00" if target == "time" else known
    cells[str(place).split("|")[0]] = word
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mapping.separator, lineterminator="\n")
    writer.writerows([list(cells), list(cells.values())])
    return read(out.getvalue().encode(mapping.encoding), "export.csv", mapping=mapping)


def telling(mapping: Mapping) -> list[Place]:
    """The columns whose words tell an outcome: that of `outcome`, and others that take any word."""
    more = [one.column for one in mapping.outcomes if one.values.get("*") == "success"]
    return [*mapping.places("outcome"), *more]


@pytest.mark.parametrize("name", SHIPPED)
def test_no_shipped_mapping_reads_a_word_of_refusal_as_success(name: str) -> None:
    mapping = load_mapping(name)
    for place in telling(mapping):
        for word in REFUSALS:
            (found,) = told(mapping, place, word)
            if isinstance(found, AccessEvent):
                assert found.outcome is not Outcome.SUCCESS, (name, place, word)
            else:
                assert found.reason.startswith("unmapped-outcome"), (name, word, found.reason)


@pytest.mark.parametrize("name", [name for name in SHIPPED if load_mapping(name).places("outcome")])
def test_no_shipped_mapping_takes_a_word_that_it_does_not_know_for_success(name: str) -> None:
    mapping = load_mapping(name)
    for word in ("zzz", "甲乙丙", "7", "?"):
        (found,) = told(mapping, mapping.places("outcome")[0], word)
        assert isinstance(found, Rejected) or found.outcome is not Outcome.SUCCESS, (name, word)


#: Words of success as the same systems write them, whatever their case; the last may be turned round by a column's name.
WELL = (
    "OK",
    "ok",
    "Succeeded",
    "SUCCEEDED",
    "Success",
    "completed",
    "成功",
    "执行成功",
    "操作成功",
    "允许",
    "通过",
    "正常",
    "Allowed",
)
TURNED = ("TRUE", "True", "true", "Yes", "是")


@pytest.mark.parametrize("name", [name for name in SHIPPED if load_mapping(name).places("outcome")])
def test_a_word_of_success_is_none_of_failure_whatever_its_case(name: str) -> None:
    mapping = load_mapping(name)
    if name == "oracle-unified-audit":
        return  # its column holds numbers alone
    for word in (*WELL, *TURNED):
        if name == "antivirus" and word in ("允许", "Allowed"):
            continue  # what was found was let through
        (found,) = told(mapping, mapping.places("outcome")[0], word)
        if isinstance(found, AccessEvent):
            assert found.outcome is Outcome.SUCCESS, (name, word)
        else:
            assert word in TURNED and found.reason.startswith("unmapped-outcome"), (name, word)


@pytest.mark.parametrize("word", [*FINE[:2], "执行成功", "Completed", "access granted", "200 OK"])
def test_a_word_of_success_is_known_where_no_map_has_it(word: str) -> None:
    assert went_well(word) and Ending({"x": "denied"}, "success").of(word) == "success"


@pytest.mark.parametrize(
    "word", ["true", "yes", "是", "1", "0", "zzz", "未成功", "unsuccessful", "等待通过", "incomplete", "token"]
)
def test_what_may_say_the_opposite_is_no_word_of_success(word: str) -> None:
    assert not went_well(word)


@pytest.mark.parametrize(
    "name, header, rows",
    [
        ("vpn", "时间,用户名,事件,源IP", {
            "用户登录失败": ("login", "failure"), "认证失败": ("login", "failure"), "Login failed": ("login", "failure"),
            "认证失败，断开连接": ("login", "failure"), "connection closed": ("logout", "success"),
            "user login": ("login", "success"),
            "用户退出登录": ("logout", "success"), "登录用户下线": ("logout", "success"), "异常下线": ("logout", "success"),
            "用户拒绝登录": ("login", "denied"), "用户登录": ("login", "success"), "login refused": ("login", "denied"),
            "disconnected: error 5": ("logout", "success"), "connected": ("login", "success"),
        }),
        ("removable-media", "时间,用户,操作,终端IP", {
            "拷贝失败": ("export", "failure"), "拷贝被阻止": ("export", "denied"), "copy blocked": ("export", "denied"),
            "拷贝到U盘": ("export", "success"),
        }),
        ("db-audit-gb18030", "时间,数据库用户,操作类型,客户端IP", {
            "登录失败": ("login", "failure"), "login failed": ("login", "failure"), "登录": ("login", "success"),
            "select": ("query", "success"),
        }),
        ("sqlserver-audit", "event_time,server_principal_name,action_id,client_ip", {
            "LGIF": ("login", "failure"), "DBAF": ("login", "failure"), "LGIS": ("login", "success"),
            "SL": ("query", "success"),
        }),
        ("jumpserver-login", "登录日期,用户名,原因,登录IP", {
            "密码错误": ("login", "failure"), "-": ("login", "success"), "": ("login", "success"),
        }),
    ],
)  # fmt: skip
def test_what_was_done_tells_that_it_failed_where_no_column_of_results_does(
    name: str, header: str, rows: dict[str, tuple[str, str]]
) -> None:
    mapping = load_mapping(name)
    text = header + "\n" + "".join(f"2026-03-02 08:15:00,u{n},{word},10.0.0.7\n" for n, word in enumerate(rows))
    found = read(text.encode(mapping.encoding), "export.csv", mapping=mapping)
    assert [(e.action, e.outcome) for e in found if isinstance(e, AccessEvent)] == [*rows.values()]


@pytest.mark.parametrize(
    "name, column, words",
    [
        (
            "db-audit-statement",
            "fail",
            {"true": "failure", "1": "failure", "false": "success", "0": "success", "": "success"},
        ),
        ("db-audit-statement", "success", {"true": "success", "0": "failure", "false": "failure"}),
        ("db-audit-statement", "error", {"": "success", "0": "success", "lock wait": "failure"}),
        ("db-audit-gb18030", "是否失败", {"是": "failure", "否": "success"}),
        ("db-audit-utf8", "是否成功", {"是": "success", "否": "failure"}),
        ("db-audit-gb18030", "返回码", {"-1": "failure", "0": "success", "1045": "failure"}),
        ("db-audit-utf8", "处理动作", {"未阻断": "success", "阻断": "denied"}),
    ],
)
def test_a_column_is_read_by_what_its_name_asks(name: str, column: str, words: dict[str, str]) -> None:
    mapping = load_mapping(name)
    found = [told(mapping, column, word) for word in words]
    assert [one.outcome for (one,) in found if isinstance(one, AccessEvent)] == [*words.values()]


def test_a_count_of_minus_one_is_none_and_a_return_code_of_minus_one_is_a_failure() -> None:
    text = "时间,数据库用户,操作类型,影响行数,返回码,会话ID\n2026-03-02 08:15:00,his,SELECT,-1,-1,-1\n"
    (event,) = read(text.encode("gb18030"), "x.csv", mapping=load_mapping("db-audit-gb18030"))
    assert isinstance(event, AccessEvent)
    assert (event.count, event.outcome, event.session_id) == (1, "failure", None)


@pytest.mark.parametrize(
    "code, keywords, status, outcome",
    [
        ("4625", "审核成功", "", "failure"),
        ("4625", "0x8020000000000000", "", "failure"),
        ("4625", "-9218868437227405312", "", "failure"),
        ("4625", "Vérification en échec", "", "failure"),
        ("4624", "{审核失败}", "", "failure"),
        ("4624", "9227875636482146304", "", "failure"),
        ("4624", "-9214364837600034816", "0x0", "success"),
        ("4624", '["Audit Success"]', "-", "success"),
        ("4768", "", "0x6", "failure"),
        ("4776", "", "0xC000006A", "failure"),
        ("4776", "", "0x0", "success"),
        ("4624", "Vérification en échec", "", None),
    ],
)
def test_the_number_of_a_windows_event_and_its_status_count_against_its_words(
    code: str, keywords: str, status: str, outcome: str | None
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [["TimeCreated", "EventID", "Keywords", "Status"], ["2026-03-02 08:15:00", code, keywords, status]]
    )
    (found,) = read(out.getvalue().encode(), "x.csv", mapping=load_mapping("windows-security"))
    if outcome is None:
        assert isinstance(found, Rejected) and found.reason.startswith("unmapped-outcome")
    else:
        assert isinstance(found, AccessEvent) and found.outcome == outcome


def test_a_word_without_a_star_is_what_the_map_says_and_an_unread_word_is_none() -> None:
    ending = Ending({"成功(未加密)": "success", "*成功*": "success", "*成功*拒*": "denied", "x*": ""}, "success")
    said = {
        "成功(未加密)": "success",
        "成功(未签名)": "failure",
        "登录成功": "success",
        "成功后被拒": "denied",
        "xx": "",
        "y": None,
        "": "success",
    }
    assert {word: ending.of(word) for word in said} == said
    assert {word: ending.of(word) for word in said} == said  # what is remembered is the same


def test_of_several_columns_the_first_that_refuses_counts() -> None:
    text = (
        'name = "x"\nsystem = "HIS"\n[columns]\ntime = "t"\naction = "a"\noutcome = "r"\n'
        '[[outcomes]]\ncolumn = "failed"\nvalues = { "Y" = "failure", "N" = "success" }\n'
    )
    rows = "t,a,r,failed\n" + "".join(
        f"2026-03-02T08:15:00Z,read,{result},{failed}\n"
        for result, failed in (
            ("success", "N"),
            ("success", "Y"),
            ("denied", "Y"),
            ("?", "Y"),
            ("", ""),
            ("?", "N"),
            ("success", "?"),
        )
    )
    found = read(rows.encode(), "x.csv", mapping=parse_mapping(text, "x"))
    assert [one.outcome if isinstance(one, AccessEvent) else one.reason.partition(":")[0] for one in found] == [
        "success", "failure", "denied", "failure", "success", "unmapped-outcome", "unmapped-outcome",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "word", "outcome"),
    [
        ("waf", "未阻断(仅告警)", "success"), ("waf", "告警未拦截", "success"), ("waf", "拦截失败", "success"),
        ("waf", "not blocked", "success"), ("waf", "未阻断，已拒绝", "denied"), ("waf", "已阻断", "denied"),
        ("waf", "blocked", "denied"),
        ("antivirus", "放行", "failure"), ("antivirus", "unremoved", "failure"), ("antivirus", "已隔离", "success"),
        ("antivirus", "隔离失败", "failure"),
    ],
)  # fmt: skip
def test_what_a_guard_did_is_told_by_what_it_says_and_not_by_a_word_within(name: str, word: str, outcome: str) -> None:
    mapping = load_mapping(name)
    (found,) = told(mapping, mapping.places("outcome")[0], word)
    assert isinstance(found, AccessEvent) and found.outcome == outcome


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("移动", "export"), ("剪切", "export"), ("文件外发", "export"), ("FileCreated", "export"), ("刻录", "export"),
        ("从U盘拷贝", "create"), ("拷贝到本机", "create"), ("U盘插入", "query"), ("压缩", "unmapped-action"),
    ],
)  # fmt: skip
def test_what_goes_to_a_stick_leaves_the_house_and_an_unknown_word_is_set_aside(word: str, action: str) -> None:
    mapping = load_mapping("removable-media")
    (found,) = told(mapping, mapping.places("action")[0], word)
    assert (found.reason.partition(":")[0] if isinstance(found, Rejected) else found.action) == action
