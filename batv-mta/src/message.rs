//! A message that is judged by what it says.

use batv_bounce::trusted_results::TrustedResults;
use batv_bounce::{Claims, Investigation, Known, Limits, Origin, Ours, Reading, read};
use batv_core::envelope::{self, Envelope};
use batv_core::{Day, Key, Path};

use crate::content::Content;
use crate::decision::Judged;
use crate::memory::{Wait, sent};
use crate::settings::Settings;

/// A message that was read to its end.
pub(crate) struct Message<'c> {
    reading: Reading<'c>,
    cut: bool,
    author_is_proved: bool,
}

impl<'c> Message<'c> {
    pub(crate) fn read(content: &'c Content, reverse_path: Path<'_>, settings: &Settings) -> Self {
        let mut limits = Limits::default();
        limits.parts = settings.config().limits.parts;
        let reading = read(content.octets(), Some(reverse_path), &limits);
        for (is_cut, limit) in [(content.is_cut(), "message_octets"), (reading.cut, "parts")] {
            if is_cut {
                settings.metrics().count_limit(limit);
            }
        }
        let authserv_ids = &settings.config().bounces.authserv_ids;
        let author_is_proved = TrustedResults::of(&reading.header, authserv_ids).prove_author(&reading.header);
        Self { cut: content.is_cut() || reading.cut, reading, author_is_proved }
    }

    /// What tells whose message it returns, for all its recipients.
    pub(crate) fn investigation<'i>(
        &'i self,
        ours: &'i Ours<'i, String>,
        settings: &'i Settings,
        today: Day,
    ) -> Investigation<'i, 'c, [Key], String> {
        Investigation::new(&self.reading, settings.keys(), ours, today)
    }

    pub(crate) fn judge<'a>(
        &self,
        envelope: &Envelope<'a>,
        investigation: &Investigation<'_, 'c, [Key], String>,
        is_replayed: bool,
        settings: &Settings,
        today: Day,
        wait: &Wait,
    ) -> Judged<'a> {
        let policy = settings.policy(&envelope.forward_path);
        let bare = envelope::judge(envelope, settings.keys(), &policy, today).mailbox;
        let mut origin = investigation.origin(&bare).origin;
        if !matches!(origin, Origin::Proved(_)) {
            let claims = Claims::of(&self.reading);
            origin = sent::origin(self.reading.class, &claims, &bare, origin, settings, today, wait);
        }
        let messages = &settings.config().messages;
        let mut known = Known::new(self.reading.class);
        known.origin = origin;
        known.cut = self.cut;
        known.report_is_welcome = self.author_is_proved || settings.is_report_recipient(&bare);
        known.replayed = is_replayed;
        known.hold_receipts = messages.hold_receipts;
        known.reject_daemon_senders = messages.reject_daemon_senders;
        known.reject_unverified = messages.reject_unverified;
        let message = Some((self.reading.class.as_str(), origin));
        Judged::by(envelope, message, settings, |policy| {
            batv_bounce::judge(envelope, &known, settings.keys(), policy, today)
        })
    }
}
