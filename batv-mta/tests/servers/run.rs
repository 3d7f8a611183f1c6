//! Runs a case on a real server.

use alloc::collections::BTreeMap;
use std::collections::HashMap;
use std::fs;

use batv_tests::host::wait_for;
use batv_tests::redis;
use batv_tests::site;
use batv_tests::smtp::{Client, Envelope};

use crate::case::{Action, Case, Change, Exchange, Expectation, Place, Port, Say};
use crate::placeholder::{fill, fill_message};
use crate::server::{MailServer, Server};

/// No network is ours: client and server have one address, and the listener tells them apart.
const CONFIGURATION: [&str; 2] =
    ["clients.internal_networks = []", "clients.daemon_names = [\"ORIGINATING\", \"SUBMISSION\"]"];

/// A case under way.
struct Run {
    server: Server,
    clients: HashMap<Port, Client>,
    kept: HashMap<String, String>,
    /// The messages of mailboxes that were looked at.
    read: HashMap<String, Vec<String>>,
    /// The messages of the next hop that were looked at, by number and recipient.
    delivered: Vec<(usize, String)>,
    deferred: usize,
    /// How much of each log was looked at.
    logged: Vec<usize>,
    store: Option<redis::Server>,
}

/// Stands for the URL of a store that the case has for itself.
const STORE: &str = "{store}";

/// Runs a case on a server.
pub(crate) fn run(case: &Case, which: &'static dyn MailServer) {
    let mut steps = case.steps.iter();
    let first = steps.next().map(|step| &step.action);
    let Some(Action::Config(lines)) = first else { panic!("a case begins with its configuration: {first:?}") };
    let store = lines.iter().any(|line| line.contains(STORE)).then(|| redis::Server::start(&[]));
    let mut run = Run {
        server: Server::start(which, &configuration(lines, store.as_ref()), &case.main_cf.join("\n")),
        clients: HashMap::new(),
        kept: HashMap::new(),
        read: HashMap::new(),
        delivered: Vec::new(),
        deferred: 0,
        logged: Vec::new(),
        store,
    };
    for step in steps {
        let _line = Line(step.line);
        run.step(&step.action);
    }
    run.expect_nothing_else();
}

/// Says on which line a test failed.
struct Line(usize);

impl Drop for Line {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("on line {} of the case", self.0);
        }
    }
}

/// One line each, which may be of any table; later ones replace earlier ones.
fn configuration(lines: &[String], store: Option<&redis::Server>) -> String {
    let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    // Keys before the first table are in this one.
    tables.insert("srs".to_owned(), BTreeMap::new());
    for line in CONFIGURATION.iter().map(|line| (*line).to_owned()).chain(lines.iter().cloned()) {
        let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("no `table.key = value`: {line}"));
        let (table, key) = key.split_once('.').unwrap_or_else(|| panic!("no `table.key = value`: {line}"));
        let value = &store.map_or_else(|| value.to_owned(), |store| value.replace(STORE, &store.url()));
        let value = if value.contains(" days ago") { fill(value, &HashMap::new()) } else { value.to_owned() };
        tables.entry(table.to_owned()).or_default().insert(key.to_owned(), value);
    }
    let lines = |keys: BTreeMap<String, String>| -> String {
        keys.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
    };
    let first = tables.remove("srs").map(lines).unwrap_or_default();
    tables.into_iter().fold(first, |text, (table, keys)| format!("{text}[{table}]\n{}", lines(keys)))
}

impl Run {
    fn step(&mut self, action: &Action) {
        match action {
            Action::Config(lines) => self.server.configure(&configuration(lines, self.store.as_ref())),
            Action::Smtp { port, again, exchanges } => {
                let mut client = if *again { self.clients.remove(port) } else { None }.unwrap_or_else(|| match port {
                    Port::World => self.server.connect_mx(),
                    Port::Users => self.server.connect_submission(),
                });
                for exchange in exchanges {
                    self.exchange(exchange, &mut client);
                }
                self.clients.insert(*port, client);
            }
            Action::Command(exchanges) => {
                for exchange in exchanges {
                    let _line = Line(exchange.line);
                    let Say::Message { sender, recipient, file: None } = &exchange.say else {
                        panic!("not the usual message: {exchange:?}")
                    };
                    let sent = self.server.sendmail(&self.fill(sender), &self.fill(recipient));
                    assert_eq!(if sent { "sent" } else { "none" }, exchange.hear);
                }
            }
            Action::Message(place, expected) => {
                let envelope = self.message(place);
                for expectation in expected {
                    self.expect(expectation, &envelope);
                }
            }
            Action::Empty(name) => {
                let found = self.unread(name);
                assert!(found.is_empty(), "{found:?}");
            }
            Action::Held => {
                wait_for("message on hold", || self.server.which.is_holding(&self.server).then_some(()));
            }
            Action::Daemon(Change::Start) => self.server.start_daemon(),
            Action::Daemon(Change::Stop) => self.server.stop_daemon(),
            Action::Daemon(Change::Kill) => self.server.kill_daemon(),
            Action::Log(texts) => self.expect_logged(texts),
            Action::Retry => self.server.which.retry(&self.server),
        }
    }

    fn fill(&self, text: &str) -> String {
        fill(text, &self.kept)
    }

