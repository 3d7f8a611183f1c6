//! Metrics and health over HTTP/1.1 (RFC 9112): `GET /metrics` and `GET /health`, one request per connection.

use alloc::sync::Arc;
use core::net::IpAddr;

use batv_core::KeyState;
use httparse::{EMPTY_HEADER, Error, Request, Status};

use crate::listen::handler::{Flow, Handler, each_request};
use crate::metrics::{CONTENT_TYPE, LiveKey};
use crate::protocol::Protocol;
use crate::settings::Settings;

/// Longest request, in octets.
const REQUEST_LIMIT: usize = 16 * 1024;
/// Most header fields of a request.
const FIELD_LIMIT: usize = 64;

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::listen::http::Http;
/// use batv_mta::settings::Settings;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// let request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// assert_eq!(Http::default().receive(request, &settings, &mut answer), (request.len(), Flow::Close));
/// assert!(answer.starts_with(b"HTTP/1.1 404 Not Found\r\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Http {
    over_loopback: bool,
}

impl Http {
    /// A new connection. One over loopback may be that of a browser on this host, which a foreign page makes connect (DNS
    /// rebinding): then the request must name this host.
    ///
    /// ```
    /// # use batv_mta::listen::handler::Handler;
    /// # use batv_mta::listen::http::Http;
    /// assert!(!Http::new(true).is_busy());
    /// ```
    pub const fn new(over_loopback: bool) -> Self {
        Self { over_loopback }
    }
}

impl Handler for Http {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Metrics, octets, out, head, |head, out| {
            with_request(head, |request| {
                let reply = if self.over_loopback && !names_this_host(request) {
                    misdirected()
                } else {
                    answer(request, settings)
                };
                reply.put(request, out);
            });
            Flow::Close
        })
    }
}

/// A response, after which the connection ends.
pub(crate) struct Reply {
    status: &'static str,
    content_type: &'static str,
    fields: String,
    text: String,
}

impl Reply {
    pub(crate) const fn new(status: &'static str, content_type: &'static str, text: String) -> Self {
        Self { status, content_type, fields: String::new(), text }
    }

    pub(crate) fn plain(status: &'static str, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
    }

    /// Adds header fields.
    pub(crate) fn with(mut self, fields: &[(&str, &str)]) -> Self {
        self.fields.extend(fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
        self
    }

    /// The response to a method that a resource does not have (RFC 9110 §15.5.6).
    pub(crate) fn not_allowed() -> Self {
        Self::plain("405 Method Not Allowed", "use GET").with(&[("Allow", "GET, HEAD")])
    }

    /// Writes the response; for HEAD its header alone (RFC 9110 §9.3.2).
    pub(crate) fn put(&self, request: &Request<'_, '_>, out: &mut Vec<u8>) {
        let Self { status, content_type, fields, text } = self;
        let length = text.len();
        let text = if request.method == Some("HEAD") { "" } else { text };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{fields}\
             Connection: close\r\n\r\n{text}"
        );
        out.extend_from_slice(answer.as_bytes());
    }
}

/// Cuts the head off a request.
pub(crate) fn head(octets: &[u8]) -> Result<Option<(&[u8], usize)>, Error> {
    let mut fields = [EMPTY_HEADER; FIELD_LIMIT];
    match Request::new(&mut fields).parse(octets)? {
        Status::Complete(length) => Ok(octets.get(..length).map(|head| (head, length))),
        Status::Partial if octets.len() > REQUEST_LIMIT => Err(Error::TooManyHeaders),
        Status::Partial => Ok(None),
    }
}

/// Parses a head that [`head`] returned.
pub(crate) fn with_request<T>(head: &[u8], ask: impl FnOnce(&Request<'_, '_>) -> T) -> T {
    let mut fields = [EMPTY_HEADER; FIELD_LIMIT];
    let mut request = Request::new(&mut fields);
    // It was parsed before, to be cut off.
    let _ = request.parse(head);
    ask(&request)
}

/// The path of a request without its query, and whether the method reads it.
pub(crate) fn target<'r>(request: &Request<'_, 'r>) -> (bool, &'r str) {
    let path = request.path.unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (matches!(request.method, Some("GET" | "HEAD")), path)
}

/// Whether the Host field of a request can only mean this host. One without it comes from no browser (RFC 9112 §3.2).
pub(crate) fn names_this_host(request: &Request<'_, '_>) -> bool {
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("Host"));
    host.is_none_or(|host| str::from_utf8(host.value).is_ok_and(is_of_this_host))
}

/// Whether a Host field can only mean this host. The name of another host may resolve to this one, too.
fn is_of_this_host(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// The response to a request that names another host (RFC 9110 §15.5.20).
pub(crate) fn misdirected() -> Reply {
    Reply::plain("421 Misdirected Request", "use localhost or the IP address in the URL")
}

pub(crate) fn answer(request: &Request<'_, '_>, settings: &Settings) -> Reply {
    match target(request) {
        (true, "/metrics") => match render(settings) {
            Ok(text) => Reply::new("200 OK", CONTENT_TYPE, text),
            Err(_) => Reply::plain("500 Internal Server Error", "can't render the metrics"),
        },
        (true, "/health") => match health(settings) {
            Ok(text) => Reply::plain("200 OK", text),
            Err(text) => Reply::plain("503 Service Unavailable", &text),
        },
        (false, "/metrics" | "/health") => Reply::not_allowed(),
        _ => Reply::plain("404 Not Found", "not found: try /metrics or /health"),
    }
}

fn render(settings: &Settings) -> Result<String, core::fmt::Error> {
    let today = settings.today().ok();
    let live = settings.keys().iter().enumerate().filter(|(_, key)| key.state() != KeyState::Retired);
    let live = live.filter_map(|(index, key)| {
        let today = today?;
        let age = key.created().map(|created| today.since(created).into());
        let days_left = settings.last_valid_day(index, today).map(|last| last.since(today).into());
        Some(LiveKey { index, key, age, days_left })
    });
    settings.metrics().render(live, settings.store().health().as_ref())
}

/// Healthy while requests are answered, also if the last reload failed.
fn health(settings: &Settings) -> Result<&'static str, String> {
    if settings.today().is_err() {
        return Err("the clock can't be read".to_owned());
    }
    let missing = settings.metrics().endpoints().filter(|endpoint| endpoint.is_missing());
    let missing: Vec<_> = missing.map(|endpoint| endpoint.address.to_string()).collect();
    if !missing.is_empty() {
        let which = missing.join(", ");
        return Err(format!("socket missing (its folder is gone, or another process took its place): {which}"));
    }
    let is_up_to_date = settings.metrics().is_up_to_date();
    Ok(if is_up_to_date { "ok" } else { "ok, but the last reload failed: the old settings are in effect" })
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
