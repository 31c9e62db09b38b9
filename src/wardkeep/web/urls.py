# SPDX-License-Identifier: Apache-2.0
"""Every address of the console. Identities stand in addresses as tokens (`opaque.py`)."""

from __future__ import annotations

from wardkeep.web.accesses.proof import access_proof
from wardkeep.web.accesses.views import access, source_row
from wardkeep.web.accounts.views import account
from wardkeep.web.alerts.views import alert_dismiss, alert_seen, alerts
from wardkeep.web.cases.own_records import own_records
from wardkeep.web.cases.proofs import act_proof, case_proof
from wardkeep.web.cases.shared_logins import shared_logins
from wardkeep.web.cases.views import case, cases
from wardkeep.web.cases.work import assign, decide, note, reopen
from wardkeep.web.coverage.views import coverage
from wardkeep.web.intake.views import close, intake, open_again, read_again
from wardkeep.web.intake.wizard import mapping, mapping_abandon, mapping_new, mapping_put_back, mapping_take_back
from wardkeep.web.ledger.acts import acts
from wardkeep.web.ledger.handing import bundle, verifier
from wardkeep.web.ledger.minutes import minutes
from wardkeep.web.ledger.views import entry, proof, run, run_list, state
from wardkeep.web.packages.views import packages
from wardkeep.web.page import path
from wardkeep.web.patients.search import search
from wardkeep.web.patients.views import patient, reveal
from wardkeep.web.people.views import active, contact, create, link, people, role
from wardkeep.web.records.views import record_explain, record_reopen, records
from wardkeep.web.signin.me import language, me, password, renew
from wardkeep.web.signin.views import SecondStep, SignIn, enrol_page, recovery_codes, sign_out, welcome
from wardkeep.web.today.views import today
from wardkeep.web.week.views import week

urlpatterns = [
    path("", today, name="today"),
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/code/", SecondStep.as_view(), name="mfa_authenticate"),
    path("sign-out/", sign_out, name="sign_out"),
    path("welcome/<str:token>/", welcome, name="welcome"),
    path("enrol/", enrol_page, name="enrol"),
    path("recovery-codes/", recovery_codes, name="recovery_codes"),
    path("me/", me, name="me"),
    path("me/language/", language, name="language"),
    path("me/password/", password, name="password"),
    path("me/recovery-codes/", renew, name="renew"),
    path("search/", search, name="search"),
    path("cases/", cases, name="cases"),
    path("week/", week, name="week"),
    path("week/<slug:day>/", week, name="week_of"),
    path("own-records/", own_records, name="own_records"),
    path("shared-logins/", shared_logins, name="shared_logins"),
    path("cases/<case:key>/", case, name="case"),
    path("cases/<case:key>/outcome/", decide, name="decide"),
    path("cases/<case:key>/note/", note, name="note"),
    path("cases/<case:key>/reopen/", reopen, name="reopen"),
    path("cases/<case:key>/assign/", assign, name="assign"),
    path("cases/<case:key>/proof/", case_proof, name="case_proof"),
    path("cases/<case:key>/acts/<uuid:happening>/proof/", act_proof, name="act_proof"),
    path("alerts/", alerts, name="alerts"),
    path("alerts/<uuid:key>/seen/", alert_seen, name="alert_seen"),
    path("alerts/<uuid:key>/dismiss/", alert_dismiss, name="alert_dismiss"),
    path("records/", records, name="records"),
    path("records/<uuid:key>/explain/", record_explain, name="record_explain"),
    path("records/<uuid:key>/reopen/", record_reopen, name="record_reopen"),
    path("accesses/<access:key>/", access, name="access"),
    path("accesses/<access:key>/proof/", access_proof, name="access_proof"),
    path("rows/<row:key>/", source_row, name="row"),
    path("patients/<patient:patient_id>/", patient, name="patient"),
    path("patients/<patient:patient_id>/name/", reveal, name="reveal"),
    path("accounts/<account:account>/", account, name="account"),
    path("people/", people, name="people"),
    path("people/new/", create, name="person_create"),
    path("people/<uuid:user_id>/link/", link, name="person_link"),
    path("people/<uuid:user_id>/active/", active, name="person_active"),
    path("people/<uuid:user_id>/role/", role, name="person_role"),
    path("people/<uuid:user_id>/contact/", contact, name="person_contact"),
    path("intake/", intake, name="intake"),
    path("intake/mapping/new/", mapping_new, name="mapping_new"),
    path("intake/mapping/<uuid:key>/", mapping, name="mapping"),
    path("intake/mapping/<uuid:key>/abandon/", mapping_abandon, name="mapping_abandon"),
    path("intake/mappings/<uuid:row_id>/take-back/", mapping_take_back, name="mapping_take_back"),
    path("intake/mappings/<uuid:row_id>/put-back/", mapping_put_back, name="mapping_put_back"),
    path("intake/read-again/", read_again, name="read_again"),
    path("intake/close/", close, name="close_pieces"),
    path("intake/open-again/", open_again, name="open_pieces_again"),
    path("coverage/", coverage, name="coverage"),
    path("runs/", run_list, name="runs"),
    path("runs/<uuid:run_id>/", run, name="run"),
    path("ledger/", state, name="ledger"),
    path("acts/", acts, name="acts"),
    path("packages/", packages, name="packages"),
    path("ledger/minutes/<slug:day>/", minutes, name="minutes"),
    path("ledger/verifier/", verifier, name="verifier"),
    path("ledger/<slug:log>/<int:index>/bundle/", bundle, name="bundle"),
    path("ledger/<slug:log>/<int:index>/proof/", proof, name="proof"),
    path("ledger/<slug:log>/<int:index>/entry/", entry, name="entry"),
]
