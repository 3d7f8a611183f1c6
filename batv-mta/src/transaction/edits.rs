//! The changes to a message that is taken.

use batv_core::envelope::Disposition;
use batv_core::mark;
use batv_policy::{STATUS_FIELD, VERDICT_FIELD};

use super::recipient::{Finding, Recipient};

/// Header field with the tagged address of a recipient whose tag was removed.
pub(crate) const RECIPIENT_FIELD: &str = "X-BATV-Recipient";
/// Fields on which other programs may act, as this host alone writes them: copies that came with a message are removed. A mark
/// is none of them: it is proof wherever it comes from, as one that was not made with a key of ours proves nothing.
pub(crate) const OUR_FIELDS: [&str; 3] = [STATUS_FIELD, VERDICT_FIELD, RECIPIENT_FIELD];
/// Header field that a mark covers: every message that leaves with a mark has it.
pub(crate) const MESSAGE_ID_FIELD: &str = "Message-ID";

/// The answer to the end of DATA.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum DataReply {
    /// Take the message, with these changes.
    Take(Edits),
    /// Refuse it with this SMTP reply.
    Refuse(String),
}

/// The changes to a message that is taken.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Edits {
    /// The new reverse-path.
    pub(crate) sender: Option<String>,
    /// Recipients, exactly as the client sent them, and their new addresses.
    pub(crate) recipients: Vec<(Vec<u8>, String)>,
    /// The envelope id, for a message that has none (RFC 3461 §4.4).
    pub(crate) envelope_id: Option<String>,
    /// New header fields.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The reason to quarantine the message.
    pub(crate) hold: Option<&'static str>,
    /// Whether its recipients get `NOTIFY=NEVER` (RFC 3461 §4.1), because nothing proves the sender.
    pub(crate) never_notify: bool,
    /// Whether the fields already report a doubtful recipient.
    doubtful: bool,
    /// Whether a recipient gets the message at once.
    wanted: bool,
}

impl Edits {
    pub(super) fn new(sender: Option<String>) -> Self {
        Self { sender, ..Self::default() }
    }

    pub(super) fn mark(&mut self, mark: mark::Mark, new_id: Option<String>) {
        self.fields.extend(new_id.map(|id| (MESSAGE_ID_FIELD, id)));
        self.fields.push((mark::FIELD, mark.to_string()));
        // A message has one envelope id: that of its sender, which is marked first.
        self.envelope_id.get_or_insert_with(|| mark.envelope_id().to_string());
    }

    /// The Message-ID that the message gets.
    pub(super) fn message_id(&self) -> Option<String> {
        self.fields.iter().find(|(name, _)| *name == MESSAGE_ID_FIELD).map(|(_, id)| id.clone())
    }

    /// Reports a finding. One field serves all recipients and reports the worst of them: a good tag vouches for its own
    /// recipient alone.
    pub(super) fn report(&mut self, finding: &Finding) {
        if self.doubtful {
            return;
        }
        let findings = &finding.fields;
        self.doubtful = findings.is_doubtful();
        for (field, text) in [(STATUS_FIELD, findings.status()), (VERDICT_FIELD, findings.verdict())] {
            if text.is_none() && !self.doubtful {
                continue;
            }
            let present = self.fields.iter().position(|(name, _)| *name == field);
            match (present, text) {
                (None, Some(text)) => self.fields.push((field, text)),
                (Some(present), Some(text)) if self.doubtful => self.fields[present].1 = text,
                (Some(present), None) => {
                    self.fields.remove(present);
                }
                _ => {}
            }
        }
    }

    pub(super) fn add(&mut self, recipient: Recipient) {
        if let Some(finding) = &recipient.finding {
            self.report(finding);
        }
        // A mail server holds a message for all of its recipients.
        match recipient.finding.map(|finding| (finding.disposition, finding.reason)) {
            Some((Disposition::Quarantine, reason)) if !self.wanted => self.hold = Some(reason.as_str()),
            None | Some((Disposition::Accept | Disposition::Mark, _)) => {
                self.wanted = true;
                self.hold = None;
            }
            _ => {}
        }
        if let Some(restored) = recipient.restored {
            let original = String::from_utf8_lossy(&recipient.given).into_owned();
            self.fields.push((RECIPIENT_FIELD, original));
            self.recipients.push((recipient.given, restored));
        }
    }
}
