//! Reader of log lines, in the formats of journald, syslog and standard error.

use core::str;

use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::event::Event;
use crate::timestamp::{Clock, number};

/// Reader of log lines: of `journalctl` with the outputs `short`, `short-iso`, `short-full`, `short-unix`, `cat` and
/// `json`, of syslog files with times of RFC 3164, RFC 3339 or RFC 5424, and of standard error.
///
/// Lines of other programs and lines that are cut off are skipped; no input makes it panic. A time without a zone is
/// taken as UTC, and one without a year as the latest that is not in the future.
///
/// ```
/// use batv_report::{Reader, Told};
///
/// let mut reader = Reader::new(1_795_613_534); // 2026-11-25T13:32:14Z
/// let line = b"Nov 25 13:30:00 mx batvd[7]: INFO tagged queue_id=\"4Zx1\" from=alice@example.com key=4";
/// let event = reader.read(line).ok_or("no event")?;
/// assert_eq!(event.time, Some(1_795_613_400));
/// assert!(reader.read(b"Nov 25 13:30:00 mx postfix/qmgr[9]: 4Zx1: removed").is_none());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    clock: Clock,
    /// Buffer for a line that is not UTF-8, or a message with escapes.
    text: String,
}

impl Reader {
    /// Reader for lines that were written until `now`, in seconds since 1970-01-01 (UTC).
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self { clock: Clock::new(now), text: String::new() }
    }

    /// Event of a line; `None` when it is about neither a recipient nor a sender.
    pub fn read<'l>(&'l mut self, line: &'l [u8]) -> Option<Event<'l>> {
        if line.first() == Some(&b'{') {
            return self.read_json(line);
        }
        let (time, message) = self.split(line);
        let message = match str::from_utf8(message) {
            Ok(message) => message,
            Err(_) => {
                self.text = String::from_utf8_lossy(message).into_owned();
                &self.text
            }
        };
        let event = Event::parse(message).or_else(|| {
            // OpenSMTPD names the filter whose line it passes on.
            let (name, message) = message.split_once(": ")?;
            if time.is_some() && !name.contains([' ', '=']) { Event::parse(message) } else { None }
        });
        event.map(|event| Event { time, ..event })
    }

    /// Splits the time and the header from the message.
    fn split<'l>(&mut self, line: &'l [u8]) -> (Option<i64>, &'l [u8]) {
        let (priority, is_rfc5424) = priority(line);
        let line = &line[priority..];
        let Some((time, length)) = self.clock.read(line) else { return (None, line) };
        let rest = &line[length..];
        let begin = if is_rfc5424 {
            // RFC 5424 §6: the host, the program, its process, the kind of message, and data between brackets.
            rest.iter().enumerate().filter(|(_, octet)| **octet == b' ').nth(5).map(|(at, _)| at + 1)
        } else {
            memchr_iter(b':', rest).find(|at| rest.get(at + 1) == Some(&b' ')).map(|at| at + 2)
        };
        (time, begin.and_then(|begin| rest.get(begin..)).unwrap_or_default())
    }

    fn read_json<'l>(&'l mut self, line: &[u8]) -> Option<Event<'l>> {
        let entry: Entry = serde_json::from_slice(line).ok()?;
        self.text = entry.message?.text()?;
        let event = Event::parse(&self.text)?;
        // Microseconds, and JSON has them as text (systemd.journal-fields(7)).
        let time =
            entry.time.and_then(Value::text).and_then(|time| number(time.as_bytes())).map(|time| time / 1_000_000);
        Some(Event { time, ..event })
    }
}

/// Octets of a priority such as `<22>`, and whether the version of RFC 5424, `1 `, follows.
fn priority(line: &[u8]) -> (usize, bool) {
    let Some(end) = line.iter().take(5).position(|octet| *octet == b'>').filter(|_| line[0] == b'<') else {
        return (0, false);
    };
    let is_rfc5424 = line[end + 1..].starts_with(b"1 ");
    (end + if is_rfc5424 { 3 } else { 1 }, is_rfc5424)
}

