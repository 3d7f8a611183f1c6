//! Any octets through any listener: none panics, none takes more than there is, and how the octets are cut into pieces makes
//! no difference.

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use batv_config::Keyring;
use batv_mta::config::Config;
use batv_mta::listen::handler::{Flow, Handler};
use batv_mta::settings::Settings;

/// Without marks: a message that leaves without a Message-ID would get another one each time. With so few bounces in a minute
/// that the limit is met.
const CONFIG: &str = "[verify]\nmode = 'reject'\n[messages]\nmark = false\nmarked_since = 2026-01-01\n\
    [srs]\ndomains = ['srs.example.com']\n[limits]\nbounces_per_minute = 5";
const KEYRING: &str = "[[key]]\nuse = 'batv'\nid = 0\nalgorithm = 'hmac-sha1'\nsecret = 'text:s3kr1t'\n\
    state = 'signing'\n[[key]]\nuse = 'srs'\nsecret = 'text:another s3kr1t'\nstate = 'signing'";

/// The first octet is the length of the pieces. Gives the answers.
///
/// # Panics
/// When pieces make a difference.
pub fn speak<D: Handler>(listener: impl Fn() -> D, data: &[u8]) -> Vec<u8> {
    let Some((&size, octets)) = data.split_first() else { return Vec::new() };
    let (whole, pieces) = within_a_minute(|| {
        let whole = exchange(listener(), core::iter::once(octets));
        (whole, exchange(listener(), octets.chunks(usize::from(size).max(1))))
    });
    assert_eq!(whole, pieces);
    whole.0
}

/// Asks again when a minute ends meanwhile: answers depend on the day, and on how many bounces came in a minute.
fn within_a_minute<T>(ask: impl Fn() -> T) -> T {
    let minute = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() / 60;
    loop {
        let begun = minute();
        let answers = ask();
        if minute() == begun {
            return answers;
        }
    }
}

fn exchange<'o>(mut listener: impl Handler, pieces: impl Iterator<Item = &'o [u8]>) -> (Vec<u8>, Flow) {
    with_new_memory(move |settings| {
        let mut pending = Vec::new();
        let mut out = Vec::new();
        for piece in pieces {
            pending.extend_from_slice(piece);
            // Once its answers are many, a listener takes no more until it is called again.
            loop {
                let before = out.len();
                let (taken, flow) = listener.receive(&pending, settings, &mut out);
                pending.drain(..taken);
                if flow == Flow::Close {
                    return (out, flow);
                }
                if taken == 0 && out.len() == before {
                    break;
                }
            }
        }
        (out, Flow::Continue)
    })
}

/// The settings, with a memory that nothing else has: whoever brought too many bounces before would be answered otherwise.
///
/// The rest is made once, as that takes longer than most exchanges. So metrics are shared; no answer depends on them but that
/// to `/metrics`.
fn with_new_memory<T>(ask: impl FnOnce(&Arc<Settings>) -> T) -> T {
    thread_local!(static SETTINGS: Cell<Option<Settings>> = const { Cell::new(None) });
    let settings = Arc::new(SETTINGS.take().unwrap_or_else(settings).with_store(&Arc::default()));
    let answers = ask(&settings);
    // A listener that keeps them is gone by now.
    SETTINGS.set(Arc::into_inner(settings));
    answers
}

fn settings() -> Settings {
    let config = Config::parse(CONFIG).expect("a configuration");
    Settings::new(config, Keyring::parse(KEYRING).expect("keys")).expect("settings")
}

#[cfg(test)]
mod tests {
    use batv_mta::listen::line::Line;

    use super::*;

    const GUESS: &str = "judge rcpt none 192.0.2.7 <> prvs=0787000000=alice@example.com\n";

    #[test]
    fn no_exchange_knows_of_another() {
        let data = format!("\u{4}{GUESS}");
        // More than come through in a minute, also where the limit is as it is by default.
        for _ in 0..1000 {
            let answer = speak(Line::default, data.as_bytes());
            assert!(answer.starts_with(b"OK disposition=reject "), "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn each_exchange_knows_of_itself() {
        let answers = speak(Line::default, format!("\u{4}{}", GUESS.repeat(6)).as_bytes());
        let answers = String::from_utf8(answers).expect("text");
        let throttled: Vec<_> = answers.lines().map(|answer| answer.contains(" reason=throttled ")).collect();
        assert_eq!(throttled, [false, false, false, false, false, true], "{answers}");
    }
}
