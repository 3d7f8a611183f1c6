//! The record of a ruling on one recipient: a line in the log, a count in the metrics, an event for the page.

use core::fmt;

use batv_core::envelope::{Disposition, Reason, Stage};
use batv_core::{Mailbox, Path};
use batv_policy::Ruling;
use batv_report::Decision;
use tracing::{Level, debug, enabled, info};

use crate::client::Client;
use crate::protocol::Protocol;
use crate::settings::Settings;

/// The message and the stage of a ruling.
pub(crate) struct LogContext<'l> {
    pub(crate) listener: Protocol,
    pub(crate) queue_id: &'l str,
    pub(crate) client: &'l Client,
    pub(crate) reverse_path: Path<'l>,
    pub(crate) stage: Stage,
}

impl LogContext<'_> {
    /// Records a ruling. Most mail needs no judgement: a ruling on it is a line at level `debug`, and nothing else.
    pub(crate) fn log(&self, ruling: &Ruling<'_>, given: &Mailbox<'_>, settings: &Settings) {
        // A refused recipient is shown with its wrong tag.
        let to = match ruling.disposition {
            Disposition::Reject => given,
            _ => ruling.deliver_to.as_ref().unwrap_or(&ruling.mailbox),
        };
        let Ruling { verdict, reason, disposition, mode, in_reject, class, origin, .. } = ruling;
        let is_judged = !matches!(reason, Reason::NotJudged | Reason::Exempt);
        let [verdict, reason] = [verdict.as_str(), reason.as_str()];
        let [disposition, in_reject] = [disposition, in_reject].map(|disposition| disposition.as_str());
        let (metrics, at) = (settings.metrics(), self.stage.as_str());
        let is_logged = if is_judged {
            metrics.count_decision(self.listener, verdict, reason, disposition, in_reject);
            enabled!(Level::INFO)
        } else {
            enabled!(Level::DEBUG)
        };
        let is_reported = is_judged && metrics.is_reported();
        if !is_logged && !is_reported {
            return;
        }
        let [client, from, to] = [&self.client as &dyn fmt::Display, &self.reverse_path, to].map(ToString::to_string);
        let [class, origin] = [class.map(|class| class.as_str()), origin.map(|origin| origin.as_str())];
        let mut told = Decision::default();
        (told.listener, told.queue_id) = (self.listener.as_str(), self.queue_id.into());
        (told.client, told.from, told.to) = (client.into(), from.into(), to.into());
        (told.verdict, told.reason, told.disposition) = (verdict, reason, disposition);
        (told.mode, told.in_reject, told.at) = (mode.as_str(), Some(in_reject), at);
        (told.class, told.origin) = (class, origin);
        if is_judged {
            info!("{told}");
        } else {
            debug!("{told}");
        }
        if is_reported {
            metrics.report_decision(told);
        }
    }
}
