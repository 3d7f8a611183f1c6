//! The rollout page over HTTP/1.1: `GET /` for people, `GET /report.json` for programs, and the resources of `metrics`.
//!
//! It shows the decisions of the last days, with addresses redacted; `batv report` shows more, from logs. It has no
//! password, so by default it serves this host alone. Against DNS rebinding, it refuses requests that name another host.

use alloc::sync::Arc;

use batv_config::date;
use batv_core::{KeyState, KeyUse};
use batv_report::health::{Health, Key, Listener, Store};
use batv_report::{Page as Contents, html, json};

use crate::config::Place;
use crate::listen::handler::{Flow, Handler, each_request};
use crate::listen::http::{self, Reply};
use crate::process::endpoint::Endpoint;
use crate::protocol::Protocol;
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
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::listen::page::Page;
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
        each_request(Protocol::Page, octets, out, http::head, |head, out| {
            http::with_request(head, |request| answer(request, settings).put(request, out));
            Flow::Close
        })
    }
}

fn answer(request: &httparse::Request<'_, '_>, settings: &Settings) -> Reply {
    if !settings.config().page.remote && !http::names_this_host(request) {
        return http::misdirected();
    }
    match http::target(request) {
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

fn render(settings: &Settings, render: impl Fn(&Contents<'_>) -> String) -> String {
    let (report, since) = settings.metrics().report();
    let health = health(settings);
    let mut contents = Contents::new(&report);
    contents.health = Some(&health);
    contents.name = &settings.config().page.name;
    (contents.made, contents.since) = (date::now().ok(), since);
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
    let listener = |endpoint: &Endpoint| {
        let mut listener = Listener::new(endpoint.protocol.as_str(), &endpoint.address.to_string());
        (listener.connections, listener.is_missing) = (endpoint.connections(), endpoint.is_missing());
        listener
    };
    health.listeners = metrics.endpoints().map(listener).collect();
    health.store = settings.store().health().map(|known| {
        let kind = match settings.config().store.place() {
            Place::Nowhere => "none",
            Place::Sqlite(_) => "SQLite",
            Place::Server(_) => "Valkey or Redis",
        };
        // Before the first request nothing is known of it.
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
