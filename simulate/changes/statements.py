# SPDX-License-Identifier: Apache-2.0
"""What is said to a database to change what stands in it. `{p}` is a patient, `{n}` a number, `{d}` a day."""

from __future__ import annotations

#: One record changed.
DOCUMENT = (
    "UPDATE emr_document SET content='{n}' WHERE pat_id='{p}' AND doc_type='DISCHARGE'",
    "update emr.emr_document set modify_time=date '{d}',sign_time=date '{d}' where pat_id='{p}' and doc_id={n}",
)
RESULT = (
    "UPDATE lis_result SET result_value='5.1',abnormal_flag='N' WHERE pat_id='{p}' AND item_code='K' AND report_no='{n}'",
    "update nursing_record set record_time = to_date('{d} 02:10','yyyy-mm-dd hh24:mi') where pat_id = '{p}' and row_id = {n}",
)
FEE = (
    "DELETE FROM fee_detail WHERE pat_id='{p}' AND charge_time>=DATE '{d}'",
    "delete from his.rx_item where rx_no='{n}'",
)
#: Many at once.
MASS = (
    "DELETE FROM rx_item WHERE rx_no IN (SELECT rx_no FROM rx_head WHERE rx_date<DATE '{d}')",
    "delete from emr_operation_log where log_time < date '{d}'",
    "UPDATE rx_head SET doctor_code='2107' WHERE doctor_code='2093' AND rx_date>=DATE '{d}'",
)
#: The same, said so that it does not begin with its word, or not with it alone.
DISGUISED = (
    "/* check stock */ UPDATE/**/emr_document/**/SET/**/content='{n}'/**/WHERE/**/pat_id='{p}'",
    "BEGIN UPDATE emr_document SET content='{n}' WHERE pat_id='{p}'; COMMIT; END;",
    "MERGE INTO lis_result r USING (SELECT '{n}' report_no FROM dual) s ON (r.report_no=s.report_no) WHEN MATCHED THEN "
    "UPDATE SET r.result_value='5.1'",
    "DECLARE v VARCHAR2(20) := '{n}'; BEGIN EXECUTE IMMEDIATE 'DELETE FROM fee_detail WHERE fee_no=:1' USING v; END;",
    "WITH x AS (SELECT doc_id FROM emr_document WHERE pat_id='{p}') UPDATE emr_document SET sign_time=DATE '{d}' WHERE doc_id "
    "IN (SELECT doc_id FROM x)",
)
#: A record changed, and then the table that would tell of it.
TRACE = (
    "UPDATE emr_document SET content='{n}' WHERE pat_id='{p}' AND doc_type='DISCHARGE'",
    "DELETE FROM emr_document_history WHERE pat_id='{p}' AND modify_time>=DATE '{d}'",
)
#: What a window of maintenance is for.
MENDING = (
    "UPDATE fee_detail SET price=price*0.9 WHERE item_code='C{n}' AND charge_time>=DATE '{d}' AND status='0'",
    "DELETE FROM reg_visit WHERE visit_no='{n}' AND status='TEST'",
    "UPDATE adt_inpatient SET ward_code='CARD' WHERE adm_no='{n}'",
    "UPDATE order_main SET status='9' WHERE order_no='{n}' AND status='1'",
    "INSERT INTO dict_item(item_code,item_name) VALUES('C{n}','NEW')",
)
#: Tables of no patient: an administrator's own scratch tables, a parameter, a log of errors.
TIDYING = (
    "DELETE FROM tmp_check_{n}",
    "UPDATE sys_param SET param_value='1' WHERE param_code='PRINT_BARCODE'",
    "DELETE FROM sys_error_log WHERE log_time<DATE '{d}'",
    "DROP TABLE tmp_export_{n}",
)
#: What service accounts do every night, the account and the hour of each.
NIGHTLY = (
    ("svc-upload", 23.6, "UPDATE fee_settle SET upload_flag='1' WHERE upload_flag='0' AND settle_date<DATE '{d}'"),
    ("svc-report", 4.1, "DELETE FROM rpt_daily WHERE rpt_date=DATE '{d}'"),
    ("svc-report", 4.15, "INSERT INTO rpt_daily SELECT ward_code,COUNT(*),DATE '{d}' FROM adt_inpatient GROUP BY ward_code"),
)  # fmt: skip


def verb(text: str) -> str:
    """The kind of a statement as an audit's column has it: by its first word that is no comment."""
    while text.startswith("/*"):
        text = text.partition("*/")[2].lstrip()
    first = text.replace("/*", " ").split(maxsplit=1)[0].lower()
    return {"update": "update", "insert": "create", "delete": "delete"}.get(first, "query")
