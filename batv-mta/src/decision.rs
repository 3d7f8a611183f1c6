//! A ruling on one recipient, as it is told: one line in the log, one count in the metrics, one event for the page.

use core::fmt;

use batv_core::envelope::{Disposition, Reason};
use batv_core::{Mailbox, Path};
use batv_policy::Ruling;
use batv_report::Decision;
use tracing::{Level, enabled, event};

use crate::client::Client;
use crate::protocol::Protocol;
use crate::settings::Settings;

/// Where a ruling was asked for.
pub(crate) struct Occasion<'o> {
    pub(crate) listener: Protocol,
    pub(crate) queue_id: &'o str,
    pub(crate) client: &'o Client,
    pub(crate) reverse_path: Path<'o>,
    /// `rcpt` or `data`.
    pub(crate) at: &'static str,
}

impl Occasion<'_> {
    /// Tells a ruling. One on which there was nothing to judge is a line for who debugs, and no more: it is about most of
    /// all mail.
    pub(crate) fn tell(&self, ruling: &Ruling<'_>, given: &Mailbox<'_>, settings: &Settings) {
        // One that is refused is shown as it came, with the tag that is wrong.
        let to = match ruling.disposition {
            Disposition::Reject => given,
            _ => ruling.deliver_to.as_ref().unwrap_or(&ruling.mailbox),
        };
        let Ruling { verdict, reason, disposition, mode, in_reject, class, origin, .. } = ruling;
        let is_judged = !matches!(reason, Reason::NotJudged | Reason::Exempt);
        let [verdict, reason] = [verdict.as_str(), reason.as_str()];
        let [disposition, in_reject] = [disposition, in_reject].map(|disposition| disposition.as_str());
        let metrics = settings.metrics();
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
        if is_reported {
            let mut told = Decision::default();
            (told.listener, told.queue_id) = (self.listener.as_str(), self.queue_id.into());
            (told.client, told.from, told.to) = (&client, &from, &to);
            (told.verdict, told.reason, told.disposition) = (verdict, reason, disposition);
            (told.mode, told.in_reject, told.at) = (mode.as_str(), Some(in_reject), self.at);
            (told.class, told.origin) = (class, origin);
            metrics.report_decision(told);
        }
        macro_rules! log {
            ($level:expr) => {
                event!(
                    $level,
                    listener = %self.listener,
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
                )
            };
        }
        if is_judged { log!(Level::INFO) } else { log!(Level::DEBUG) }
    }
}
