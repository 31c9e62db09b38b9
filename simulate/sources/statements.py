# SPDX-License-Identifier: Apache-2.0
"""What applications and people say to the hospital's database, as text."""

from __future__ import annotations

#: What the HIS client says to open, file and find, by the kind of thing: `{p}` is a patient, `{w}` a ward, `{u}` a user.
READS = (
    "SELECT visit_no,visit_date,dept_code,status FROM reg_visit WHERE pat_id={p} ORDER BY visit_date DESC",
    "SELECT a.adm_no,a.ward_code,a.bed_no,a.in_date FROM adt_inpatient a WHERE a.pat_id={p}",
    "SELECT item_name,qty,price,charge_time FROM fee_detail WHERE pat_id={p} ORDER BY charge_time",
    "SELECT h.rx_no,h.rx_date,i.drug_code,i.qty FROM rx_head h,rx_item i WHERE h.rx_no=i.rx_no AND h.pat_id={p}",
    "SELECT pat_name,sex,birth_date,id_no,phone FROM pat_master WHERE pat_id={p}",
)
WRITES = (
    "INSERT INTO reg_visit(visit_no,pat_id,dept_code,visit_date,oper_code) VALUES('{n}',{p},'{w}',SYSDATE,'{u}')",
    "INSERT INTO rx_item(rx_no,item_no,drug_code,qty,oper_code) VALUES('{n}',1,'{c}',2,'{u}')",
    "INSERT INTO fee_detail(pat_id,item_code,qty,oper_code) VALUES({p},'{c}',1,'{u}')",
)
CHANGES = (
    "UPDATE adt_inpatient SET bed_no='{b}',oper_code='{u}' WHERE pat_id={p} AND out_date IS NULL",
    "UPDATE pat_master SET phone=:phone WHERE pat_id={p}",
    "UPDATE fee_detail SET status='1',oper_code='{u}' WHERE pat_id={p} AND item_code='{c}'",
)
FINDS = (
    "SELECT pat_id,pat_name,sex,birth_date FROM pat_master WHERE pat_name LIKE :name",
    "SELECT pat_id,pat_name,sex,birth_date FROM pat_master WHERE card_no=:card",
)
#: Lists that the client draws anew by itself.
LISTS = (
    "SELECT bed_no,pat_id,pat_name,care_level FROM adt_inpatient WHERE ward_code='{w}' AND out_date IS NULL ORDER BY bed_no",
    "SELECT order_no,pat_id,order_text,status FROM order_main WHERE ward_code='{w}' AND status IN ('1','2')",
    "SELECT COUNT(*) FROM msg_notice WHERE recv_dept='{w}' AND read_flag='0'",
    "SELECT visit_no,pat_name,reg_time FROM reg_visit WHERE dept_code='{w}' AND visit_date=TRUNC(SYSDATE) ORDER BY reg_time",
)
SIGN_IN = "SELECT oper_code,oper_name,dept_code FROM sys_oper WHERE oper_code='{u}' AND stop_flag='0'"
#: What a pharmacy's report menu asks, with drug and prescriber: lawful under a ticket. `{a}` and `{b}` are days.
REPORTS = (
    "SELECT h.doctor_code,i.drug_code,SUM(i.qty) qty,SUM(i.qty*i.price) amount FROM rx_head h,rx_item i WHERE "
    "h.rx_no=i.rx_no AND h.rx_date BETWEEN DATE '{a}' AND DATE '{b}' GROUP BY h.doctor_code,i.drug_code",
    "SELECT h.dept_code,h.doctor_code,COUNT(DISTINCT h.rx_no) rx,SUM(CASE WHEN d.anti_flag='1' THEN i.qty ELSE 0 END) anti "
    "FROM rx_head h JOIN rx_item i ON h.rx_no=i.rx_no JOIN drug d ON d.drug_code=i.drug_code WHERE h.rx_date>=DATE '{a}' AND "
    "h.rx_date<DATE '{b}' GROUP BY h.dept_code,h.doctor_code",
)
#: The name of such a report in the menu of the HIS.
REPORT_MENU = "药房管理>统计报表>医师用药统计"
#: What administrators say through the bastion on ordinary days.
UPKEEP = (
    "SELECT sid,serial#,username,machine,program FROM v$session WHERE status='ACTIVE'",
    "SELECT tablespace_name,ROUND(SUM(bytes)/1048576) mb FROM dba_free_space GROUP BY tablespace_name",
    "ALTER INDEX idx_rx_item_date REBUILD ONLINE",
    "BEGIN dbms_stats.gather_table_stats('HIS','FEE_DETAIL'); END;",
    "SELECT COUNT(*) FROM order_main WHERE create_time<ADD_MONTHS(SYSDATE,-36)",
    "UPDATE sys_param SET param_value='1' WHERE param_code='PRINT_BARCODE'",
    "SELECT * FROM sys_error_log WHERE log_time>SYSDATE-1 ORDER BY log_time DESC",
)
#: The pull by night: sums by doctor, rows of two drugs with who prescribed them, and a copy of it all under a dull name.
PULL = (
    "select h.doctor_code,i.drug_code,sum(i.qty) q,sum(i.qty*i.price) a from his.rx_head h,his.rx_item i where "
    "h.rx_no=i.rx_no and h.rx_date between date '{a}' and date '{b}' group by h.doctor_code,i.drug_code order by a desc",
    "select/*+ full(i) */ h.rx_date,h.doctor_code,i.drug_code,i.qty from his.rx_head h join his.rx_item i on "
    "h.rx_no=i.rx_no where i.drug_code in ('D4411','D4412') and h.rx_date>=date '{a}'",
    "create table his.tmp_check_{n} as select h.doctor_code c1,i.drug_code c2,sum(i.qty) c3 from his.rx_head h,his.rx_item "
    "i where h.rx_no=i.rx_no and h.rx_date>=date '{a}' group by h.doctor_code,i.drug_code",
    "select c1,c2,c3 from his.tmp_check_{n}",
)
#: A document of the EMR changed behind its window, and in it.
EDIT = (
    "UPDATE emr_document SET content=:content,modify_time=SYSDATE,modify_oper='{u}' WHERE pat_id={p} AND doc_type='{d}'"
)
#: What a service says once a run.
UPLOAD = (
    "SELECT s.settle_no,s.pat_id,s.total FROM fee_settle s WHERE s.upload_flag='0' AND s.settle_date<TRUNC(SYSDATE)"
)
