//! A tag that comes back too often.

use batv_tests::site::{ALICE, forwarded, mark, tagged};

use super::mail::{Client, WORLD, bounce, message};
use super::place::Place;

const DAVE: &str = "dave@example.net";

/// It returns nothing by which it could be proved.
fn unproved() -> String {
    bounce(DAVE, "X-Returned: nothing")
}

#[test]
fn a_replayed_tag_is_held_and_a_proved_bounce_is_taken() {
    for place in Place::all() {
        let daemon = place.daemon("bounces_per_tag = 3", "[verify]\nmode = 'reject'\n");
        let mut ours = Client::of_ours(&daemon, WORLD);
        let left = ours.send(ALICE, &[DAVE], &message("<1@laptop.example>"));
        let tagged_alice = left.sender.expect("a tag");
        let mut world = Client::from(&daemon, WORLD);
        // Only complete messages count.
        for _ in 0..10 {
            assert_eq!(world.ask("", &[&tagged_alice]), [None]);
        }
        for number in 1..=6 {
            // Gateways change case: it is the same tag.
            let to = if number % 2 == 0 { tagged_alice.clone() } else { tagged_alice.replace("prvs", "PRVS") };
            let said = world.send("", &[&to], &unproved());
            let expected = if number <= 3 { "tag-ok" } else { "tag-replayed" };
            assert_eq!((said.found("reason"), said.is_held), (expected, number > 3), "{number}: {said:?}");
            assert!(said.replies.is_empty(), "{said:?}");
            assert_eq!(said.recipients, [ALICE], "{said:?}");
        }
        let header = message("<1@laptop.example>");
        let header = header.split_once("\n\n").expect("a header").0;
        let marked = format!(
            "X-BATV-Mark: {}\n{header}",
            left.fields.iter().find(|(name, _)| name == "X-BATV-Mark").expect("a mark").1
        );
        for (returned, origin) in [(marked.as_str(), "mark"), (header, "sent-log")] {
            let said = world.send("", &[&tagged_alice], &bounce(DAVE, returned));
            assert_eq!((said.found("reason"), said.found("origin")), ("tag-ok", origin), "{said:?}");
            assert!(!said.is_held, "{said:?}");
        }
        // Another's tag is another.
        let said = world.send("", &[&tagged("bob@example.com", 0)], &unproved());
        assert_eq!(said.found("reason"), "tag-ok", "{said:?}");
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(metrics.contains("\nbatv_limits_met_total{limit=\"bounces_per_tag\"} 5\n"), "{metrics}");
    }
}

#[test]
fn a_tag_in_all_its_spellings_is_one_tag() {
    let daemon = Place::File.daemon("bounces_per_tag = 3", "[verify]\nmode = 'reject'\n");
    let to = tagged(ALICE, 0);
    let tag = to.strip_suffix("=alice@example.com").expect("a tag");
    let behind = |delimiter: char| format!("alice{delimiter}{tag}@example.com");
    let quoted = format!("\"{tag}=alice\"@EXAMPLE.com");
    let spellings = [to.clone(), behind('+'), behind('-'), behind('#'), quoted, behind('='), behind('.')];
    let mut world = Client::from(&daemon, WORLD);
    for (number, to) in spellings.iter().enumerate() {
        let said = world.send("", &[to], &unproved());
        assert_eq!(
            (said.is_held, said.recipients.as_slice()),
            (number >= 3, [ALICE.to_owned()].as_slice()),
            "{said:?}"
        );
    }
}

#[test]
fn an_srs_address_in_all_its_spellings_is_one_address() {
    let daemon = Place::File.daemon("bounces_per_tag = 3", "[verify]\nmode = 'reject'\n");
    let to = forwarded("dave@example.net");
    let moved = to.replacen("=example.net=dave", "=example.ne=tdave", 1);
    let spellings = [to.clone(), to.replacen('=', "+", 1), to.replacen('=', "-", 1), to.to_lowercase(), moved];
    let mut world = Client::from(&daemon, WORLD);
    for (number, to) in spellings.iter().enumerate() {
        let said = world.send("", &[to], &unproved());
        assert!(said.replies.is_empty() && said.recipients.len() == 1, "{to}: {said:?}");
        assert_eq!(said.is_held, number >= 3, "{to}: {said:?}");
    }
}