    /// A message of `messages/`.
    fn file(&self, name: &str) -> String {
        let path = format!("{}/tests/servers/messages/{name}.eml", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        fill_message(&text, &self.kept)
    }

    fn exchange(&self, exchange: &Exchange, client: &mut Client) {
        let _line = Line(exchange.line);
        let reply = match &exchange.say {
            Say::Message { sender, recipient, file: None } => client.send(&self.fill(sender), &self.fill(recipient)),
            Say::Message { sender, recipient, file: Some(name) } => {
                client.send_message(&self.fill(sender), &self.fill(recipient), &self.file(name))
            }
            Say::Data(None) => client.data(),
            Say::Data(Some(name)) => client.data_of(&self.file(name)),
            Say::Line(line) => client.say(&self.fill(line)),
        };
        assert!(reply.starts_with(&exchange.hear), "{reply}");
    }

    fn message(&mut self, place: &Place) -> Envelope {
        match place {
            Place::Mailbox(name) => {
                let message = wait_for("message in the mailbox", || {
                    let mut unread = self.unread(name);
                    assert!(unread.len() < 2, "more than one message in the mailbox: {unread:?}");
                    unread.pop()
                });
                self.read.entry(name.clone()).or_default().push(message.clone());
                let mut envelope = Envelope::default();
                envelope.sender =
                    field(&message, "Return-Path").unwrap_or_default().trim_matches(['<', '>']).to_owned();
                envelope.message = message;
                envelope
            }
            Place::NextHop(recipient) => {
                let recipient = self.fill(recipient);
                let (number, envelope) = wait_for("delivery", || {
                    self.server.delivered().into_iter().enumerate().find(|(number, envelope)| {
                        envelope.recipients.contains(&recipient)
                            && !self.delivered.contains(&(*number, recipient.clone()))
                    })
                });
                self.delivered.push((number, recipient));
                envelope
            }
            Place::Deferred(recipient) => {
                let envelope =
                    wait_for("attempt to deliver", || self.server.next_hop.deferred().into_iter().nth(self.deferred));
                assert_eq!(envelope.recipients, [self.fill(recipient)]);
                self.deferred += 1;
                envelope
            }
        }
    }

    fn unread(&self, name: &str) -> Vec<String> {
        let mut messages = self.server.mailbox(name);
        for read in self.read.get(name).into_iter().flatten() {
            if let Some(at) = messages.iter().position(|message| message == read) {
                messages.remove(at);
            }
        }
        messages
    }

    fn expect(&mut self, expectation: &Expectation, envelope: &Envelope) {
        let Envelope { sender, message, parameters, .. } = envelope;
        match expectation {
            Expectation::Sender(expected) => match expected.strip_prefix("{tag of ") {
                Some(address) => {
                    let address = address.trim_end_matches('}');
                    assert!(site::is_tagged(sender, address), "no good tag of {address}: {sender}");
                }
                None => assert_eq!(sender, self.fill(expected).trim_matches(['<', '>'])),
            },
            Expectation::Keep(name) => {
                self.kept.insert(name.clone(), sender.clone());
            }
            Expectation::KeepHeader(name) => {
                let (header, _) = message.split_once("\n\n").unwrap_or((message, ""));
                self.kept.insert(name.clone(), header.to_owned());
            }
            Expectation::Field { name, value } => {
                let value = self.fill(value);
                assert_eq!(field(message, name).as_deref(), Some(value.as_str()), "{name} in {message}");
            }
            Expectation::NoField(name) => assert_eq!(field(message, name), None, "{message}"),
            Expectation::Parameter(start) => {
                let start = self.fill(start);
                assert!(
                    parameters.iter().any(|parameter| parameter.starts_with(&start)),
                    "no {start} in {parameters:?}"
                );
            }
            Expectation::NoParameter(start) => {
                assert!(!parameters.iter().any(|parameter| parameter.starts_with(start)), "{start} in {parameters:?}");
            }
            Expectation::Text(text) => {
                let text = self.fill(text);
                assert!(message.contains(&text), "no {text} in {message}");
            }
            Expectation::NoText(text) => {
                let text = self.fill(text);
                assert!(!message.contains(&text), "{text} in {message}");
            }
        }
    }

    fn expect_logged(&mut self, texts: &[String]) {
        let texts: Vec<_> = texts.iter().map(|text| self.fill(text)).collect();
        let logged = &self.logged;
        let end = wait_for(&format!("{texts:?} in the logs"), || {
            let logs = self.server.logs();
            let mut new = String::new();
            for (number, log) in logs.iter().enumerate() {
                new.push_str(log.get(logged.get(number).copied().unwrap_or_default()..).unwrap_or_default());
            }
            texts.iter().all(|text| new.contains(text)).then(|| logs.iter().map(String::len).collect())
        });
        self.logged = end;
    }

    /// Checks that no mail has come that no step has looked at.
    fn expect_nothing_else(&self) {
        for (number, envelope) in self.server.delivered().into_iter().enumerate() {
            let (header, _) = envelope.message.split_once("\n\n").unwrap_or_default();
            let ids = header.lines().filter(|line| line.to_ascii_lowercase().starts_with("message-id:")).count();
            assert!(ids < 2, "{ids} fields Message-ID: {}", envelope.message);
            for recipient in envelope.recipients {
                assert!(
                    self.delivered.contains(&(number, recipient.clone())),
                    "no step tells of mail to {recipient} from {}",
                    envelope.sender
                );
            }
        }
        assert_eq!(self.deferred, self.server.next_hop.deferred().len(), "attempts to deliver");
        for folder in fs::read_dir(self.server.path("mail")).expect("a folder").flatten() {
            let name = folder.file_name().into_string().expect("a name");
            let unread = self.unread(&name);
            assert!(unread.is_empty(), "no step tells of mail to {name}: {unread:?}");
        }
    }
}

/// The first field of this name, its lines put together.
fn field(message: &str, name: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in message.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut value {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if value.is_some() {
            break;
        } else if let Some((found, text)) = line.split_once(':')
            && found.eq_ignore_ascii_case(name)
        {
            value = Some(text.trim().to_owned());
        }
    }
    value
}
