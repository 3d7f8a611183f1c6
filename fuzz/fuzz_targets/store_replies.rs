#![cfg_attr(fuzzing, no_main)]
//! Any octets as the replies of a server to the store, and as the values that it keeps: each batch ends, in an answer of its
//! shape or an error, and nothing is found that was not stored.
//!
//! U+001E stands between the replies on one connection and those on the next, and between values.

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arbitrary::{Arbitrary, Unstructured};
use batv_core::mark::MessageDigest;
use batv_core::{Algorithm, Day, Key, KeyUse, Mailbox};
use batv_fuzz::key_id;
use batv_store::alias::{self, Handle, Request};
use batv_store::counter::{self, CountingKeys, Failures, Networks, Subject};
use batv_store::guesses::{Guess, Guesses, Limits};
use batv_store::redis::{Redis, Settings};
use batv_store::sent::{self, Question};
use batv_store::{Answer, Error, Operation, Store, VALUE_LIMIT};
use batv_tests::generate::key;

/// Connections that the server answers.
const CONNECTIONS: usize = 4;
/// Replies to `HELLO 3` and to the names of the client.
const GREETING: &[u8] = b"%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n";
/// A server that closes its connections can only be waited for in vain if the client hangs.
const WAIT: Duration = Duration::from_secs(60);
const NOW: u64 = 1_795_478_400;
const BETWEEN: u8 = 0x1e;

#[derive(Arbitrary)]
struct Input<'a> {
    /// Which batches are sent.
    batches: u8,
    /// Whether the greeting comes by itself.
    greets: bool,
    /// What the store is told besides: kinds of answers.
    kinds: u8,
    replies: &'a [u8],
}

batv_fuzz::fuzz!(|data| {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let keys = [
        key(KeyUse::Batv(key_id(3)), Algorithm::HmacSha256, b"a secret of 32 octets or more ..."),
        key(KeyUse::Batv(key_id(1)), Algorithm::HmacSha1, b"s3kr1t"),
    ];
    let parts: Vec<&[u8]> = input.replies.split(|&octet| octet == BETWEEN).collect();
    said_by_a_server(&input, &parts, &keys);
    let answers: Vec<Answer> =
        (0..).zip(&parts).map(|(number, part)| answer(input.kinds >> (number % 8), part)).collect();
    means(&keys, &answers);
});

fn mailbox(text: &str) -> Mailbox<'_> {
    Mailbox::parse(text).expect("a mailbox")
}

fn question(keys: &[Key; 2]) -> Question {
    let recipients = ["bob@example.net", "carol@example.net"].map(mailbox);
    Question::new(keys, b"<1@example.com>", &mailbox("alice@example.com"), &recipients)
}

fn guesses(keys: &[Key; 2]) -> Guesses {
    Guesses::of(
        &CountingKeys::from(&keys[0]),
        "192.0.2.7".parse().ok(),
        &Subject::mailbox(&mailbox("alice@example.com")),
        NOW,
    )
}

fn said_by_a_server(input: &Input<'_>, parts: &[&[u8]], keys: &[Key; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).expect("a socket");
    let is_over = AtomicBool::new(false);
    let threads_before = threads_there();
    thread::scope(|threads| {
        let server = threads.spawn(|| {
            for number in 0.. {
                let Ok((connection, _)) = listener.accept() else { return };
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let replies = if number < CONNECTIONS { parts.get(number).copied().unwrap_or_default() } else { &[] };
                reply(connection, if input.greets { GREETING } else { &[] }, replies);
            }
        });
        let settings = Settings::new(&format!("unix://{}", path.display())).expect("an address");
        let store = Redis::new(&settings).expect("a thread");
        ask(&store, input.batches, keys);
        drop(store);
        is_over.store(true, Ordering::Relaxed);
        drop(UnixStream::connect(&path));
        server.join().expect("a server");
        // What a thread has when it is not quite over would be reported as leaked.
        while threads_there() > threads_before {
            thread::sleep(Duration::from_micros(100));
        }
    });
}

/// Number of the threads of this process; 0 where the system doesn't say.
fn threads_there() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Says all, and listens until the client goes.
fn reply(mut connection: UnixStream, greeting: &[u8], replies: &[u8]) {
    // The client may have heard enough.
    drop(connection.write_all(&[greeting, replies].concat()));
    drop(connection.shutdown(std::net::Shutdown::Write));
    drop(connection.read_to_end(&mut Vec::new()));
}

