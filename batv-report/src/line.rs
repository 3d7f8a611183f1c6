//! The message of a line: what was told, and its fields, as `tracing`'s format writes them.
//!
//! A field is a name, `=`, and a value that ends with a space. What is shown by `Debug` stands in quotes with escapes;
//! an address, which is shown as it is, may have a quoted string with spaces in it (RFC 5321 §4.1.2), whose quoted pairs
//! look the same. So one rule finds the end of both, and no address can pass for another field.

use alloc::borrow::Cow;

use memchr::memchr2;

use crate::event::{Decision, Departure, EXEMPT_RECIPIENT, Event, Outcome, Told};

const LEVELS: [&str; 5] = ["INFO ", "WARN ", "ERROR ", "DEBUG ", "TRACE "];

impl<'a> Event<'a> {
    /// Reads the message of one line, with or without its level before it; `None` for any that tells of no recipient and
    /// no sender. The time is in what stands before it, which a [`Reader`](crate::Reader) reads.
    ///
    /// ```
    /// use batv_report::{Event, Told};
    ///
    /// let line = "judged listener=milter queue_id=\"\" client=192.0.2.7 from=<> to=\"a b=c\"@example.com \
    ///     verdict=genuine reason=tag-ok disposition=accept mode=reject at=rcpt";
    /// let event = Event::parse(line).ok_or("no event")?;
    /// assert!(matches!(event.told, Told::Decision(decision) if decision.to == "\"a b=c\"@example.com"));
    /// assert_eq!(Event::parse("INFO ready"), None);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn parse(message: &'a str) -> Option<Self> {
        let message = message.trim_start_matches(' ');
        let message = LEVELS.iter().find_map(|level| message.strip_prefix(level)).unwrap_or(message);
        let message = message.trim_end_matches(['\r', '\n']);
        let told = match *message.as_bytes().first()? {
            b'j' => Told::Decision(decision(message.strip_prefix("judged ")?)?),
            b't' => {
                Told::Departure(departure(Outcome::Aliased, message).or_else(|| departure(Outcome::Tagged, message))?)
            }
            b'f' => Told::Departure(departure(Outcome::Forwarded, message)?),
            b'l' => Told::Departure(
                departure(Outcome::Untagged, message).or_else(|| departure(Outcome::NotForwarded, message))?,
            ),
            b'n' => Told::Departure(departure(Outcome::NotNotified, message)?),
            _ => return None,
        };
        Some(Self { time: None, told })
    }
}

fn decision(fields: &str) -> Option<Decision<'_>> {
    let mut decision = Decision::default();
    let mut fields = Fields(fields);
    while let Some((name, value)) = fields.next()? {
        match name {
            "listener" => decision.listener = value,
            "queue_id" => decision.queue_id = unquote(value),
            "client" => decision.client = value,
            "from" => decision.from = value,
            "to" => decision.to = value,
            "verdict" => decision.verdict = value,
            "reason" => decision.reason = value,
            "disposition" => decision.disposition = value,
            "mode" => decision.mode = value,
            "in_reject" => decision.in_reject = Some(value),
            "at" => decision.at = value,
            "class" => decision.class = Some(value),
            "origin" => decision.origin = Some(value),
            // A later version may tell more.
            _ => {}
        }
    }
    // One that was cut off is none.
    let is_whole = ![decision.from, decision.to, decision.verdict, decision.reason, decision.mode].contains(&"");
    (is_whole && !decision.disposition.is_empty() && matches!(decision.at, "rcpt" | "data")).then_some(decision)
}

fn departure(outcome: Outcome, message: &str) -> Option<Departure<'_>> {
    let mut departure = Departure::new(outcome, "");
    let mut fields = Fields(message.strip_prefix(outcome.message())?.strip_prefix(' ')?);
    loop {
        // It is the last one, and a sentence.
        if let Some(reason) = fields.0.strip_prefix("reason=") {
            departure.reason = reason;
            let quoted = reason.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if outcome == Outcome::Untagged && quoted == Some(EXEMPT_RECIPIENT) {
                (departure.outcome, departure.reason) = (Outcome::Exempt, EXEMPT_RECIPIENT);
            }
            break;
        }
        match fields.next()? {
            Some(("queue_id", value)) => departure.queue_id = unquote(value),
            Some(("from", value)) => departure.from = value,
            Some(("key", value)) => departure.key = value.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    (!departure.from.is_empty()).then_some(departure)
}

struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    /// The next field; `None` within when there is no more of them, `None` when what comes is none.
    #[inline]
    fn next(&mut self) -> Option<Option<(&'a str, &'a str)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let octets = self.0.as_bytes();
        let equals = memchr2(b'=', b' ', octets).filter(|at| octets[*at] == b'=')?;
        let end = equals + 1 + value_length(&octets[equals + 1..])?;
        let field = (self.0.get(..equals)?, self.0.get(equals + 1..end)?);
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        Some(Some(field))
    }
}

/// Octets to the space behind a value, or to the end; `None` where a quoted string has none, because the line was cut off.
#[inline]
fn value_length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = memchr2(b' ', b'"', octets.get(at..)?) {
        at += next;
        if octets[at] == b' ' {
            return Some(at);
        }
        at += quoted_length(&octets[at..])?;
    }
    Some(octets.len())
}