/// Entry of the journal, as far as it is used.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "MESSAGE")]
    message: Option<Value>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    time: Option<Value>,
}

/// Text, or octets if it has unprintable ones (`journalctl -o json`).
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Octets(Vec<u8>),
    Other(IgnoredAny),
}

impl Value {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Octets(octets) => Some(String::from_utf8_lossy(&octets).into_owned()),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Told;

    /// 2026-11-25T13:32:14Z.
    const NOW: i64 = 1_795_613_534;
    const MESSAGE: &str = "tagged queue_id=\"4Zx1\" from=alice@example.com key=4";

    fn read(line: &str) -> Option<Option<i64>> {
        let mut reader = Reader::new(NOW);
        let event = reader.read(line.as_bytes())?;
        let Told::Departure(departure) = event.told else { panic!("{line}") };
        assert_eq!((&*departure.from, departure.key), ("alice@example.com", Some(4)), "{line}");
        Some(event.time)
    }

    #[test]
    fn wherever_a_log_is_kept() {
        for before in [
            "Nov 25 13:32:14 mx batvd[123]: ",
            "Nov 25 13:32:14 mx batvd[123]:  INFO ",
            "Nov 25 13:32:14 mx smtpd[9]: batv:  INFO ",
            "<22>Nov 25 13:32:14 mx batvd[123]: ",
            "2026-11-25T13:32:14+0000 mx batvd[123]: INFO ",
            "2026-11-25T13:32:14.123456+00:00 mx batvd[123]: ",
            "Wed 2026-11-25 13:32:14 UTC mx batvd[123]: INFO ",
            "1795613534.000001 mx batvd[123]: INFO ",
            "<22>1 2026-11-25T13:32:14.1Z mx batvd 123 - - ",
        ] {
            assert_eq!(read(&format!("{before}{MESSAGE}")), Some(Some(NOW)), "{before}");
            assert_eq!(read(&format!("{before}{MESSAGE}\r")), Some(Some(NOW)), "{before}");
        }
        for before in ["", " INFO ", "INFO ", "[   12.345678] mx batvd[123]: INFO "] {
            assert_eq!(read(&format!("{before}{MESSAGE}")), Some(None), "{before}");
        }
        let json = format!(
            r#"{{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"{NOW}123456","PRIORITY":"6","MESSAGE":{},"_PID":["1",null]}}"#,
            serde_json::to_string(&format!(" INFO {MESSAGE}")).unwrap()
        );
        assert_eq!(read(&json), Some(Some(NOW)));
        let octets = serde_json::to_string(MESSAGE.as_bytes()).unwrap();
        assert_eq!(read(&format!(r#"{{"MESSAGE":{octets},"__REALTIME_TIMESTAMP":3}}"#)), Some(None));
    }

    #[test]
    fn what_others_log_is_none() {
        for line in [
            "Nov 25 13:32:14 mx postfix/smtpd[1]: NOQUEUE: reject: tagged queue_id=\"\" from=a@example.com key=4",
            "Nov 25 13:32:14 mx sshd[1]: Invalid user tagged queue_id=\"\" from=a@example.com key=4",
            "Nov 25 13:32:14 mx tagged queue_id=\"\" from=a@example.com key=4",
            "-- Boot 0123456789abcdef --",
            "{}",
            "{\"MESSAGE\":null}",
            "{\"MESSAGE\":{\"a\":1}}",
            "{\"MESSAGE\":",
            "<",
            "<22>",
            "<22>1 ",
            "",
        ] {
            assert!(Reader::new(NOW).read(line.as_bytes()).is_none(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200), before in prop::sample::select(vec![
            "", "Nov 25 13:32:14 mx batvd[1]: ", "2026-11-25T13:32:14", "{\"MESSAGE\":\"", "<22>1 ", "judged listener=",
        ])) {
            let line = [before.as_bytes(), &octets].concat();
            let _ = Reader::new(NOW).read(&line);
        }
    }
}
