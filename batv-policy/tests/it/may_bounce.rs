//! The table of `may_bounce`, row by row.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use batv_core::{Path, Pattern, TagVerdict};
use batv_policy::{BouncePolicy, BounceQuestion, MayBounce, NoticeKind, may_bounce};

const SENDER: &str = "alice@example.org";

/// The answer to a report to this sender, by a policy with something in each list.
fn ask(sender: &str, results: &str, change: impl Fn(&mut BounceQuestion<'_>)) -> (u8, &'static str, MayBounce) {
    ask_with(sender, &format!("Authentication-Results: mx.example.net; {results}\r\n"), change, false)
}

fn ask_with(
    sender: &str,
    header: &str,
    change: impl Fn(&mut BounceQuestion<'_>),
    hold_unproved: bool,
) -> (u8, &'static str, MayBounce) {
    let patterns =
        |texts: &[&'static str]| texts.iter().map(|text| Pattern::parse(*text).expect("a pattern")).collect::<Vec<_>>();
    let (ours, allowed, double_bounce) = (
        patterns(&["example.net", "bob@example.com"]),
        patterns(&["partner.example"]),
        patterns(&["double-bounce@example.net"]),
    );
    let policy = BouncePolicy {
        ours: &ours,
        authserv_ids: &["mx.example.net"],
        trusted_sealers: &["list.example"],
        allowed: &allowed,
        double_bounce: &double_bounce,
        hold_unproved,
    };
    let mut question = BounceQuestion::new(Path::parse(sender).expect("a path"));
    question.header = header.as_bytes();
    change(&mut question);
    let answer = may_bounce(&question, &policy);
    (answer.row, answer.reason.as_str(), answer.may)
}

fn nothing(_: &mut BounceQuestion<'_>) {}

fn reply(question: &mut BounceQuestion<'_>) {
    question.kind = NoticeKind::AutomaticReply;
}

const SPF: &str = "spf=pass smtp.mailfrom=example.org";

#[test]
fn reject_first() {
    let row = (1, "reject-first", MayBounce::RejectFirst);
    for sender in ["<>", SENDER, "alice@example.net"] {
        assert_eq!(ask(sender, SPF, |question| question.answerable_in_smtp = true), row);
    }
    let late = |question: &mut BounceQuestion<'_>| {
        question.answerable_in_smtp = true;
        reply(question);
    };
    assert_eq!(ask(SENDER, SPF, late), (9, "spf", MayBounce::Yes));
}

#[test]
fn null() {
    let row = (2, "null", MayBounce::No);
    assert_eq!(ask("<>", "spf=pass smtp.helo=example.org", nothing), row);
    assert_eq!(ask("<>", "none", reply), row);
    assert_eq!(ask("double-bounce@example.net", "none", |question| question.own_client = true), row);
}

#[test]
fn dsn_never() {
    let row = (3, "dsn-never", MayBounce::No);
    let notify = |text: &str| {
        let notify = text.parse().unwrap();
        move |question: &mut BounceQuestion<'_>| question.notify = Some(notify)
    };
    assert_eq!(ask(SENDER, SPF, notify("NEVER")), row);
    assert_eq!(ask(SENDER, SPF, notify("SUCCESS,DELAY")), row);
    assert_eq!(ask(SENDER, SPF, notify("failure")), (9, "spf", MayBounce::Yes));
    let both = |text: &str| {
        let notify = notify(text);
        move |question: &mut BounceQuestion<'_>| {
            notify(question);
            reply(question);
        }
    };
    assert_eq!(ask(SENDER, SPF, both("NEVER")), row);
    assert_eq!(ask(SENDER, SPF, both("SUCCESS")), (9, "spf", MayBounce::Yes));
}

#[test]
fn rfc3834() {
    let row = (4, "rfc3834", MayBounce::No);
    let list = format!("List-Id: <list.example.org>\r\nAuthentication-Results: mx.example.net; {SPF}\r\n");
    assert_eq!(ask_with(SENDER, &list, reply, false), row);
    assert_eq!(ask("list-owner@example.org", SPF, reply), row);
    assert_eq!(ask(SENDER, SPF, reply), (9, "spf", MayBounce::Yes));
}

#[test]
fn list_ndr() {
    let row = (5, "list-ndr", MayBounce::Yes);
    assert_eq!(ask("list-bounces@example.org", SPF, nothing), row);
    assert_eq!(ask("list-bounces@example.org", "dkim=pass header.d=example.org", nothing), row);
    assert_eq!(ask("list-bounces@example.org", "dmarc=pass header.from=example.org", nothing), row);
    let sealed = format!(
        "ARC-Seal: i=1; d=list.example; cv=none\r\nARC-Authentication-Results: i=1; mx.list.example; {SPF}\r\n\
         Authentication-Results: mx.example.net; arc=pass\r\n"
    );
    assert_eq!(ask_with("list-bounces@example.org", &sealed, nothing, false), row);
    assert_eq!(
        ask("list-bounces@example.org", "spf=fail smtp.mailfrom=example.org", nothing),
        (13, "forged", MayBounce::No)
    );
    assert_eq!(ask("list-bounces@example.org", "none", nothing), (14, "unproved", MayBounce::No));
    assert_eq!(ask("list-bounces@example.net", "none", |question| question.own_client = true), row);
    assert_eq!(
        ask("list-bounces@example.net", "spf=pass smtp.mailfrom=example.net", nothing),
        (7, "own-forged", MayBounce::No)
    );
}

#[test]
fn own_verified() {
    let row = (6, "own-verified", MayBounce::Yes);
    let client = |question: &mut BounceQuestion<'_>| {
        question.own_client = true;
        question.hostile = true;
    };
    assert_eq!(ask("alice@example.net", "none", client), row);
    assert_eq!(ask("Bob@example.com", "none", client), row);
    let tagged = |question: &mut BounceQuestion<'_>| question.tag = Some(TagVerdict::Valid);
    assert_eq!(ask("prvs=0778a1b2c3=bob@example.com", "none", tagged), row);
    assert_eq!(ask("alice@example.net", "dkim=pass header.d=example.net", nothing), row);
}

#[test]
fn own_forged() {
    let row = (7, "own-forged", MayBounce::No);
    assert_eq!(ask("alice@example.net", "none", nothing), row);
    assert_eq!(ask("alice@EXAMPLE.net", "spf=pass smtp.mailfrom=example.net", nothing), row);
    assert_eq!(ask("alice@example.net", "dkim=pass header.d=example.org", nothing), row);
    for verdict in [TagVerdict::Expired, TagVerdict::BadMac, TagVerdict::UnknownKey, TagVerdict::Untagged] {
        assert_eq!(ask("prvs=0778a1b2c3=bob@example.com", "none", |question| question.tag = Some(verdict)), row);
    }
    // Rewritten by somebody else: the address inside is not the sender.
    assert_eq!(ask("SRS0=8nW7=2W=example.net=alice@example.org", "none", nothing), (14, "unproved", MayBounce::No));
}

#[test]
fn hostile() {
    assert_eq!(ask(SENDER, SPF, |question| question.hostile = true), (8, "hostile", MayBounce::No));
}

#[test]
fn spf() {
    let row = (9, "spf", MayBounce::Yes);
    assert_eq!(ask(SENDER, SPF, nothing), row);
    assert_eq!(ask(SENDER, "spf=pass smtp.mailfrom=example.org; dmarc=fail header.from=example.com", nothing), row);
    assert_eq!(ask(SENDER, "spf=pass smtp.mailfrom=mail.example.org", nothing), (14, "unproved", MayBounce::No));
    assert_eq!(ask("postmaster", "spf=pass smtp.mailfrom=postmaster@", nothing), (14, "unproved", MayBounce::No));
}

#[test]
fn dkim() {
    let row = (10, "dkim", MayBounce::Yes);
    assert_eq!(ask(SENDER, "spf=fail smtp.mailfrom=example.org; dkim=pass header.d=example.org", nothing), row);
    assert_eq!(ask("alice@bounces.example.org", "dkim=pass header.d=example.org", nothing), row);
    assert_eq!(ask(SENDER, "dkim=pass header.d=mail.example.org", nothing), (14, "unproved", MayBounce::No));
}

#[test]
fn dmarc() {
    let row = (10, "dmarc", MayBounce::Yes);
    assert_eq!(ask("alice@bounces.example.org", "dmarc=pass header.from=example.org", nothing), row);
    assert_eq!(ask(SENDER, "dmarc=pass header.from=example.com", nothing), (14, "unproved", MayBounce::No));
}

#[test]
fn what_stands_above_the_header_is_passed_over() {
    let header = "\r\n>From bob@example.org Wed Nov 25 10:00:00 2026\r\nAuthentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
    assert_eq!(ask_with(SENDER, header, nothing, false), (9, "spf", MayBounce::Yes));
    let list = format!("{header}List-Id: <list.example.org>\r\n");
    assert_eq!(ask_with(SENDER, &list, |question| question.kind = NoticeKind::AutomaticReply, false).0, 4);
}

#[test]
fn rewritten() {
    let senders = [
        "SRS0=8nW7=2W=example.com=bob@example.org",
        "prvs=0778a1b2c3=alice@example.org",
        "news+bob=example.com@example.org",
        "news-17-bob=mail.example.com@example.org",
    ];
    for sender in senders {
        assert_eq!(ask(sender, SPF, nothing), (11, "rewritten", MayBounce::Yes), "{sender}");
        assert_eq!(ask(sender, "none", nothing), (14, "unproved", MayBounce::No), "{sender}");
    }
    for sender in ["a=b@example.org", "news+a=b@example.org", "news+a=b..c@example.org", "a=example.com@example.org"] {
        assert_eq!(ask(sender, SPF, nothing), (9, "spf", MayBounce::Yes), "{sender}");
    }
}

#[test]
fn arc() {
    let header = |sealer: &str, saw: &str, own: &str| {
        format!(
            "ARC-Seal: i=1; d={sealer}; cv=none\r\nARC-Authentication-Results: i=1; mx.{sealer}; {saw}\r\n\
             Authentication-Results: mx.example.net; {own}; spf=fail smtp.mailfrom=example.org\r\n"
        )
    };
    let (row, forged) = ((12, "arc", MayBounce::Yes), (13, "forged", MayBounce::No));
    for saw in [SPF, "dkim=pass header.d=example.org", "dmarc=pass header.from=example.org"] {
        assert_eq!(ask_with(SENDER, &header("list.example", saw, "arc=pass"), nothing, false), row);
        assert_eq!(ask_with(SENDER, &header("list.example", saw, "arc=fail"), nothing, false), forged);
        assert_eq!(ask_with(SENDER, &header("list.example", saw, "dkim=none"), nothing, false), forged);
        assert_eq!(ask_with(SENDER, &header("evil.example", saw, "arc=pass"), nothing, false), forged);
        assert_eq!(ask_with("alice@example.com", &header("list.example", saw, "arc=pass"), nothing, false).0, 14);
    }
}

#[test]
fn forged() {
    let row = (13, "forged", MayBounce::No);
    for results in [
        "spf=fail smtp.mailfrom=partner.example",
        "spf=softfail smtp.mailfrom=alice@partner.example",
        "spf=hardfail",
        "dmarc=fail header.from=example.com",
        "spf=none smtp.mailfrom=partner.example; dmarc=fail",
    ] {
        assert_eq!(ask("alice@partner.example", results, nothing), row, "{results}");
    }
}

#[test]
fn unproved() {
    for result in ["none", "neutral", "temperror", "permerror", "policy", "bestguesspass"] {
        let header = format!("Authentication-Results: mx.example.net; spf={result} smtp.mailfrom=example.org\r\n");
        assert_eq!(ask_with(SENDER, &header, nothing, false), (14, "unproved", MayBounce::No));
        assert_eq!(ask_with(SENDER, &header, nothing, true), (14, "unproved", MayBounce::Hold));
        assert_eq!(ask_with(SENDER, &header, reply, true), (14, "unproved", MayBounce::No));
        assert_eq!(ask_with("alice@partner.example", &header, nothing, true), (14, "unproved", MayBounce::Yes));
    }
    for forged in [
        "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=example.org\r\n",
        "Authentication-Results: mx.evil.example (\r\n mx.example.net; spf=pass smtp.mailfrom=example.org)\r\n",
        "Authentication-Results: mx.example.net.; spf=pass smtp.mailfrom=example.org\r\n",
        "Authentication-Results: spf=pass smtp.mailfrom=example.org\r\n",
        "Received-SPF: pass\r\n\r\nAuthentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n",
    ] {
        assert_eq!(ask_with(SENDER, forged, nothing, false), (14, "unproved", MayBounce::No), "{forged}");
    }
}

#[test]
fn unroutable() {
    let unroutable = |question: &mut BounceQuestion<'_>| question.unroutable = true;
    let row = (15, "unroutable", MayBounce::No);
    assert_eq!(ask(SENDER, "spf=none smtp.mailfrom=example.org", unroutable), row);
    assert_eq!(ask_with("alice@partner.example", "", unroutable, true), row);
}

#[test]
fn answers_in_words() {
    let mut policy = BouncePolicy { authserv_ids: &["mx.example.net"], ..BouncePolicy::default() };
    let mut question = BounceQuestion::new(Path::parse(SENDER).unwrap());
    assert_eq!(may_bounce(&question, &policy).to_string(), "no (unproved): nothing proves the sender");
    policy.hold_unproved = true;
    assert_eq!(
        may_bounce(&question, &policy).to_string(),
        "hold (unproved): nothing proves the sender: hold it, or answer 4yz"
    );
    question.header = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=example.org\r\n";
    assert_eq!(may_bounce(&question, &policy).to_string(), "yes (spf): SPF passes for the domain of the sender");
    question.answerable_in_smtp = true;
    assert_eq!(
        may_bounce(&question, &policy).to_string(),
        "reject-first (reject-first): the message can still be refused instead"
    );
}

proptest! {
    #[test]
    fn without_a_trusted_server_nothing_proves_a_stranger(pieces in vec(select(vec![
        "Authentication-Results: ", "mx.example.net", "; spf=pass smtp.mailfrom=example.org", "; arc=pass",
        "; dkim=pass header.d=example.org", "; dmarc=pass header.from=example.org", "; none", "\r\n", "(", ")", "\"",
        "ARC-Seal: i=1; d=list.example", "ARC-Authentication-Results: i=1; ", "evil.example", " ", ",", "\0", "é",
    ]), 0..30), octets in vec(any::<u8>(), 0..40)) {
        let header = [pieces.concat().as_bytes(), &octets].concat();
        let mut policy = BouncePolicy { trusted_sealers: &["list.example"], ..BouncePolicy::default() };
        let mut question = BounceQuestion::new(Path::parse(SENDER).unwrap());
        question.header = &header;
        prop_assert_eq!(may_bounce(&question, &policy).may, MayBounce::No);
        policy.authserv_ids = &["mx.example.net"];
        let answer = may_bounce(&question, &policy);
        prop_assert!(answer.may == MayBounce::No || header.windows(14).any(|part| part == b"mx.example.net"));
    }
}
