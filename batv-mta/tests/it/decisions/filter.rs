//! By OpenSMTPD's filter protocol.

use batv_core::envelope::Stage;
use batv_mta::listen::filter::Filter;
use batv_tests::vectors::decisions::{Question, Row, Said};

use super::{BEFORE, CALLER, Host, NOTHING, POSTMASTER, TAKEN, agree, codes, complete, shown};

struct Server<'h> {
    host: &'h Host,
    filter: Filter,
}

impl Server<'_> {
    fn say(&mut self, line: &str) -> String {
        self.host.tell(&mut self.filter, format!("{line}\n").as_bytes())
    }

    /// The result of a phase, with its parameter.
    fn result(&mut self, phase: &str, parameter: &str) -> (String, String) {
        let answer = self.say(&format!("filter|0.6|1606212000.0|smtp-in|{phase}|s1|t1|{parameter}"));
        let result = answer.trim_end().strip_prefix("filter-result|s1|t1|").unwrap_or_else(|| panic!("{answer}"));
        let (result, rest) = result.split_once('|').unwrap_or((result, ""));
        (result.to_owned(), rest.to_owned())
    }
}

fn connected<'h>(host: &'h Host, client: &str) -> Server<'h> {
    let mut server = Server { host, filter: Filter::default() };
    let connect = format!("link-connect|s1|client.example.net|pass|{client}:12345|192.0.2.25:25");
    server.say(&format!("report|0.6|1606212000.0|smtp-in|{connect}"));
    server
}

fn bring(host: &Host, client: &str) {
    let mut server = connected(host, client);
    server.result("mail-from", "");
    server.result("rcpt-to", &format!("<{POSTMASTER}>"));
    server.say("filter|0.6|1606212000.0|smtp-in|data-line|s1|t1|.");
    server.result("commit", "");
}

fn ask(host: &Host, row: &Row<'_>, question: &Question, from: &str) -> Said {
    let mut server = connected(host, row.client().address());
    server.result("mail-from", from);
    for before in &question.before {
        assert_ne!(server.result("rcpt-to", &format!("<{before}>")).0, "reject", "{before}");
    }
    let (result, rest) = server.result("rcpt-to", &format!("<{}>", question.to));
    let delivered = match result.as_str() {
        "rewrite" => rest.trim_matches(['<', '>']).to_owned(),
        _ => shown(&question.to),
    };
    if result == "reject" {
        let mut said = host.logged(row);
        said.insert("reply", codes(&rest));
        return said;
    }
    if row.at() == Stage::RcptTo {
        let mut said = host.logged(row);
        said.insert("reply", TAKEN.to_owned());
        said.insert("deliver_to", delivered);
        return said;
    }
    assert!(question.message.is_some() || !row.reads(), "the site of a row without a message reads none");
    let mut passed = String::new();
    for line in question.message.as_deref().unwrap_or("Subject: none\n\n").lines().chain(["."]) {
        passed += &server.say(&format!("filter|0.6|1606212000.0|smtp-in|data-line|s1|t1|{line}"));
    }
    let (result, rest) = server.result("commit", "");
    let mut said = host.logged(row);
    let is_refused = result == "reject";
    said.insert("reply", if is_refused { codes(&rest) } else { TAKEN.to_owned() });
    said.insert("deliver_to", if is_refused { NOTHING.to_owned() } else { delivered });
    let field = passed.lines().find_map(|line| line.strip_prefix("filter-dataline|s1|t1|X-BATV-Verdict: "));
    complete(&mut said, field);
    said
}

#[test]
fn filter_agrees() {
    let cannot = |row: &Row<'_>| {
        (row.answers().report_is_welcome)
            .then_some(CALLER)
            .or_else(|| (row.earlier() != "none" && row.at() == Stage::EndOfData).then_some(BEFORE))
    };
    agree("filter", cannot, bring, ask);
}
