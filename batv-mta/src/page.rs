//! The page of the rollout over HTTP/1.1: `GET /` for people, `GET /report.json` with the same figures, and what `metrics`
//! serves, too.
//!
//! It says what the daemon has decided in the last days, with addresses redacted, and since when it counts; `batv report`
//! says more, of logs. There is no password: whoever reaches it may read it, so it listens on this host alone unless it is
//! told otherwise. A browser that some page of a stranger's has told to look names that page's host, and gets nothing.

use alloc::sync::Arc;
use core::net::IpAddr;
use std::time::SystemTime;

use batv_core::{KeyState, KeyUse};
use batv_report::health::{Health, Key, Listener, Store};
use batv_report::{Page as Contents, html, json};

use crate::config::Place;
use crate::http::{self, Reply};
use crate::listening::Listening;
use crate::protocol::{Flow, Handler, Protocol, each_request};
use crate::settings::Settings;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::protocol::{Handler, Flow};
/// use batv_mta::page::Page;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// let request = b"GET / HTTP/1.1\r\nHost: localhost:8025\r\n\r\n";
/// assert_eq!(Page.receive(request, &settings, &mut answer), (request.len(), Flow::Close));
/// assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct Page;

impl Handler for Page {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Page, octets, http::head, |head| {
            http::with_request(head, |request| answer(request, settings).put(request, out));
            Flow::Close
        })
    }
}

fn answer(request: &httparse::Request<'_, '_>, settings: &Settings) -> Reply {
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("Host"));
    let is_ours = host.is_none_or(|host| str::from_utf8(host.value).is_ok_and(is_of_this_host));
    if !settings.config().page.remote && !is_ours {
        return Reply::plain("421 Misdirected Request", "ask for localhost, or for the address that is listened on");
    }
    match http::asked(request) {
        (true, "/") => Reply::new("200 OK", HTML, render(settings, html::render)).with(&[
            ("Content-Security-Policy", html::CONTENT_SECURITY_POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ]),
        (true, "/report.json") => Reply::new("200 OK", JSON, render(settings, json::render))
            .with(&[("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]),
        (false, "/" | "/report.json") => Reply::not_allowed(),
        _ => http::answer(request, settings),
    }
}

/// Whether a request is for who can only be this host: a name of a stranger's may lead here, too.
fn is_of_this_host(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn render(settings: &Settings, render: impl Fn(&Contents<'_>) -> String) -> String {
    let (report, since) = settings.metrics().report();
    let health = health(settings);
    let mut contents = Contents::new(&report);
    contents.health = Some(&health);
    contents.name = &settings.config().page.name;
    (contents.made, contents.since) = (Some(now()), since);
    render(&contents)
}

fn health(settings: &Settings) -> Health {
    let mut health = Health::default();
    let metrics = settings.metrics();
    health.version = env!("CARGO_PKG_VERSION").to_owned();
    health.uptime = Some(metrics.uptime().as_secs());
    health.settings_loaded = metrics.settings_loaded();
    health.reload_is_good = Some(metrics.is_up_to_date());
    health.keys = keys(settings);
    let listener = |listening: &Listening| {
        let mut listener = Listener::new(listening.protocol.as_str(), &listening.address.to_string());
        (listener.connections, listener.is_missing) = (listening.connections(), listening.is_missing());
        listener
    };
    health.listeners = metrics.listening().map(listener).collect();
    health.store = settings.memory().health().map(|known| {
        let kind = match settings.config().store.place() {
            Place::Nowhere => "none",
            Place::Sqlite(_) => "SQLite",
            Place::Server(_) => "Valkey or Redis",
        };
        // Nobody knows before it is asked for the first time.
        let mut store = Store::new(kind, known.up || known.batches == 0);
        store.words = known.last_error.filter(|_| !known.up).map(|error| error.to_string()).unwrap_or_default();
        store
    });
    health.sandbox = Some(metrics.sandbox_in_words());
    health
}

fn keys(settings: &Settings) -> Vec<Key> {
    let Ok(today) = settings.today() else { return Vec::new() };
    let rotate_days = settings.config().page.rotate_days;
    let keys = settings.keys().iter().enumerate().filter(|(_, key)| key.state() != KeyState::Retired);
    keys.map(|(index, key)| {
        let mut shown = Key::new(key.key_use().as_str(), key.state().as_str());
        if let KeyUse::Batv(id) = key.key_use() {
            shown.id = id.to_string().parse().ok();
        }
        shown.algorithm = key.algorithm().as_str().to_owned();
        shown.domains = key.scope().iter().map(|pattern| pattern.as_str().to_owned()).collect();
        shown.created = key.created();
        shown.next_rotation = key
            .created()
            .filter(|_| key.state() == KeyState::Signing && rotate_days > 0)
            .and_then(|created| batv_core::Day::new(created.number() + u32::from(rotate_days)).ok());
        shown.last_valid = settings.last_valid_day(index, today);
        shown
    })
    .collect()
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_host_are_answered() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:8025", true),
            ("127.0.0.1:8025", true),
            ("[::1]:8025", true),
            ("", true),
            ("evil.example", false),
            ("evil.example:8025", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:80", false),
        ] {
            assert_eq!(is_of_this_host(host), expected, "{host}");
        }
    }
}