/// An expired tag is taken for as long as mail may be in a queue, and no more often than before.
#[test]
fn an_expired_tag_counts_as_a_good_one() {
    let daemon = Place::File.daemon("bounces_per_tag = 3", "[verify]\nmode = 'reject'\n");
    let to = tagged(ALICE, 10);
    let mut world = Client::from(&daemon, WORLD);
    for number in 1..=6 {
        let said = world.send("", &[&to], &unproved());
        let expected = if number <= 3 { "tag-expired" } else { "tag-replayed" };
        assert_eq!((said.found("reason"), said.is_held), (expected, number > 3), "{number}: {said:?}");
    }
}

/// A mail server holds a message for all of its recipients or for none.
#[test]
fn a_recipient_that_the_message_may_hold_is_alone() {
    let daemon = Place::File.daemon("", "[verify]\nmode = 'quarantine'\n[messages]\ndaemon_senders = true\n");
    let mut world = Client::from(&daemon, WORLD);
    let (tag, srs) = (tagged(ALICE, 0), forwarded("dave@example.net"));
    for (sender, first, second) in [
        ("", tag.as_str(), "postmaster@example.com"),
        ("", "postmaster@example.com", &tag),
        ("", &tag, "carol@elsewhere.example"),
        ("", &srs, "postmaster@example.com"),
        ("", "postmaster@example.com", &srs),
        ("", &tagged(ALICE, 10), "postmaster@example.com"),
        ("MAILER-DAEMON@mx.example.net", ALICE, "carol@elsewhere.example"),
    ] {
        let replies = world.ask(sender, &[first, second]);
        assert_eq!(replies[0], None, "{first}");
        assert!(replies[1].as_ref().is_some_and(|reply| reply.starts_with("452 4.5.3 ")), "{second}: {replies:?}");
    }
    let replies = world.ask("carol@example.net", &[ALICE, "bob@example.com"]);
    assert_eq!(replies, [None, None], "mail goes to many");
}

/// In mode `mark` recipients share a message, and one of them may exceed a limit at its end.
#[test]
fn a_recipient_that_is_deferred_at_the_end_gets_the_message_of_the_others() {
    let limits = "[verify]\nmode = 'mark'\n[limits]\nbounces_per_minute = 2\n";
    let daemon = Place::File.daemon("", limits);
    let recipients = [tagged(ALICE, 0), tagged("bob@example.com", 0), tagged("carol@example.com", 0)];
    let said = Client::from(&daemon, WORLD).send("", &recipients.each_ref().map(String::as_str), &unproved());
    assert_eq!((said.recipients.len(), said.replies.len()), (3, 0), "{said:?}");
}

#[test]
fn by_line_it_counts_with_the_message() {
    for place in Place::all() {
        let daemon = place.daemon("bounces_per_tag = 2", "[verify]\nmode = 'reject'\n");
        let to = tagged(ALICE, 0);
        let message = unproved();
        let judge = format!("judge-message 192.0.2.7 whole {} <> {to}\n{message}", message.len());
        for number in 1..=4 {
            assert!(
                daemon.ask("line", format!("judge rcpt none 192.0.2.7 <> {to}\n").as_bytes()).contains("reason=tag-ok")
            );
            let answer = daemon.ask("line", judge.as_bytes());
            let expected = if number <= 2 {
                "reason=tag-ok"
            } else {
                "disposition=quarantine verdict=unverified reason=tag-replayed"
            };
            assert!(answer.contains(expected), "{number}: {answer}");
        }
    }
}

