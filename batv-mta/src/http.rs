//! Metrics and health over HTTP/1.1 (RFC 9112): `GET /metrics`, `GET /health`, and the connection ends.

use httparse::{EMPTY_HEADER, Error, Request, Status};

use crate::door::{Door, Flow, Protocol, each_request};
use crate::metrics;
use crate::settings::Settings;

/// The longest request, in octets.
const REQUEST_LIMIT: usize = 16 * 1024;
/// The most header fields of a request.
const FIELD_LIMIT: usize = 64;

/// One connection.
///
/// ```
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::door::{Door, Flow};
/// use batv_mta::http::Http;
/// use batv_mta::settings::Settings;
///
/// let settings = Settings::new(Config::default(), Keyring::parse("")?)?;
/// let mut answer = Vec::new();
/// let request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// assert_eq!(Http.receive(request, &settings, &mut answer), (request.len(), Flow::Close));
/// assert!(answer.starts_with(b"HTTP/1.1 404 Not Found\r\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct Http;

impl Door for Http {
    fn receive(&mut self, octets: &[u8], settings: &Settings, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Metrics, octets, head, |head| {
            let (status, content_type, text) = answer(head, settings);
            let length = text.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{text}"
            );
            out.extend_from_slice(answer.as_bytes());
            Flow::Close
        })
    }
}

fn head(octets: &[u8]) -> Result<Option<(&[u8], usize)>, Error> {
    let mut fields = [EMPTY_HEADER; FIELD_LIMIT];
    match Request::new(&mut fields).parse(octets)? {
        Status::Complete(length) => Ok(octets.get(..length).map(|head| (head, length))),
        Status::Partial if octets.len() > REQUEST_LIMIT => Err(Error::TooManyHeaders),
        Status::Partial => Ok(None),
    }
}

fn answer(head: &[u8], settings: &Settings) -> (&'static str, &'static str, String) {
    const PLAIN: &str = "text/plain; charset=utf-8";
    let mut fields = [EMPTY_HEADER; FIELD_LIMIT];
    let mut request = Request::new(&mut fields);
    // It could be read when it was cut off.
    let _ = request.parse(head);
    let (status, text) = match (request.method.unwrap_or_default(), request.path.unwrap_or_default()) {
        ("GET", "/metrics") => match settings.metrics().render(settings) {
            Ok(text) => return ("200 OK", metrics::CONTENT_TYPE, text),
            Err(_) => ("500 Internal Server Error", "the metrics can't be written"),
        },
        ("GET", "/health") => match health(settings) {
            Ok(text) => ("200 OK", text),
            Err(text) => ("503 Service Unavailable", text),
        },
        (_, "/metrics" | "/health") => ("405 Method Not Allowed", "ask with GET"),
        _ => ("404 Not Found", "there are /metrics and /health"),
    };
    (status, PLAIN, format!("{text}\n"))
}

/// Good while questions get their answers. A wrong configuration that is not in force changes nothing in that.
fn health(settings: &Settings) -> Result<&'static str, &'static str> {
    if settings.today().is_err() {
        return Err("the clock can't be read");
    }
    if !settings.metrics().has_all_sockets() {
        return Err("a socket is gone: its folder is missing, or somebody else listens there");
    }
    let is_up_to_date = settings.metrics().is_up_to_date();
    Ok(if is_up_to_date { "ok" } else { "ok, but the last change of the settings is wrong and not in force" })
}
