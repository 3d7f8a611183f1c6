//! The sent log, as proof of bounces without tag and mark.

use batv_tests::site::{ALICE, date};

use super::mail::{Client, WORLD, bounce_of, message};
use super::place::Place;

const DAVE: &str = "dave@example.net";

/// Whatever has no mark is disproved, unless the log proves it.
fn reject() -> String {
    format!("[messages]\nmarked_since = {}\n[verify]\nmode = 'reject'\n", date(40))
}

#[test]
fn only_sent_messages_are_proved() {
    for place in Place::all() {
        let daemon = place.daemon("", &reject());
        let mut alice = Client::of_ours(&daemon, WORLD);
        let mut world = Client::from(&daemon, WORLD);
        let left = alice.send(ALICE, &[DAVE, "\"e f\"@example.net"], &message("<1@laptop.example>"));
        assert!(left.sender.expect("a tag").starts_with("prvs=4"));
        // One that batvd named.
        let added = alice.send(ALICE, &[DAVE], &message("")).field("Message-ID").to_owned();
        assert!(added.ends_with("@example.com>"), "{added}");
        for (id, recipient, reason, origin) in [
            ("<1@laptop.example>", DAVE, "original-proved", "sent-log"),
            ("<1@laptop.example>", "Dave@Example.NET", "original-proved", "sent-log"),
            ("<1@laptop.example>", "\"e f\"@example.net", "original-proved", "sent-log"),
            (&added, DAVE, "original-proved", "sent-log"),
            // The Message-ID may have been seen elsewhere.
            ("<1@laptop.example>", "carol@example.org", "backscatter-unverified", "hint"),
            (&added, "\"e f\"@example.net", "backscatter-unverified", "hint"),
        ] {
            // From an ordinary address, which is looked up in the sent log, too.
            let said = world.send("", &[ALICE], &bounce_of(recipient, id).replace("To: dave@", "To: erin@"));
            assert_eq!((said.found("reason"), said.found("origin")), (reason, origin), "{id} {recipient}: {said:?}");
            assert_eq!(said.is_held, origin == "hint", "{said:?}");
        }
        // A stranger's Message-ID, and another one of our own domain.
        for id in ["<1@example.org>", "<2@mallory.example>"] {
            let said = world.send("", &[ALICE], &bounce_of(DAVE, id));
            assert!(said.reply().starts_with("550 5.7.1 "), "{id}: {said:?}");
        }
        // Mail of other clients is not remembered.
        world.send(ALICE, &[DAVE], &message("<3@mallory.example>"));
        let said = world.send("", &[ALICE], &bounce_of(DAVE, "<3@mallory.example>"));
        assert!(said.reply().starts_with("550 5.7.1 "), "{said:?}");
    }
}

#[test]
fn receipts_and_answers_are_proved_by_the_messages_that_they_answer() {
    for place in Place::all() {
        let daemon = place.daemon("", &reject());
        Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
        let mut world = Client::from(&daemon, WORLD);
        let receipt = |id: &str| {
            format!(
                "From: dave@example.net\nTo: alice@example.com\nSubject: Read: the minutes\nMIME-Version: 1.0\n\
                 Content-Type: multipart/report; report-type=disposition-notification; boundary=\"=_b\"\n\n\
                 --=_b\nContent-Type: text/plain\n\nIt was read.\n\n\
                 --=_b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; dave@example.net\n\
                 Original-Message-ID: {id}\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--=_b--\n"
            )
        };
        let vacation = |id: &str| {
            format!(
                "From: Dave <dave@example.net>\nTo: alice@example.com\nSubject: Out of office: the minutes\n\
                 In-Reply-To: {id}\nAuto-Submitted: auto-replied (vacation)\n\nI am away until Monday.\n"
            )
        };
        for (answer, id, reason, origin) in [
            (&receipt as &dyn Fn(&str) -> String, "<1@laptop.example>", "mdn-proved", "sent-log"),
            (&receipt, "<2@laptop.example>", "mdn-unverified", ""),
            (&vacation, "<1@laptop.example>", "auto-reply-proved", "sent-log"),
            (&vacation, "<2@laptop.example>", "auto-reply-unverified", ""),
        ] {
            let said = world.send("", &[ALICE], &answer(id));
            assert_eq!(said.found("reason"), reason, "{said:?}");
            assert!(origin.is_empty() || said.found("origin") == origin, "{said:?}");
        }
        // Another mailbox answers than the recipient.
        let said = world.send("", &[ALICE], &vacation("<1@laptop.example>").replace("dave@", "mallory@"));
        assert_eq!((said.found("reason"), said.found("origin")), ("auto-reply-unverified", "hint"), "{said:?}");
    }
}

#[test]
fn a_log_that_is_not_kept_proves_nothing() {
    for place in Place::all() {
        let daemon = place.daemon("sent_days = 0", &reject());
        Client::of_ours(&daemon, WORLD).send(ALICE, &[DAVE], &message("<1@laptop.example>"));
        let said = Client::from(&daemon, WORLD).send("", &[ALICE], &bounce_of(DAVE, "<1@laptop.example>"));
        assert!(said.reply().starts_with("550 5.7.1 "), "{said:?}");
    }
}

#[test]
fn the_line_protocol_has_it_remembered_too() {
    for place in Place::all() {
        let daemon = place.daemon("", &reject());
        let requests = "sent <alice@example.com> <1@laptop.example> <dave@example.net> <\"e f\"@example.net>\n\
                        sent <alice@example.com> <2@laptop.example> dave@example.net carol@example.org\r\n\
                        sent <alice@example.com> <3@laptop.example>\nsent <bob@example.org> <4@laptop.example> dave@example.net\n\
                        sent <alice@example.com>\nsent <> <5@laptop.example> dave@example.net\n";
        let answers = daemon.ask("line", requests.as_bytes());
        assert!(answers.starts_with("NO\nNO\nNO\nNO\nPERM ") && answers.ends_with("\nNO\n"), "{answers}");
        let mut world = Client::from(&daemon, WORLD);
        for (id, recipient, origin) in [
            ("<1@laptop.example>", DAVE, "sent-log"),
            ("<1@laptop.example>", "\"e f\"@example.net", "sent-log"),
            ("<2@laptop.example>", "carol@example.org", "sent-log"),
            ("<3@laptop.example>", DAVE, "hint"),
            ("<4@laptop.example>", DAVE, "disproved"),
        ] {
            let said = world.send("", &[ALICE], &bounce_of(recipient, id));
            let found = if said.reply().starts_with("550 5.7.1 ") { "disproved" } else { said.found("origin") };
            assert_eq!(found, origin, "{id} {recipient}: {said:?}");
        }
    }
}

#[test]
fn only_fingerprints_are_kept() {
    for place in Place::all() {
        let daemon = place.daemon("", &reject());
        let mut alice = Client::of_ours(&daemon, WORLD);
        for number in 0..20 {
            alice.send(ALICE, &[DAVE, "carol@example.org"], &message(&format!("<{number}.token@laptop.example>")));
        }
        Client::from(&daemon, WORLD).ask("", &["prvs=4000000000=alice@example.com"]);
        let octets = place.octets(&daemon);
        // That there is something to be found at all.
        assert!(octets.len() > 1_000, "{} octets", octets.len());
        for secret in ["alice", "dave", "carol", "example", "token", "192.0.2", "s3kr1t", "prvs"] {
            let is_there = octets.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes()));
            assert!(!is_there, "{secret}");
        }
    }
}
