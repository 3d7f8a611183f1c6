//! A message that is judged by what it says.

use batv_bounce::{Known, Limits, Origin, Reading, origin, read};
use batv_core::envelope::{Envelope, Judgement, Mode};
use batv_core::{Day, Path};

use crate::content::Content;
use crate::settings::Settings;

/// A message that was read to its end.
pub(crate) struct Message<'c> {
    reading: Reading<'c>,
    cut: bool,
}

/// What was found for one recipient.
pub(crate) struct Judged<'a> {
    pub(crate) judgement: Judgement<'a>,
    pub(crate) mode: Mode,
    pub(crate) class: &'static str,
    pub(crate) origin: Origin,
}

impl<'c> Message<'c> {
    pub(crate) fn read(content: &'c Content, reverse_path: Path<'_>) -> Self {
        let reading = read(content.octets(), Some(reverse_path), &Limits::default());
        Self { cut: content.is_cut() || reading.cut, reading }
    }

    pub(crate) fn judge<'a>(&self, envelope: &Envelope<'a>, settings: &Settings, today: Day) -> Judged<'a> {
        let policy = settings.policy(&envelope.forward_path);
        let bare = batv_core::prvs::verify(settings.keys(), &envelope.forward_path, today).mailbox;
        let origin = origin(&self.reading, &bare, settings.keys(), &settings.ours(), today).origin;
        let messages = &settings.config().messages;
        let mut known = Known::new(self.reading.class);
        known.origin = origin;
        known.cut = self.cut;
        known.report_is_welcome = settings.is_report_recipient(&bare);
        known.strict_mdn = messages.hold_receipts;
        known.reject_nonnull = messages.reject_daemon_senders;
        let judgement = batv_bounce::judge(envelope, &known, settings.keys(), &policy, today);
        Judged { judgement, mode: policy.mode, class: self.reading.class.as_str(), origin }
    }
}
