//! Parser of a message of the log.

use crate::event::{Decision, Departure, EXEMPT_RECIPIENT, Event, Outcome, Told};
use crate::field::{Fields, Value as _, Word, unquote};

const LEVELS: [&str; 5] = ["INFO ", "WARN ", "ERROR ", "DEBUG ", "TRACE "];

impl<'a> Event<'a> {
    /// Parses the message of one line, with or without its level; `None` when it is about neither a recipient nor a
    /// sender. A [`Reader`](crate::Reader) also parses the time before it.
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
        let told = match message.strip_prefix("judged ") {
            Some(fields) => Told::Decision(decision(fields)?),
            None => Told::Departure(Outcome::ALL.iter().find_map(|outcome| departure(*outcome, message))?),
        };
        Some(Self { time: None, told })
    }
}

fn decision(fields: &str) -> Option<Decision<'_>> {
    let mut decision = Decision::default();
    let mut fields = Fields(fields);
    while let Some((name, value)) = fields.next()? {
        decision.set(name, value);
    }
    // The line may be cut off.
    let is_whole = ![&*decision.from, &*decision.to, decision.verdict, decision.reason, decision.mode].contains(&"");
    (is_whole && !decision.disposition.is_empty() && matches!(decision.at, "rcpt" | "data")).then_some(decision)
}

fn departure(outcome: Outcome, message: &str) -> Option<Departure<'_>> {
    // It is left untagged, with a reason that tells it from others.
    if outcome == Outcome::Exempt {
        return None;
    }
    let mut departure = Departure::new(outcome, "");
    let mut fields = Fields(message.strip_prefix(outcome.message())?.strip_prefix(' ')?);
    loop {
        // The last field is a sentence.
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
            Some(("from", value)) => departure.from = Word::read(value),
            Some(("key", value)) => departure.key = value.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    (!departure.from.is_empty()).then_some(departure)
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;

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
            assert_eq!((departure.outcome, &*departure.from, departure.reason), (outcome, from, reason), "{line}");
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

    /// Any text at all, and such as has what a log needs escapes for.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>().prop_filter("a field without text is none", |text| !text.is_empty()),
            "[a=\"\\\\ \t\u{61c}\u{200e}\u{200f}\u{2028}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{a0}@.<>{}u0-9]{1,30}",
            address(),
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
            from in text(),
            to in text(),
            client in text(),
            words in prop::array::uniform8("[a-z0-9.-]{1,12}"),
            at in prop::sample::select(vec!["rcpt", "data"]),
            read in any::<bool>(),
        ) {
            let [listener, verdict, reason, disposition, mode, in_reject, class, origin] =
                words.each_ref().map(String::as_str);
            let queue_id = Cow::Borrowed(queue_id.as_str());
            let [in_reject, class, origin] = [in_reject, class, origin].map(|word| read.then_some(word));
            let decision = Decision {
                listener, queue_id, client: client.into(), from: from.into(), to: to.into(), verdict, reason, disposition, mode, in_reject, at, class,
                origin,
            };
            let event = Event { time: None, told: Told::Decision(decision) };
            let line = event.to_string();
            prop_assert!(!line.contains(crate::redact::acts), "{:?}", line);
            prop_assert_eq!(Event::parse(&line), Some(event));
        }

        #[test]
        fn departures_are_read_back(
            queue_id in any::<String>(),
            from in text(),
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