/// Each counts, and a message that is held for one of them is held for all.
#[test]
fn by_line_the_worst_of_several_recipients_decides() {
    let daemon = Place::File.daemon("bounces_per_tag = 1", "[verify]\nmode = 'reject'\n");
    let message = unproved();
    let judge = |to: &[&str]| {
        let recipients: String = to.iter().map(|to| format!(" <{to}>")).collect();
        let request = format!("judge-message 192.0.2.7 whole {} <>{recipients}\n{message}", message.len());
        daemon.ask("line", request.as_bytes())
    };
    let [alice, bob, carol] = [ALICE, "bob@example.com", "carol@example.com"].map(|mailbox| tagged(mailbox, 0));
    let (role, expired) = ("postmaster@example.com", tagged("bob@example.com", 9));
    let good = "disposition=accept verdict=genuine reason=tag-ok ";
    for (to, expected) in [
        (&[alice.as_str(), &bob][..], good),
        (&[role, &carol], good),
        (&[&expired, role], "disposition=accept verdict=unverified reason=tag-expired "),
        (&[&alice, &expired], "disposition=quarantine verdict=unverified reason=tag-replayed "),
        (&[&expired, &bob], "disposition=quarantine verdict=unverified reason=tag-replayed "),
        (&[&carol, role], "disposition=quarantine verdict=unverified reason=tag-replayed "),
        (&["dave@example.net", "no address"], "disposition=accept verdict=not-judged reason=exempt "),
        (&["no address"], "disposition=accept verdict=not-judged reason=not-judged "),
    ] {
        let answer = judge(to);
        assert!(answer.starts_with(&format!("OK {expected}")), "{to:?}: {answer}");
        assert_eq!(answer.matches("disposition=").count() - answer.matches("; disposition=").count(), 1, "{answer}");
    }
}

#[test]
fn any_number_is_taken_where_none_is_named_or_nothing_is_remembered() {
    for place in Place::all() {
        let daemon = place.daemon("bounces_per_tag = 0", "[verify]\nmode = 'reject'\n");
        let mut world = Client::from(&daemon, WORLD);
        for _ in 0..5 {
            assert_eq!(world.send("", &[&tagged(ALICE, 0)], &unproved()).found("reason"), "tag-ok");
        }
    }
}

/// The log of sent mail proves a bounce also if a tag that it returns has come too often to prove anything.
#[test]
fn a_returned_tag_hides_no_proof() {
    let rest = "[sign]\nform = 'strong'\n[messages]\nmark = false\n[verify]\nmode = 'reject'\n";
    let daemon = Place::File.daemon("bounces_per_tag = 1", rest);
    let mut ours = Client::of_ours(&daemon, WORLD);
    let tag = ours.send(ALICE, &[DAVE], &message("<1@laptop.example>")).sender.expect("a tag");
    let header = message("<1@laptop.example>");
    let returned = format!("Return-Path: <{tag}>\n{}", header.split_once("\n\n").expect("a header").0);
    let mut world = Client::from(&daemon, WORLD);
    for number in 1..=4 {
        let said = world.send("", &[ALICE], &bounce(DAVE, &returned));
        assert_eq!((said.found("origin"), said.is_held), ("sent-log", false), "{number}: {said:?}");
    }
}

/// Whatever else of ours it returns, but a proof of the message itself.
#[test]
fn quoting_tags_and_marks_of_others_does_not_help_a_replay() {
    let daemon = Place::File.daemon("", "[verify]\nmode = 'reject'\n[limits]\nbounces_per_minute = 0\n");
    let (to, bob) = (tagged(ALICE, 0), "bob@example.com");
    let header = message("<1@laptop.example>");
    let header = header.split_once("\n\n").expect("a header").0;
    let returned = [
        format!("Return-Path: <{to}>\n{header}"),
        format!("Return-Path: <{}>\n{header}", to.replace("prvs", "PRVS")),
        format!("Return-Path: <{}>\n{header}", tagged(ALICE, 1)),
        format!("Return-Path: <{}>\n{header}", tagged(bob, 0)),
        format!("X-Envelope-From: <{to}>\nReturn-Path: <{}>\n{header}", tagged(bob, 0)),
        format!("X-BATV-Mark: {}\n{header}", mark(bob, "<1@laptop.example>").0),
        format!("X-BATV-Mark: {}\n{header}", mark(ALICE, "<2@laptop.example>").0),
    ];
    let mut world = Client::from(&daemon, WORLD);
    let said: Vec<_> = (0..300).map(|number| world.send("", &[&to], &bounce(DAVE, &returned[number % 7]))).collect();
    assert!(said[..100].iter().all(|said| !said.is_held), "{said:?}");
    let taken = said[100..].iter().filter(|said| !said.is_held && said.replies.is_empty()).count();
    assert_eq!(taken, 0, "{:?}", said[100..].iter().find(|said| !said.is_held));
    assert!(said.iter().all(|said| said.replies.is_empty()), "none is refused");
    // A vacation notice is what somebody wrote to be read.
    let notice = "From: Dave <dave@example.net>\nTo: alice@example.com\nSubject: Out of office\n\
                  Auto-Submitted: auto-replied\nIn-Reply-To: <1@laptop.example>\n\nI am away.\n";
    let said = world.send("", &[&to], notice);
    assert!(!said.is_held && said.replies.is_empty(), "{said:?}");
}

