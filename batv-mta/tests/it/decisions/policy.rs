//! By Postfix's policy service.

use batv_core::envelope::Stage;
use batv_mta::listen::policy::PolicyService;
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, END_OF_DATA, Host, POSTMASTER, TAKEN, agree, codes};

fn tell(host: &Host, client: &str, from: &str, to: &str) -> String {
    let request = format!(
        "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={client}\nsender={from}\nrecipient={to}\n\n"
    );
    host.tell(&mut PolicyService, request.as_bytes())
}

fn bring(host: &Host, client: &str) {
    tell(host, client, "", POSTMASTER);
}

fn ask(host: &Host, row: &Row<'_>, question: &Question, from: &str) -> Said {
    let answer = tell(host, row.client().address(), from, &question.to);
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
    agree("policy", cannot, bring, ask);
}
