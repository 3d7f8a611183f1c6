//! Much mail through Postfix while the daemon is reloaded, killed and started again: none is lost, none is doubled, all
//! is tagged. `BATV_MESSAGES` says how much (scripts/jobs/soak); its measurements go to standard error.

use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use batv_core::TagVerdict;
use batv_tests::host::wait_for;
use batv_tests::site::{ALICE, verdict};
use batv_tests::smtp::Client;

use crate::postfix::Postfix;
use crate::server::Server;
use crate::support::Daemon;

const CONFIGURATION: &str = "[clients]\ninternal_networks = []\n[verify]\nmode = \"reject\"\n";
const KILLS: [fn(&mut Daemon); 3] = [Daemon::kill, Daemon::kill_supervisor, Daemon::kill_worker];
/// Clients at a time.
const CLIENTS: usize = 10;
const DEFAULT_MESSAGES: usize = 2000;
const DEFAULT_QUIET: usize = 200;
/// They tell the difference that a milter makes as well as more.
const MOST_COMPARED: usize = 20_000;

pub(crate) fn keeps_all_mail() {
    let measured = std::env::var("BATV_MESSAGES").ok().map(|text| text.parse().expect("a number"));
    let messages = measured.unwrap_or(DEFAULT_MESSAGES);
    let mut server = Server::start(&Postfix, CONFIGURATION, "");
    let pause = Duration::from_millis(if messages > 10_000 { 1000 } else { 100 });
    let (mut reloads, mut kills) = (0, 0);
    let sent = AtomicUsize::new(0);
    let port = server.submission;
    let (took, put_off) = thread::scope(|scope| {
        let sender = scope.spawn(|| send(port, "disturbed", messages, &sent));
        while !sender.is_finished() {
            thread::sleep(pause);
            if let Some(kill) = KILLS.get(kills)
                && sent.load(Ordering::Relaxed) > (kills + 1) * messages / (KILLS.len() + 1)
            {
                kill(&mut server.daemon);
                server.daemon.start();
                kills += 1;
            } else {
                server.daemon.reload();
                reloads += 1;
            }
        }
        sender.join().expect("all mail is taken")
    });
    assert_eq!(kills, KILLS.len(), "mail was quicker than the disturbance");
    eprintln!(
        "{messages} messages, {reloads} reloads, {kills} kills: {put_off} put off (451), {:.0} a second",
        rate(messages, took)
    );
    delivered(&server, "disturbed", messages, true);

    let messages = measured.map_or(DEFAULT_QUIET, |messages| messages.min(MOST_COMPARED));
    let quiet = send(port, "quiet", messages, &AtomicUsize::new(0));
    assert_eq!(quiet.1, 0, "put off without a reason");
    delivered(&server, "quiet", messages, true);
    if measured.is_none() {
        return;
    }
    Postfix::without_milters(&server);
    let without = send(port, "without", messages, &AtomicUsize::new(0));
    delivered(&server, "without", messages, false);
    eprintln!(
        "undisturbed: {:.0} messages a second with the milter, {:.0} without: {:.2} of it",
        rate(messages, quiet.0),
        rate(messages, without.0),
        without.0.as_secs_f64() / quiet.0.as_secs_f64()
    );
}

fn rate(messages: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(messages).expect("not so many")) / took.as_secs_f64()
}

/// Sends all, each to a recipient of its own, and whatever is put off again. Says how long it took, and how often
/// something was put off.
fn send(port: u16, name: &str, messages: usize, sent: &AtomicUsize) -> (Duration, usize) {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let put_off = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = Client::connect(port);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= messages {
                        break;
                    }
                    let recipient = format!("{name}-{number}@example.net");
                    loop {
                        let reply = client.offer(ALICE, &recipient).expect("a reply");
                        if reply.starts_with("250 ") {
                            break;
                        }
                        assert!(reply.starts_with("451 "), "{recipient}: {reply}");
                        put_off.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(20));
                        client = Client::connect(port);
                    }
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    (start.elapsed(), put_off.into_inner())
}

/// Files in the queue.
fn waiting(server: &Server) -> usize {
    fn files(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
    }
    ["maildrop", "incoming", "deferred", "active"].map(|name| files(&server.path("queue").join(name))).iter().sum()
}

/// Each recipient has got one message, with a tag or without one.
fn delivered(server: &Server, name: &str, messages: usize, is_tagged: bool) {
    // As long as something arrives there is no hurry.
    while waiting(server) > 0 {
        let before = server.next_hop.count();
        wait_for("delivery", || (server.next_hop.count() > before || waiting(server) == 0).then_some(()));
    }
    let prefix = format!("{name}-");
    let mut times = BTreeMap::new();
    for envelope in server.delivered() {
        let [recipient] = &envelope.recipients[..] else { panic!("{:?}", envelope.recipients) };
        if recipient.starts_with(&prefix) {
            *times.entry(recipient.clone()).or_insert(0) += 1;
            let expected = if is_tagged { TagVerdict::Valid } else { TagVerdict::Untagged };
            assert_eq!(verdict(&envelope.sender), expected, "{}", envelope.sender);
        }
    }
    assert_eq!(times.len(), messages);
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}
