//! Postfix's policy service (SMTPD_POLICY_README): attributes one per line, an empty line, and one `action=` in reply.
//!
//! Each recipient is judged by itself, because the protocol does not connect the recipients of a message.

use crate::client::Client;
use crate::listen::handler::{Flow, Handler, each_request, ended_by};
use crate::protocol::Protocol;
use crate::settings::Settings;
use crate::transaction::Transaction;
use crate::transaction::recipient::RcptReply;
use alloc::sync::Arc;

/// Longest request, in octets.
const REQUEST_LIMIT: usize = 64 * 1024;

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::listen::policy::PolicyService;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// let request = b"sender=\nrecipient=alice@example.com\nprotocol_state=RCPT\n\n";
/// assert_eq!(PolicyService.receive(request, &settings, &mut answer), (request.len(), Flow::Continue));
/// assert_eq!(answer, b"action=DUNNO\n\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct PolicyService;

impl Handler for PolicyService {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Policy, octets, out, ended_by(b"\n\n", REQUEST_LIMIT), |request, out| {
            out.extend_from_slice(format!("action={}\n\n", action(request, settings)).as_bytes());
            Flow::Continue
        })
    }
}

fn action(request: &[u8], settings: &Arc<Settings>) -> String {
    let attribute = |name: &str| {
        request.split(|&octet| octet == b'\n').find_map(|line| {
            // A value may contain `=`.
            line.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
        })
    };
    let text = |name| attribute(name).and_then(|value| str::from_utf8(value).ok()).unwrap_or_default();
    if text("protocol_state") != "RCPT" {
        return "DUNNO".to_owned();
    }
    let client = Client {
        address: text("client_address").parse().ok(),
        authenticated: !text("sasl_method").is_empty(),
        ..Client::default()
    };
    let mut transaction = Transaction::new(Protocol::Policy, client, attribute("sender").unwrap_or_default(), settings);
    transaction.set_queue_id(text("queue_id"));
    let recipient = attribute("recipient").unwrap_or_default();
    match transaction.recipient(recipient, recipient, "") {
        RcptReply::Continue => "DUNNO".to_owned(),
        RcptReply::Reply(reply) => reply,
    }
}
