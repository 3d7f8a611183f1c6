//! The decisions that all ways in have to agree on, put to the listeners.
//!
//! The log has the fields that a protocol doesn't show.

mod filter;
mod line;
mod milter;
mod policy;
mod socketmap;

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use batv_config::Keyring;
use batv_core::envelope::Stage;
use batv_core::{Day, Mailbox};
use batv_mta::config::Config;
use batv_mta::files::FileSystem;
use batv_mta::listen::handler::Handler;
use batv_mta::listen::line::Line;
use batv_mta::settings::Settings;
use batv_mta::store::Store as SharedStore;
use batv_policy::address;
use batv_report::{Event, Told};
use batv_tests::vectors::decisions::{self, Handle, Heard, NOTHING, Question, Row, Said, Sent, Store, WrongTags};
use tempfile::TempDir;
use tracing::Level;
use tracing::subscriber::with_default;

/// So many wrong tags that it is of no matter when a day ends.
const WRONG_TAGS: usize = 6;
/// The shape of the start of a reply: a code, and an enhanced one.
const CODES: usize = "250 2.1.5".len();
/// Characters of a handle.
const HANDLE: usize = 16;
const TAKEN: &str = "250 2.1.5";
/// Recipient who is never refused.
const POSTMASTER: &str = "postmaster@example.com";
/// The needs of a row that a protocol lacks.
const MESSAGE: &str = "message";
const END_OF_DATA: &str = "end of data";
const BEFORE: &str = "recipients before";
const CLIENT: &str = "client";
const CALLER: &str = "caller";

/// The lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn take(&self) -> String {
        let octets = core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8(octets).expect("UTF-8")
    }
}

/// The daemon of one row, and the content of its store.
struct Host {
    settings: Arc<Settings>,
    log: Log,
    /// Ends with it.
    _folder: TempDir,
}

impl Host {
    fn new(row: &Row<'_>, today: Day, log: &Log) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = match row.answers().store() {
            Store::None => "none".to_owned(),
            Store::There => format!("sqlite:{}/store.sqlite", folder.path().display()),
            Store::Down => format!("unix://{}/nobody.sock", folder.path().display()),
        };
        let config = Config::parse(&row.batvd_toml(today, &store)).expect("a configuration");
        let opened = Arc::new(SharedStore::open(&config.store, &FileSystem).expect("a store"));
        let keyring = Keyring::parse(&row.keyring(today)).expect("a keyring");
        let settings = Settings::new(config, keyring).expect("settings").with_store(&opened);
        Self { settings: Arc::new(settings), log: log.clone(), _folder: folder }
    }

    fn tell(&self, listener: &mut impl Handler, octets: &[u8]) -> String {
        let mut answer = Vec::new();
        let (taken, _) = listener.receive(octets, &self.settings, &mut answer);
        assert_eq!(taken, octets.len(), "{}", octets.escape_ascii());
        String::from_utf8(answer).expect("UTF-8")
    }

    fn line(&self, request: &str) -> String {
        self.tell(&mut Line::default(), request.as_bytes())
    }

    /// The handle with which a sender leaves.
    fn handle(&self, sender: &str, for_what: Handle) -> String {
        let map = match for_what {
            Handle::Tag => "sign",
            Handle::Srs => "srs-forward",
        };
        let answer = self.line(&format!("{map} {sender}\n"));
        let (_, rest) = answer.split_once("alias=").unwrap_or_else(|| panic!("no handle: {answer}"));
        let handle = &rest[..HANDLE];
        match for_what {
            Handle::Tag => format!("alias={handle}@{}", sender.rsplit('@').next().unwrap_or_default()),
            Handle::Srs => format!("{handle}@alias"),
        }
    }

    /// Lets that happen which limits and store are to answer with.
    fn prepare(&self, row: &Row<'_>, question: &Question, today: Day) {
        let (answers, client) = (row.answers(), row.client().address());
        if let Some(too_many) = answers.too_many_wrong_tags {
            let wrong = match too_many {
                WrongTags::FromNetwork => row.fill("{forged bob@example.com}", today),
                WrongTags::ToMailbox => row.fill("{forged {me}}", today),
            };
            for _ in 0..WRONG_TAGS {
                self.line(&format!("judge rcpt none {client} <carol@example.org> {wrong}\n"));
            }
        }
        if let Some(Sent { message_id: Some(message_id), to: Some(to), .. }) = &answers.sent
            && row.answers().store() == Store::There
        {
            let remembered = self.line(&format!("sent <{}> {message_id} {to}\n", row.me()));
            assert_eq!(remembered, "NO\n");
        }
        if answers.replayed == Some(true) || answers.proof_replayed == Some(true) {
            let message = question.message.as_deref().expect("a message");
            let request = format!("judge-message {client} whole {} <> {}\n{message}", message.len(), question.to);
            for _ in 0..2 {
                assert!(self.line(&request).starts_with("OK "));
            }
        }
        self.log.take();
    }

    /// The line of the log on the last recipient.
    fn logged(&self, row: &Row<'_>) -> Said {
        let log = self.log.take();
        let mut said = Said::new();
        for line in log.lines() {
            let Some(Event { told: Told::Decision(told), .. }) = Event::parse(line) else { continue };
            let is_taken = !matches!(told.disposition, "reject" | "tempfail");
            let mut say = |field, value: &str| said.insert(field, value.to_owned());
            say("verdict", told.verdict);
            say("reason", told.reason);
            say("disposition", told.disposition);
            say("mode", told.mode);
            say("in_reject", told.in_reject.expect("the effect of mode reject"));
            say("deliver_to", if is_taken { &told.to } else { NOTHING });
            let at = if row.at() == Stage::EndOfData { "data" } else { "rcpt" };
            if told.at == "data" {
                assert_eq!(at, "data", "{line}");
                say("class", told.class.unwrap_or(NOTHING));
                say("origin", told.origin.unwrap_or(NOTHING));
            }
        }
        said
    }
}

