//! The examples, which are whole programs, and the server against a changed file.

#[path = "../../examples/own_keys.rs"]
#[expect(dead_code, reason = "`main` is called by nobody here")]
mod own_keys;
#[path = "../../examples/smtp_server.rs"]
#[expect(dead_code, reason = "`main` is called by nobody here")]
mod smtp_server;
#[path = "../../examples/submission.rs"]
#[expect(dead_code, reason = "`main` is called by nobody here")]
mod submission;

mod decisions;
mod examples;
mod readme;
mod server;

/// A bounce that returns a message which is not ours.
const FOREIGN: &str = "From: MAILER-DAEMON@mx.example.net\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
    --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
    Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\
    --b\nContent-Type: text/rfc822-headers\n\nReceived: from mx.example.org\nFrom: alice@example.com\n\
    Date: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n--b--\n";
