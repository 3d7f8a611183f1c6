//! A decision on one recipient, as it is told: one line in the log, one count in the metrics.

use core::fmt;

use batv_bounce::Origin;
use batv_core::Path;
use batv_core::envelope::{Judgement, Mode};
use batv_report::Decision;
use tracing::info;

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

impl Occasion<'_> {
    /// Tells a judgement, with class and origin of the message where it was read.
    pub(crate) fn tell(
        &self,
        judgement: &Judgement<'_>,
        mode: Mode,
        to: &dyn fmt::Display,
        message: Option<(&'static str, Origin)>,
        settings: &Settings,
    ) {
        let Judgement { finding, reason, disposition, .. } = *judgement;
        self.tell_named([finding.as_str(), reason.as_str(), disposition.as_str()], mode, to, message, settings);
    }

    /// Tells one that has only names: verdict, reason, disposition.
    pub(crate) fn tell_named(
        &self,
        [verdict, reason, disposition]: [&'static str; 3],
        mode: Mode,
        to: &dyn fmt::Display,
        message: Option<(&'static str, Origin)>,
        settings: &Settings,
    ) {
        settings.metrics().count_decision(self.door, verdict, reason, disposition);
        let [client, from, to_whom] =
            [&self.client as &dyn fmt::Display, &self.reverse_path, to].map(ToString::to_string);
        let mut told = Decision::default();
        (told.door, told.queue_id) = (self.door.as_str(), self.queue_id.into());
        (told.client, told.from, told.to) = (&client, &from, &to_whom);
        (told.verdict, told.reason, told.disposition) = (verdict, reason, disposition);
        (told.mode, told.at) = (mode.as_str(), self.at);
        (told.class, told.origin) = (message.map(|(class, _)| class), message.map(|(_, origin)| origin.as_str()));
        settings.metrics().report_decision(told);
        info!(
            door = %self.door,
            queue_id = self.queue_id,
            client = %self.client,
            from = %self.reverse_path,
            to = %to,
            verdict = %verdict,
            reason = %reason,
            disposition = %disposition,
            mode = %mode.as_str(),
            at = %self.at,
            class = message.map(|(class, _)| display(class)),
            origin = message.map(|(_, origin)| display(origin)),
            "judged"
        );
    }
}
