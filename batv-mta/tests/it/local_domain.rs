//! Addresses without a domain, which a mail server completes later: `local_domain` completes them before they are judged
//! and signed.

use alloc::sync::Arc;

use batv_config::Keyring;
use batv_mta::config::Config;
use batv_mta::listen::filter::Filter;
use batv_mta::listen::handler::Handler;
use batv_mta::listen::line::Line;
use batv_mta::listen::policy::PolicyService;
use batv_mta::settings::Settings;

const KEY: &str =
    "[[key]]\nuse = 'batv'\nid = 4\nsecret = 'text:s3kr1t'\nstate = 'signing'\ndomains = ['example.com']\n";
const LOCAL_DOMAIN: &str = "local_domain = 'example.com'";

fn ask(handler: &mut impl Handler, local_domain: &str, request: &str) -> String {
    let config = format!("{local_domain}\nverify.mode = 'reject'\nverify.reject_at = 'rcpt'");
    let keyring = Keyring::parse(KEY).expect("a keyring");
    let settings = Settings::new(Config::parse(&config).expect("a configuration"), keyring).expect("settings");
    let mut answer = Vec::new();
    handler.receive(request.as_bytes(), &Arc::new(settings), &mut answer);
    String::from_utf8(answer).expect("text")
}

#[test]
fn the_line_protocol_completes_them() {
    for (request, complete, bare) in [
        ("sign alice", "OK prvs=", "NO"),
        ("sign-for <alice> dave@example.net", "OK prvs=", "NO"),
        ("check <> alice", "OK 550 5.7.1 ", "NO"),
        ("judge rcpt none - <> <alice>", "OK disposition=reject ", "OK disposition=accept verdict=not-judged "),
        ("mark <alice> <1@example.com>", "OK ", "NO"),
    ] {
        let request = format!("{request}\n");
        let answer = ask(&mut Line::default(), LOCAL_DOMAIN, &request);
        assert!(answer.starts_with(complete), "{request}: {answer}");
        assert!(!answer.starts_with("OK prvs=") || answer.ends_with("=alice@example.com\n"), "{answer}");
        let answer = ask(&mut Line::default(), "", &request);
        assert!(answer.starts_with(bare), "{request}: {answer}");
    }
    // An address with a domain of another keeps it.
    assert_eq!(ask(&mut Line::default(), LOCAL_DOMAIN, "sign alice@example.net\n"), "NO\n");
    assert_eq!(ask(&mut Line::default(), LOCAL_DOMAIN, "sign <>\n"), "NO\n");
}

#[test]
fn the_policy_service_completes_them() {
    let request = "sender=\nrecipient=alice\nprotocol_state=RCPT\n\n";
    let answer = ask(&mut PolicyService, LOCAL_DOMAIN, request);
    assert!(answer.starts_with("action=550 5.7.1 "), "{answer}");
    assert_eq!(ask(&mut PolicyService, "", request), "action=DUNNO\n\n");
}

#[test]
fn the_filter_completes_them() {
    let request = "report|0.7|1|smtp-in|link-connect|s|localhost|pass|127.0.0.1:4321|127.0.0.1:25\n\
                   filter|0.7|1|smtp-in|mail-from|s|t|alice\n";
    let answer = ask(&mut Filter::default(), LOCAL_DOMAIN, request);
    assert!(
        answer.starts_with("filter-result|s|t|rewrite|<prvs=") && answer.ends_with("=alice@example.com>\n"),
        "{answer}"
    );
    assert_eq!(ask(&mut Filter::default(), "", request), "filter-result|s|t|proceed\n");
}