/// Whoever has a mailbox of ours can have a message marked with the Message-ID of another one's.
#[test]
fn bounces_of_a_message_to_other_mailboxes_count_by_themselves() {
    for place in Place::all() {
        let daemon = place.daemon("bounces_per_message = 3", "[verify]\nmode = 'reject'\n");
        let header = message("<1@laptop.example>");
        let header = header.split_once("\n\n").expect("a header").0;
        let marked = |sender: &str| {
            let header = header.replace(ALICE, sender);
            bounce(DAVE, &format!("X-BATV-Mark: {}\n{header}", mark(sender, "<1@laptop.example>").0))
        };
        let mut world = Client::from(&daemon, WORLD);
        let mut held = |sender: &str| [(); 4].map(|()| world.send("", &[sender], &marked(sender)).is_held);
        assert_eq!(held("mallory@example.com"), [false, false, false, true], "{}", place.name());
        assert_eq!(held(ALICE), [false, false, false, true], "{}", place.name());
    }
}

#[test]
fn all_proofs_of_a_message_count_together() {
    for place in Place::all() {
        let daemon = place.daemon("bounces_per_message = 4", "[verify]\nmode = 'reject'\n");
        let left = Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
        let header = message("<1@laptop.example>");
        let header = header.split_once("\n\n").expect("a header").0;
        let field = format!("X-BATV-Mark: {}\n", left.field("X-BATV-Mark"));
        let report = bounce(DAVE, "X-Returned: nothing");
        let envelope_id = mark(ALICE, "<1@laptop.example>").1;
        let bounces = [
            bounce(DAVE, &format!("{field}{header}")),
            bounce(DAVE, &format!("{field}Message-ID: <2@laptop.example>\n{header}")),
            report.replace("Reporting-MTA:", &format!("Original-Envelope-Id: {envelope_id}\nReporting-MTA:")),
            bounce(DAVE, header),
        ];
        let mut world = Client::from(&daemon, WORLD);
        let mut say = |bounce: &String| world.send("", &[ALICE], bounce);
        let origins: Vec<_> = bounces.iter().map(|bounce| say(bounce).found("origin").to_owned()).collect();
        assert_eq!(origins, ["mark", "mark", "envelope-id", "sent-log"]);
        let held: Vec<_> = bounces.iter().map(|bounce| say(bounce).is_held).collect();
        assert_eq!(held, [true; 4], "{}", place.name());
    }
}

#[test]
fn a_message_that_is_proved_has_so_many_bounces() {
    let daemon = Place::File.daemon("bounces_per_message = 5", "[verify]\nmode = 'reject'\n");
    let header = message("<1@laptop.example>");
    let header = header.split_once("\n\n").expect("a header").0;
    let marked = bounce(DAVE, &format!("X-BATV-Mark: {}\n{header}", mark(ALICE, "<1@laptop.example>").0));
    let mut world = Client::from(&daemon, WORLD);
    for number in 1..=10 {
        let said = world.send("", &[ALICE], &marked);
        assert_eq!((said.is_held, said.replies.len()), (number > 5, 0), "{number}: {said:?}");
    }
    let header = header.replace("<1@", "<2@");
    let other = bounce(DAVE, &format!("X-BATV-Mark: {}\n{header}", mark(ALICE, "<2@laptop.example>").0));
    assert!(!world.send("", &[ALICE], &other).is_held, "another message");
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(metrics.contains("\nbatv_limits_met_total{limit=\"bounces_per_message\"} 5\n"), "{metrics}");
}
