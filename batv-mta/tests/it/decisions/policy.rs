//! By Postfix's policy service.

use batv_core::envelope::Stage;
use batv_mta::listen::policy::PolicyService;
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, END_OF_DATA, Host, TAKEN, agree, codes};

fn ask(host: &Host, row: &Row<'_>, question: &Question, from: &str) -> Said {
    let client = row.client().address();
    let request = format!(
        "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={client}\nsender={from}\nrecipient={}\n\n",
        question.to
    );
    let answer = host.tell(&mut PolicyService, request.as_bytes());
    let action = answer.trim_end().strip_prefix("action=").unwrap_or_else(|| panic!("{answer}"));
    let mut said = host.logged(row);
    said.insert("reply", if action == "DUNNO" { TAKEN.to_owned() } else { codes(action) });
    said
}

#[test]
fn policy_service_agrees() {
    let cannot = |row: &Row<'_>| match row.at() {
        Stage::RcptTo => (row.earlier() != "none").then_some(BEFORE),
        _ => Some(END_OF_DATA),
    };
    agree("policy", cannot, ask);
}
