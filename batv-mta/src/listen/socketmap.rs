//! Postfix's socketmap (socketmap_table(5)), also spoken by Sendmail: netstrings of `map SP key`, answered in order.

use alloc::sync::Arc;
use thiserror::Error;

use crate::listen::handler::{Flow, Handler, each_request};
use crate::listen::lookup::{LookupReply, look_up};
use crate::protocol::Protocol;
use crate::settings::Settings;

/// Longest request, in octets. No key of Postfix is longer than a path.
const REQUEST_LIMIT: usize = 10_000;
/// Digits of [`REQUEST_LIMIT`].
const LENGTH_DIGITS: usize = 5;

/// One connection.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_config::Keyring;
/// use batv_mta::config::Config;
/// use batv_mta::listen::handler::{Handler, Flow};
/// use batv_mta::settings::Settings;
/// use batv_mta::listen::socketmap::Socketmap;
///
/// let settings = Arc::new(Settings::new(Config::default(), Keyring::parse("")?)?);
/// let mut answer = Vec::new();
/// let request = b"24:verify alice@example.com,";
/// assert_eq!(Socketmap.receive(request, &settings, &mut answer), (28, Flow::Continue));
/// assert_eq!(answer, b"9:NOTFOUND ,");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a connection has no state")]
pub struct Socketmap;

impl Handler for Socketmap {
    fn receive(&mut self, octets: &[u8], settings: &Arc<Settings>, out: &mut Vec<u8>) -> (usize, Flow) {
        each_request(Protocol::Socketmap, octets, out, netstring, |request, out| {
            let text = answer(request, settings).text("NOTFOUND ");
            out.extend_from_slice(format!("{}:{text},", text.len()).as_bytes());
            Flow::Continue
        })
    }
}

#[derive(Clone, Copy, Debug, Error)]
#[error("not a netstring of at most {REQUEST_LIMIT} octets")]
struct Malformed;

fn netstring(octets: &[u8]) -> Result<Option<(&[u8], usize)>, Malformed> {
    let Some(colon) = octets.iter().take(LENGTH_DIGITS + 1).position(|&octet| octet == b':') else {
        let digits = octets.iter().take_while(|octet| octet.is_ascii_digit()).count();
        return if digits == octets.len() && digits <= LENGTH_DIGITS { Ok(None) } else { Err(Malformed) };
    };
    let digits = octets.get(..colon).unwrap_or_default();
    let length = str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    let length: usize = length.and_then(|digits| digits.parse().ok()).ok_or(Malformed)?;
    if length > REQUEST_LIMIT {
        return Err(Malformed);
    }
    let end = colon + 1 + length;
    match octets.get(end) {
        None => Ok(None),
        Some(b',') => Ok(octets.get(colon + 1..end).map(|request| (request, end + 1))),
        Some(_) => Err(Malformed),
    }
}

fn answer(request: &[u8], settings: &Settings) -> LookupReply {
    let space = request.iter().position(|&octet| octet == b' ').unwrap_or(request.len());
    let (name, key) = request.split_at(space);
    // The names of Sendmail's maps have no hyphen.
    match String::from_utf8_lossy(name).replace('_', "-").parse() {
        Ok(map) => look_up(map, key.get(1..).unwrap_or_default(), settings),
        Err(unknown) => LookupReply::Permanent(format!("{unknown}")),
    }
}