fn ask(store: &Redis, batches: u8, keys: &[Key; 2]) {
    let alice = mailbox("alice@example.com");
    let flag = |number: u8| batches >> number & 1 == 1;
    if flag(0) {
        let question = question(keys);
        if let Some(answers) = run(store, question.operations()) {
            found(&question, &answers);
        }
    }
    if flag(1) {
        let _ = guesses(keys).defer(Guess::WRONG, &Limits::default(), |batch| run(store, batch));
    }
    if flag(2) {
        let counting = CountingKeys::from(&keys[0]);
        let mut batch = counter::bounce(&counting, "2026-12-01 alice@example.com", NOW + 86_400);
        let message = MessageDigest::of(b"<1@example.com>");
        batch.extend(counter::bounce_of(&counting, &alice, &message, NOW + 86_400));
        batch.push(alias::resolve(Handle::new(*b"0123456789")));
        if let Some(answers) = run(store, batch) {
            assert!(alias::resolved(&answers[2]).is_none_or(|text| Mailbox::parse(text).is_ok()));
        }
    }
    if flag(3) {
        run(store, sent::remember(keys, b"<1@example.com>", &alice, [&alice], Day::new(20_781).expect("a day"), 14));
    }
    if flag(4) {
        match Request::new(&keys[0], &alice, b"192.0.2.7", 86_400).handle(store, NOW, WAIT) {
            Ok(handle) => assert!(Handle::of(&mailbox(&handle.mailbox("example.com"))) == Some(handle)),
            Err(error) => has_failed(&error),
        }
    }
}

/// The answers of a batch, which are of its shape.
fn run(store: &Redis, batch: Vec<Operation>) -> Option<Vec<Answer>> {
    match store.run(batch.clone(), NOW, WAIT) {
        Ok(answers) => {
            assert_eq!(answers.len(), batch.len());
            for (operation, answer) in batch.iter().zip(&answers) {
                assert!(
                    matches!(
                        (operation, answer),
                        (Operation::Put { .. }, Answer::Done { .. })
                            | (Operation::Get { .. }, Answer::Value(_))
                            | (Operation::Count { .. }, Answer::Total(_))
                    ),
                    "{operation:?} {answer:?}"
                );
            }
            Some(answers)
        }
        Err(error) => {
            has_failed(&error);
            None
        }
    }
}

/// The error names the server's words, on one line, and its thread goes on.
fn has_failed(error: &Error) {
    let Error::Failed { reason, .. } = error else { panic!("{error}") };
    assert!(!reason.contains(char::is_control) && reason.chars().count() <= 200, "{reason:?}");
    assert_ne!(reason, "its thread has ended");
}

fn answer(kind: u8, part: &[u8]) -> Answer {
    let number = || part.iter().take(4).fold(0, |number, octet| number << 8 | u32::from(*octet));
    match kind & 3 {
        0 => Answer::Total(number()),
        1 if part.is_empty() => Answer::Value(None),
        2 => Answer::Done { dropped: number() },
        _ => Answer::Value(Some(part.iter().copied().take(VALUE_LIMIT).collect())),
    }
}

/// A day is found only where it was stored.
fn found(question: &Question, answers: &[Answer]) {
    let findings = question.findings(answers);
    assert_eq!(findings.recipients.len(), 2);
    for day in findings.recipients.iter().chain([&findings.message]).flatten() {
        let value = Answer::Value(Some(day.number().to_be_bytes().to_vec()));
        assert!(answers.contains(&value), "{day} {answers:?}");
    }
}

fn means(keys: &[Key; 2], answers: &[Answer]) {
    let alice = mailbox("alice@example.com");
    found(&question(keys), answers);

    let failures = Failures::of(
        &CountingKeys::from(&keys[0]),
        &Subject::network("192.0.2.7".parse().expect("one"), Networks::default()),
        3600,
        NOW + 77,
    );
    let total = failures.total(answers);
    match answers {
        [Answer::Total(present), Answer::Total(before), ..] => {
            assert!((*present..=present.saturating_add(*before)).contains(&total), "{total} {answers:?}");
        }
        _ => assert_eq!(total, 0),
    }

    let guesses = guesses(keys);
    let is_deferred = |guess, limits| guesses.defer(guess, &limits, |_| Some(answers.to_vec()));
    let unlimited = Limits { per_network: 0, per_mailbox: 0 };
    for guess in [Guess::RIGHT, Guess::WRONG] {
        assert!(!is_deferred(guess, unlimited), "{answers:?}");
        let _ = is_deferred(guess, Limits::default());
    }

    let request = Request::new(&keys[0], &alice, b"192.0.2.7", 86_400);
    for answer in answers {
        if let Some(text) = alias::resolved(answer) {
            assert_eq!(*answer, Answer::Value(Some(text.as_bytes().to_vec())));
            // The reverse-path of a bounce goes there.
            assert!(Mailbox::parse(text).is_ok() && !text.contains(char::is_control), "{text:?}");
        }
        if let Some(handle) = request.known(answer) {
            assert_eq!(*answer, Answer::Value(Some(handle.octets().to_vec())));
            assert_eq!(Handle::of(&mailbox(&handle.mailbox("example.com"))), Some(handle));
            assert_eq!(Handle::of(&mailbox(&handle.srs_mailbox())), Some(handle));
        }
        let counted = counter::total(core::slice::from_ref(answer));
        assert_eq!(counted.map(Answer::Total).as_ref(), Some(answer).filter(|_| matches!(answer, Answer::Total(_))));
    }
}
