//! Messages that are judged on threads of their own: which, and that the answer is the same.

use core::net::IpAddr;

use batv_mta::listen::handler::{Handler, Load};
use batv_mta::listen::line::Line;
use batv_mta::listen::milter::Session;
use batv_tests::site::ALICE;

use crate::support::Daemon;

const SHORT: usize = 16 * 1024;

/// A question about a bounce with so many octets of text.
fn judge_message(octets: usize) -> String {
    let message = format!("Subject: failure notice\n\n{}\n", "x".repeat(octets));
    format!("judge-message 192.0.2.7 whole {} <> {ALICE}\n{message}", message.len())
}

#[test]
fn only_long_messages_that_have_come_whole_wait_for_a_turn() {
    let long = judge_message(SHORT);
    let message = long.split_once('\n').expect("a line").1.len();
    let client: Option<IpAddr> = "192.0.2.7".parse().ok();
    assert_eq!(Line::default().load(long.as_bytes()), Some(Load { octets: message, client }));
    assert_eq!(Line::default().load(&long.as_bytes()[..long.len() - 1]), None);
    assert_eq!(Line::default().load(judge_message(100).as_bytes()), None);
    // It is judged with what stands before it.
    for before in ["verify x\n".to_owned(), judge_message(100), "verify x\r\n".repeat(100)] {
        let both = format!("{before}{long}verify x\n");
        assert_eq!(Line::default().load(both.as_bytes()), Some(Load { octets: message, client }), "{before}");
    }
    assert_eq!(Line::default().load("verify alice@example.com\n".repeat(10_000).as_bytes()), None);

    let packet = |octets: &[u8]| [&u32::try_from(octets.len()).expect("a length").to_be_bytes(), octets].concat();
    let body = packet(&[b"B".as_slice(), &vec![b'x'; SHORT]].concat());
    let end = packet(b"E");
    let session = Session::new(false);
    assert_eq!(session.load(&body), None);
    assert_eq!(session.load(&end), None);
    let both = [body, end].concat();
    assert_eq!(session.load(&both), Some(Load { octets: both.len(), client: None }));
}

#[test]
fn a_long_message_is_answered_as_a_short_one() {
    let daemon = Daemon::started("[verify]\nmode = 'reject'\n");
    let short = daemon.ask("line", judge_message(100).as_bytes());
    assert!(short.starts_with("OK "), "{short}");
    assert_eq!(daemon.ask("line", judge_message(10 * SHORT).as_bytes()), short);
    // What stands behind it in the same connection is answered after it.
    let several = [judge_message(2 * SHORT), judge_message(1), judge_message(3 * SHORT)].concat();
    assert_eq!(daemon.ask("line", several.as_bytes()), short.repeat(3));
}
