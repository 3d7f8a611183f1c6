//! The sent log, over real stores and a change of keys.

use batv_core::{Algorithm, Day, Key, KeyId, KeyState, KeyUse, Mailbox};
use batv_store::sent::{DEFAULT_DAYS, Question, remember};
use batv_store::{Answer, Store, Table};

use crate::place::{NOW, Place, answers};

const ID: &[u8] = b"<20261125.1@example.com>";

fn batv_key(id: u8) -> Key {
    Key::new(KeyUse::Batv(KeyId::new(id).unwrap()), Algorithm::HmacSha256, &[id + 1; 32]).unwrap()
}

fn mailbox(text: &str) -> Mailbox<'_> {
    Mailbox::parse(text).unwrap()
}

fn today() -> Day {
    Day::from_unix_seconds(NOW.cast_signed()).unwrap()
}

fn ask(store: &dyn Store, keys: &[Key], id: &[u8], recipients: &[&str], now: u64) -> (bool, Vec<bool>) {
    let recipients: Vec<_> = recipients.iter().copied().map(mailbox).collect();
    let question = Question::new(keys, id, &mailbox("alice@example.com"), &recipients);
    let findings = question.findings(&answers(store, question.operations(), now));
    let is_today = |day: Option<Day>| {
        assert!(day.is_none_or(|day| day == today()));
        day.is_some()
    };
    (is_today(findings.message), findings.recipients.into_iter().map(is_today).collect())
}

#[test]
fn the_message_and_each_recipient_are_found_as_they_come_back() {
    for place in Place::all() {
        let store = place.open();
        let keys = [batv_key(3)];
        let recipients = [mailbox("Bob@Example.NET"), mailbox("\"carol c\"@example.net")];
        let batch = remember(&keys, ID, &mailbox("alice@example.com"), &recipients, today(), DEFAULT_DAYS);
        assert_eq!(batch.len(), 3);
        answers(&*store, batch, NOW);

        let to =
            ["bob@example.net", "BOB@example.net", "\"Carol C\"@example.net", "dave@example.net", "bob@example.org"];
        let found = vec![true, true, true, false, false];
        for id in [ID, b"20261125.1@example.com", b"  <20261125.1\r\n @example.com>\t"] {
            assert_eq!(ask(&*store, &keys, id, &to, NOW), (true, found.clone()), "{}", place.name());
        }
        for id in [&b"<20261125.2@example.com>"[..], b"<20261125.1@EXAMPLE.com>", b"", b"<>"] {
            assert_eq!(ask(&*store, &keys, id, &to, NOW), (false, vec![false; 5]), "{}", place.name());
        }
        // Another's key, and another use of the same one, tell nothing.
        assert_eq!(ask(&*store, &[batv_key(4)], ID, &to, NOW), (false, vec![false; 5]));
    }
}

#[test]
fn it_is_remembered_for_so_many_days() {
    for place in Place::all() {
        let store = place.open();
        let keys = [batv_key(3)];
        answers(&*store, remember(&keys, ID, &mailbox("alice@example.com"), [], today(), 30), NOW);
        let end = u64::from(today().number() + 31) * 86_400;
        assert!(ask(&*store, &keys, ID, &[], end - 1).0);
        assert!(!ask(&*store, &keys, ID, &[], end).0);
    }
}

#[test]
fn a_new_key_loses_nothing_until_the_old_one_is_retired() {
    for place in Place::all() {
        let store = place.open();
        let (alice, bob) = (mailbox("alice@example.com"), mailbox("bob@example.net"));
        let other: &[u8] = b"<2@example.com>";
        answers(&*store, remember(&[batv_key(3)], ID, &alice, [&bob], today(), 30), NOW);
        let rotated = [batv_key(3).with_state(KeyState::Verifying), batv_key(4)];
        answers(&*store, remember(&rotated, other, &alice, [&bob], today(), 30), NOW);
        for id in [ID, other] {
            assert_eq!(ask(&*store, &rotated, id, &["bob@example.net"], NOW), (true, vec![true]));
        }
        // On a host that has not heard of it yet, too.
        let behind = [batv_key(3), batv_key(4).with_state(KeyState::Verifying)];
        assert_eq!(ask(&*store, &behind, other, &["bob@example.net"], NOW), (true, vec![true]));
        let retired = [batv_key(3).with_state(KeyState::Retired), batv_key(4)];
        assert_eq!(ask(&*store, &retired, ID, &["bob@example.net"], NOW), (false, vec![false]));
        assert_eq!(ask(&*store, &retired, other, &["bob@example.net"], NOW), (true, vec![true]));
    }
}

#[test]
fn nothing_is_remembered_that_could_not_be_found() {
    let (alice, bob) = (mailbox("alice@example.com"), mailbox("bob@example.net"));
    let put = |keys: &[Key], id: &[u8], sender| remember(keys, id, sender, [&bob], today(), 30).len();
    assert_eq!(put(&[batv_key(3)], ID, &alice), 2);
    assert_eq!(put(&[batv_key(3)], b" <> ", &alice), 0);
    assert_eq!(put(&[batv_key(3).with_state(KeyState::Verifying)], ID, &alice), 0);
    assert_eq!(put(&[], ID, &alice), 0);
    assert_eq!(put(&[batv_key(3)], ID, &mailbox("prvs=3788433eb7=alice@example.com")), 0);
}

#[test]
fn nothing_in_it_is_a_name() {
    let keys = [batv_key(3)];
    let recipients = [mailbox("bob@example.net")];
    let shown = format!("{:?}", remember(&keys, ID, &mailbox("alice@example.com"), &recipients, today(), 30));
    for word in ["alice", "bob", "example", "20261125"] {
        assert!(!shown.contains(word), "{shown}");
    }
}

#[test]
fn answers_that_make_no_sense_say_nothing() {
    let keys = [batv_key(3), batv_key(4).with_state(KeyState::Verifying)];
    let question = Question::new(&keys, ID, &mailbox("alice@example.com"), &[mailbox("bob@example.net")]);
    assert_eq!(question.operations().len(), 4);
    let value = |octets: &[u8]| Answer::Value(Some(octets.to_vec()));
    for answers in [
        vec![],
        vec![Answer::Done { dropped: 0 }, Answer::Total(20_781)],
        vec![value(b""), value(b"\0\0\x51"), value(b"\0\0\0\x51\x2d"), value(&[0xff; 4])],
    ] {
        let findings = question.findings(&answers);
        assert_eq!((findings.message, findings.recipients), (None, vec![None]), "{answers:?}");
    }
    let day = |number: u32| value(&number.to_be_bytes());
    let findings = question.findings(&[day(5), Answer::Value(None), day(7), day(6)]);
    assert_eq!((findings.message, findings.recipients), (Day::new(7).ok(), vec![Day::new(6).ok()]));
    assert!(
        question
            .operations()
            .iter()
            .all(|operation| matches!(operation, batv_store::Operation::Get { table: Table::Sent, .. }))
    );
}
