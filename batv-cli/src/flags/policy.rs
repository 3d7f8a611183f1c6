//! Options of a site's policy, which `check` and `judge` have.

use batv_config::date;
use batv_core::Day;
use batv_core::envelope::{Mode, OnError};
use batv_core::srs;
use batv_core::tag::Form;
use batv_policy::{Rules, SrsRules, address};
use clap::Args;

use super::patterns;
use super::values::{domain, form, named, pattern};
use crate::error::Error;

#[derive(Args, Debug)]
pub(crate) struct Policy {
    /// What to do with bounces that are not proved genuine (batvd itself defaults to observe)
    #[arg(long, default_value = "reject", value_parser = named::<Mode>(Mode::NAMES))]
    mode: Mode,
    /// Mode for one domain or mailbox (repeatable)
    #[arg(long = "mode-for", value_name = "PATTERN=MODE", value_parser = address::pattern_mode)]
    modes: Vec<(String, Mode)>,
    /// Domain or mailbox whose mail always leaves with a tag (repeatable) [default: those of the keys]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    protected: Vec<String>,
    /// Domain or mailbox that is not judged, although it is protected (repeatable)
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    exempt: Vec<String>,
    /// Domain that completes an address without one, as your mail server does
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    local_domain: Option<String>,
    /// Form of the tags: an address that is too long for one is sent without
    #[arg(long, default_value_t, value_parser = form())]
    form: Form,
    /// Day since which all mail leaves with a tag; a bounce without one is accepted while it may be of older mail
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    signing_since: Option<Day>,
    /// What to do when there is no key: refuse the recipient temporarily, or accept it
    #[arg(long, value_name = "ACTION", default_value = "tempfail", value_parser = named::<OnError>(OnError::NAMES))]
    on_error: OnError,
    /// Domain of our SRS addresses (repeatable); without it, SRS addresses are judged like any other
    #[arg(long = "srs-domain", value_name = "DOMAIN", value_parser = domain)]
    srs_domains: Vec<String>,
    /// Shortest hash of an SRS address that is accepted, 4 to 27 characters; at least 12 with an hmac-sha256 key
    #[arg(long, value_name = "N", default_value_t = srs::HASH_MINIMUM)]
    srs_hash_minimum: u8,
    /// Lifetime of an SRS address, 1 to 1000 days
    #[arg(long, value_name = "DAYS", default_value_t = srs::DEFAULT_MAX_AGE)]
    srs_max_age: u16,
    /// Accept any mail to an SRS address, not only bounces
    #[arg(long)]
    srs_takes_mail: bool,
}

impl Policy {
    pub(crate) fn rules(&self) -> Result<Rules, Error> {
        let srs = SrsRules {
            domains: self.srs_domains.clone(),
            hash_length: self.srs_hash_minimum,
            hash_minimum: self.srs_hash_minimum,
            max_age: self.srs_max_age,
            takes_mail: self.srs_takes_mail,
            ..SrsRules::default()
        };
        srs.check()?;
        Ok(Rules {
            protected: patterns(&self.protected)?,
            exempt: patterns(&self.exempt)?,
            form: self.form,
            mode: self.mode,
            modes: self.modes.iter().cloned().collect(),
            signing_since: self.signing_since,
            on_error: self.on_error,
            local_domain: self.local_domain.clone(),
            srs,
            ..Rules::default()
        })
    }
}
