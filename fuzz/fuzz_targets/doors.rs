#![cfg_attr(fuzzing, no_main)]
//! Any octets through any door: none panics, none takes more than there is, and how the octets are cut into pieces makes
//! no difference. The first octet chooses the door, the second the pieces.

use std::sync::OnceLock;

use batv_config::Keyring;
use batv_mta::config::Config;
use batv_mta::door::{Door, Flow};
use batv_mta::filter::Filter;
use batv_mta::line::Line;
use batv_mta::milter::Session;
use batv_mta::policy::PolicyService;
use batv_mta::settings::Settings;
use batv_mta::socketmap::Socketmap;

const CONFIG: &str = "[verify]\nmode = 'reject'\n[srs]\ndomains = ['srs.example.com']";
const KEYRING: &str = "[[key]]\nuse = 'batv'\nid = 0\nalgorithm = 'hmac-sha1'\nsecret = 'text:s3kr1t'\n\
    state = 'signing'\n[[key]]\nuse = 'srs'\nsecret = 'text:another s3kr1t'\nstate = 'signing'";

fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let config = Config::parse(CONFIG).expect("a configuration");
        Settings::new(config, Keyring::parse(KEYRING).expect("keys")).expect("settings")
    })
}

fn door(number: u8) -> Box<dyn Door> {
    match number % 6 {
        0 => Box::new(Session::new(false)),
        1 => Box::new(Session::new(true)),
        2 => Box::new(Socketmap),
        3 => Box::new(PolicyService),
        5 => Box::new(Filter::default()),
        _ => Box::new(Line),
    }
}

fn speak<'o>(mut door: Box<dyn Door>, pieces: impl Iterator<Item = &'o [u8]>) -> (Vec<u8>, Flow) {
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

batv_fuzz::fuzz!(|data| {
    let [number, size, octets @ ..] = data else { return };
    let whole = speak(door(*number), core::iter::once(octets));
    let pieces = speak(door(*number), octets.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
});
