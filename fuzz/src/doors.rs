//! Any octets through any door: none panics, none takes more than there is, and how the octets are cut into pieces makes
//! no difference.

use std::sync::OnceLock;

use batv_config::Keyring;
use batv_mta::config::Config;
use batv_mta::door::{Door, Flow};
use batv_mta::settings::Settings;

/// Without marks: a message that leaves without a Message-ID would get another one each time.
const CONFIG: &str = "[verify]\nmode = 'reject'\n[messages]\nmark = false\nmarked_since = 2026-01-01\n[srs]\ndomains = ['srs.example.com']";
const KEYRING: &str = "[[key]]\nuse = 'batv'\nid = 0\nalgorithm = 'hmac-sha1'\nsecret = 'text:s3kr1t'\n\
    state = 'signing'\n[[key]]\nuse = 'srs'\nsecret = 'text:another s3kr1t'\nstate = 'signing'";

fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let config = Config::parse(CONFIG).expect("a configuration");
        Settings::new(config, Keyring::parse(KEYRING).expect("keys")).expect("settings")
    })
}

/// The first octet is the length of the pieces. Gives the answers.
///
/// # Panics
/// When pieces make a difference.
pub fn speak<D: Door>(door: impl Fn() -> D, data: &[u8]) -> Vec<u8> {
    let Some((&size, octets)) = data.split_first() else { return Vec::new() };
    let whole = exchange(door(), core::iter::once(octets));
    let pieces = exchange(door(), octets.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces);
    whole.0
}

fn exchange<'o>(mut door: impl Door, pieces: impl Iterator<Item = &'o [u8]>) -> (Vec<u8>, Flow) {
    let mut pending = Vec::new();
    let mut out = Vec::new();
    for piece in pieces {
        pending.extend_from_slice(piece);
        let (taken, flow) = door.receive(&pending, settings(), &mut out);
        pending.drain(..taken);
        if flow == Flow::Close {
            return (out, flow);
        }
    }
    (out, Flow::Continue)
}