fn quoted_length(octets: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match octets.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Takes off the quotes and escapes of `Debug`; what has no quotes stays as it is.
fn unquote(value: &str) -> Cow<'_, str> {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at + 1..]).unwrap_or(('\\', 0));
        text.push(character);
        rest = &rest[at + 1 + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that an escape stands for, and its octets after the backslash.
fn escape(after: &str) -> Option<(char, usize)> {
    Some(match *after.as_bytes().first()? {
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        b'0' => ('\0', 1),
        octet @ (b'\\' | b'"' | b'\'') => (char::from(octet), 1),
        b'u' => {
            let digits = after.strip_prefix("u{")?;
            let end = digits.find('}')?;
            let number = u32::from_str_radix(digits.get(..end)?, 16).ok()?;
            (char::from_u32(number)?, end + 3)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JUDGED: &str = "judged listener=milter queue_id=\"4Zx1\" client=192.0.2.7 from=<> to=alice@example.com \
        verdict=genuine reason=tag-ok disposition=accept mode=reject at=rcpt";

    #[test]
    fn lines_that_are_none_of_ours() {
        for line in ["", "ready", "INFO ready", "judged", "judged ", "tagged", "tagged queue_id=\"\"", "left"] {
            assert_eq!(Event::parse(line), None, "{line}");
        }
        // Wherever it was cut off: but for class and origin nothing may lack.
        for end in 0..JUDGED.len() {
            assert_eq!(Event::parse(&JUDGED[..end]), None, "{}", &JUDGED[..end]);
        }
        assert!(Event::parse(JUDGED).is_some());
    }

    #[test]
    fn an_address_is_no_field() {
        let hostile = r#"judged listener=line queue_id="" client=local from=<> to="\" verdict=genuine reason=tag-ok"@example.com verdict=disproved reason=tag-forged disposition=accept mode=observe at=rcpt"#;
        let Some(Event { told: Told::Decision(decision), .. }) = Event::parse(hostile) else { panic!("none") };
        assert_eq!((decision.verdict, decision.reason), ("disproved", "tag-forged"));
        assert_eq!(decision.to, r#""\" verdict=genuine reason=tag-ok"@example.com"#);
    }

    #[test]
    fn departures() {
        for (line, outcome, from, reason) in [
            ("tagged queue_id=\"A\" from=alice@example.com key=4", Outcome::Tagged, "alice@example.com", ""),
            (
                "INFO tagged by a handle queue_id=\"A\" from=a@example.com reason=a local part of 70 octets, over 64",
                Outcome::Aliased,
                "a@example.com",
                "a local part of 70 octets, over 64",
            ),
            (" INFO forwarded queue_id=\"\" from=a@example.org", Outcome::Forwarded, "a@example.org", ""),
            (
                "left untagged queue_id=\"A\" from=a@example.com reason=\"exempt-recipient\"",
                Outcome::Exempt,
                "a@example.com",
                "exempt-recipient",
            ),
            (
                "WARN left untagged from=a@example.com reason=a local part of 70 octets, over 64",
                Outcome::Untagged,
                "a@example.com",
                "a local part of 70 octets, over 64",
            ),
            (
                "left as it is queue_id=\"A\" from=a@example.com reason=too long",
                Outcome::NotForwarded,
                "a@example.com",
                "too long",
            ),
            (
                "never notified queue_id=\"A\" from=a@example.com reason=unproved",
                Outcome::NotNotified,
                "a@example.com",
                "unproved",
            ),
        ] {
            let Some(Event { told: Told::Departure(departure), .. }) = Event::parse(line) else { panic!("{line}") };
            assert_eq!((departure.outcome, departure.from, departure.reason), (outcome, from, reason), "{line}");
        }
    }

    /// A local part as RFC 5321 §4.1.2 has it: a dot-string, or a quoted string.
    fn local_part() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9=+/{}'ü-]{1,20}",
            "([ !#-\\[\\]-~]|\\\\[ -~]){0,20}".prop_map(|inner| format!("\"{inner}\"")),
            "([ !#-\\[\\]-~]|\\\\[ -~]){0,20}".prop_map(|inner| format!("prvs=0123abcdef=\"{inner}\"")),
        ]
    }

    fn address() -> impl Strategy<Value = String> {
        prop_oneof![Just("<>".to_owned()), local_part().prop_map(|local_part| format!("{local_part}@example.com"))]
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*|(judged|tagged|left untagged) .*") {
            let _ = Event::parse(&text);
        }

        #[test]
        fn what_is_written_is_read_back(
            queue_id in any::<String>(),
            from in address(),
            to in address(),
            words in prop::array::uniform9("[a-z0-9.-]{1,12}"),
            at in prop::sample::select(vec!["rcpt", "data"]),
            read in any::<bool>(),
        ) {
            let [listener, client, verdict, reason, disposition, mode, in_reject, class, origin] =
                words.each_ref().map(String::as_str);
            let queue_id = Cow::Borrowed(queue_id.as_str());
            let [in_reject, class, origin] = [in_reject, class, origin].map(|word| read.then_some(word));
            let decision = Decision {
                listener, queue_id, client, from: &from, to: &to, verdict, reason, disposition, mode, in_reject, at, class,
                origin,
            };
            let event = Event { time: None, told: Told::Decision(decision) };
            let line = event.to_string();
            prop_assert_eq!(Event::parse(&line), Some(event));
        }

        #[test]
        fn departures_are_read_back(
            queue_id in any::<String>(),
            from in address(),
            outcome in prop::sample::select(Outcome::ALL.to_vec()),
            key in prop::option::of(0..10_u8),
            reason in "[a-z ]{1,30}",
        ) {
            let mut departure = Departure::new(outcome, &from);
            departure.queue_id = Cow::Borrowed(&queue_id);
            if outcome == Outcome::Tagged {
                departure.key = key;
            } else if !matches!(outcome, Outcome::Forwarded | Outcome::Exempt) {
                departure.reason = &reason;
            }
            let event = Event { time: None, told: Told::Departure(departure) };
            let line = event.to_string();
            prop_assert_eq!(Event::parse(&line), Some(event));
        }
    }
}
