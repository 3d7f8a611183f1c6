//! A decision on one recipient, as it is told: one line in the log, one count in the metrics.

use core::fmt;

use batv_bounce::Origin;
use batv_core::Path;
use batv_core::envelope::{Disposition, Envelope, Judgement, Mode, Policy, Reason};
use batv_report::Decision;
use tracing::{Level, enabled, info};

use crate::door::Protocol;
use crate::settings::Settings;
use crate::transaction::Client;

/// On what occasion it was made.
pub(crate) struct Occasion<'o> {
    pub(crate) door: Protocol,
    pub(crate) queue_id: &'o str,
    pub(crate) client: &'o Client,
    pub(crate) reverse_path: Path<'o>,
    /// `rcpt` or `data`.
    pub(crate) at: &'static str,
}

/// What was found for one recipient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) judgement: Judgement<'a>,
    /// That of the policy for his domain.
    pub(crate) mode: Mode,
    /// What mode `reject` would do.
    in_reject: Disposition,
    /// Class and origin of the message, where it was read.
    pub(crate) message: Option<(&'static str, Origin)>,
}

impl<'a> Judged<'a> {
    /// Judges by the policy for the domain of the recipient, which a tag leaves as it is; and once more for what mode
    /// `reject` would do.
    pub(crate) fn by(
        envelope: &Envelope<'_>,
        message: Option<(&'static str, Origin)>,
        settings: &Settings,
        judge: impl Fn(&Policy<'_, String>) -> Judgement<'a>,
    ) -> Self {
        let mut policy = settings.policy(&envelope.forward_path);
        let (judgement, mode) = (judge(&policy), policy.mode);
        policy.mode = Mode::Reject;
        let in_reject = if mode == Mode::Reject { judgement } else { judge(&policy) };
        Self { judgement, mode, in_reject: in_reject.disposition, message }
    }

    /// In the words of the log.
    pub(crate) const fn ruling(&self) -> Ruling {
        let Self { judgement: Judgement { finding, reason, disposition, .. }, mode, in_reject, .. } = self;
        Ruling {
            verdict: finding.as_str(),
            reason: reason.as_str(),
            disposition: disposition.as_str(),
            mode: *mode,
            in_reject: in_reject.as_str(),
        }
    }
}

/// What became of it, in the words of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    pub(crate) verdict: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) disposition: &'static str,
    /// The mode that did it.
    pub(crate) mode: Mode,
    /// What mode `reject` would have done.
    pub(crate) in_reject: &'static str,
}

impl Ruling {
    /// One that mode `reject` would make, too.
    pub(crate) const fn new(
        verdict: &'static str,
        reason: &'static str,
        disposition: &'static str,
        mode: Mode,
    ) -> Self {
        Self { verdict, reason, disposition, mode, in_reject: disposition }
    }

    /// A client that brings too much is put off.
    pub(crate) const fn throttled(mode: Mode) -> Self {
        Self::new("undecided", Reason::Throttled.as_str(), "tempfail", mode)
    }
}

impl Occasion<'_> {
    /// Tells what was found, with class and origin of the message where it was read.
    pub(crate) fn tell(&self, judged: &Judged<'_>, to: &dyn fmt::Display, settings: &Settings) {
        self.tell_ruling(&judged.ruling(), to, judged.message, settings);
    }

    /// The same of one that has only names.
    pub(crate) fn tell_ruling(
        &self,
        ruling: &Ruling,
        to: &dyn fmt::Display,
        message: Option<(&'static str, Origin)>,
        settings: &Settings,
    ) {
        let Ruling { verdict, reason, disposition, mode, in_reject } = *ruling;
        let metrics = settings.metrics();
        metrics.count_decision(self.door, verdict, reason, disposition, in_reject);
        let is_logged = enabled!(Level::INFO);
        if !is_logged && !metrics.is_reported() {
            return;
        }
        let [client, from, to] = [&self.client as &dyn fmt::Display, &self.reverse_path, to].map(ToString::to_string);
        let (class, origin) = message.map(|(class, origin)| (class, origin.as_str())).unzip();
        let mut told = Decision::default();
        (told.door, told.queue_id) = (self.door.as_str(), self.queue_id.into());
        (told.client, told.from, told.to) = (&client, &from, &to);
        (told.verdict, told.reason, told.disposition) = (verdict, reason, disposition);
        (told.mode, told.in_reject, told.at) = (mode.as_str(), Some(in_reject), self.at);
        (told.class, told.origin) = (class, origin);
        metrics.report_decision(told);
        info!(
            door = %self.door,
            queue_id = self.queue_id,
            client = %client,
            from = %from,
            to = %to,
            verdict = %verdict,
            reason = %reason,
            disposition = %disposition,
            mode = %mode.as_str(),
            in_reject = %in_reject,
            at = %self.at,
            class = class.map(display),
            origin = origin.map(display),
            "judged"
        );
    }
}