/// Brings no bounce: for listeners that know no client.
fn bring_none(_: &Host, _: &str) {}

/// The start of a reply.
fn codes(reply: &str) -> String {
    reply.get(..CODES).unwrap_or(reply).to_owned()
}

/// An address as it is shown.
fn shown(address: &str) -> String {
    let spelled = address::path(address.as_bytes()).unwrap_or_else(|error| panic!("{address}: {error}"));
    Mailbox::parse(spelled.as_ref()).map_or_else(|error| format!("{address}: {error}"), |mailbox| mailbox.to_string())
}

/// The values of X-BATV-Verdict that the log lacks, for a recipient that was settled at RCPT TO.
fn complete(said: &mut Said, verdict_field: Option<&str>) {
    for word in verdict_field.into_iter().flat_map(|field| field.split("; ")) {
        match word.split_once('=') {
            Some(("class", class)) => said.entry("class").or_insert_with(|| class.to_owned()),
            Some(("origin", origin)) => said.entry("origin").or_insert_with(|| origin.to_owned()),
            Some(("disposition", disposition)) => {
                let logged = said.get("disposition").cloned().unwrap_or_default();
                assert_eq!(disposition, logged, "the field and the log");
                continue;
            }
            _ => continue,
        };
    }
}

/// The header fields of a message, as they are folded, and its body.
fn parts(message: &str) -> (Vec<(&str, String)>, &str) {
    let (header, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in header.lines() {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut().expect("a field");
            *value += &format!("\n{line}");
        } else {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line}"));
            fields.push((name, value.to_owned()));
        }
    }
    (fields, body)
}

/// Puts all rows to a listener: `ask` asks it of a row, in the words of this reverse-path; `bring` brings a bounce from this
/// client to [`POSTMASTER`], to the end of DATA where the listener sees it.
fn agree(
    way: &str,
    cannot: impl Fn(&Row<'_>) -> Option<&'static str>,
    bring: impl Fn(&Host, &str),
    ask: impl Fn(&Host, &Row<'_>, &Question, &str) -> Said,
) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .finish();
    let put = |row: &Row<'_>, today: Day| {
        if let Some(needed) = cannot(row) {
            return Err(needed);
        }
        let host = Host::new(row, today, &log);
        let question = row.question(today, &|sender, for_what| host.handle(sender, for_what));
        host.prepare(row, &question, today);
        if row.answers().too_many_bounces {
            await_minute();
            bring(&host, row.client().address());
            host.log.take();
        }
        let said = ask(&host, row, &question, row.from);
        Ok(Heard { expected: question.expected, said })
    };
    with_default(subscriber, || decisions::agree(way, put));
}

/// Bounces are counted by the minute: none begins now.
fn await_minute() {
    let into = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs() % 60;
    while into() > 57 {
        thread::sleep(Duration::from_millis(100));
    }
}
