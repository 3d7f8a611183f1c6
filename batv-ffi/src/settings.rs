//! Settings: what is ours, and how it is treated. Names and values are those of the configuration.

use core::ffi::c_char;
use core::fmt::Display;
use std::sync::LazyLock;

use batv_bounce::dkim::PublicKey;
use batv_bounce::may_bounce;
use batv_config::clock;
use batv_core::envelope::{Mode, OnError};
use batv_core::srs::Separator;
use batv_core::tag::{Delimiter, Form};
use batv_core::{Domain, Error, Key, Lifetime, Pattern};
use batv_policy::{Rules, View, address};

use crate::border::{Failure, call, free, octets, put, string};
use crate::code::batv_result;

/// Settings. Once all is set, many threads may use them at the same time.
#[derive(Clone, Default)]
pub struct batv_settings {
    rules: Rules,
    form: FormName,
    delimiter: Delimiter,
    ours: Vec<Pattern<String>>,
    sealers: Vec<String>,
    allowed: Vec<Pattern<String>>,
    double_bounce: Vec<Pattern<String>>,
    hold_unproved: bool,
}

impl core::fmt::Debug for batv_settings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("batv_settings").finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum FormName {
    #[default]
    Prvs,
    SubAddress,
    Strong,
}

/// The settings of a call: those of a handle, or the defaults.
///
/// # Safety
/// `settings` is NULL, or points to settings that nobody changes for `'s`.
#[inline]
pub(crate) unsafe fn in_force<'s>(settings: *const batv_settings) -> &'s batv_settings {
    static DEFAULTS: LazyLock<batv_settings> = LazyLock::new(batv_settings::default);
    // SAFETY: the caller vouches.
    unsafe { settings.as_ref() }.unwrap_or_else(|| &DEFAULTS)
}

impl batv_settings {
    /// The site of these settings and keys, which decides.
    #[inline]
    pub(crate) const fn site<'s>(&'s self, keys: &'s [Key]) -> View<'s> {
        View::new(keys, &self.rules)
    }

    pub(crate) fn may_bounce(&self) -> may_bounce::Policy<'_, String> {
        let mut policy = may_bounce::Policy::default();
        policy.ours = if self.ours.is_empty() { &self.rules.protected } else { &self.ours };
        policy.authserv_ids = &self.rules.messages.authserv_ids;
        policy.trusted_sealers = &self.sealers;
        policy.allowed = &self.allowed;
        policy.double_bounce = &self.double_bounce;
        policy.hold_unproved = self.hold_unproved;
        policy
    }

    /// Whether there is a domain to rewrite to.
    pub(crate) fn check_srs(&self) -> Result<(), Failure> {
        if self.rules.srs.domains.is_empty() {
            return Err(Failure::Argument("no domain of ours is set: `batv_settings_set` with `srs_domains`"));
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let mut new = self.clone();
        new.change(name, value)?;
        // What one call has said must not come to light as an error of another.
        new.rules.srs.check().map_err(|error| wrong(name, value, &error))?;
        *self = new;
        Ok(())
    }

    fn change(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let wrong = |what: &dyn Display| wrong(name, value, what);
        let core = |error: Error| wrong(&error);
        let yes_or_no = || value.parse().map_err(|_| wrong(&"must be true or false"));
        let since = || {
            let day = (!value.is_empty()).then(|| clock::parse_at(value));
            day.transpose().map_err(|error| wrong(&error))
        };
        let patterns = || {
            let patterns = value.split_ascii_whitespace().map(address::pattern);
            patterns.collect::<Result<Vec<_>, _>>().map_err(core)
        };
        let texts = || value.split_ascii_whitespace().map(str::to_owned);
        let domains = || {
            let domains = texts().map(|text| {
                let text = address::domain(&text).into_owned();
                Domain::parse(&text)?;
                Ok::<_, Error>(text)
            });
            domains.collect::<Result<Vec<_>, _>>().map_err(core)
        };
        let rules = &mut self.rules;
        match name {
            "protected" => rules.protected = patterns()?,
            "exempt" => rules.exempt = patterns()?,
            "mode" => {
                rules.mode = value.parse().map_err(|_| wrong(&"must be observe, mark, quarantine or reject"))?;
            }
            "modes" => {
                let modes = value.split_ascii_whitespace().map(mode_for).collect::<Result<_, _>>();
                rules.modes = modes.map_err(|error| wrong(&error))?;
            }
            "reject_at" => rules.reject_at = value.parse().map_err(|_| wrong(&"must be rcpt or data"))?,
            "on_error" => {
                rules.on_error = match value {
                    "tempfail" => OnError::Tempfail,
                    "accept" => OnError::Accept,
                    _ => return Err(wrong(&"must be tempfail or accept")),
                };
            }
            "signing_since" => rules.signing_since = since()?,
            "form" => {
                self.form = match value {
                    "prvs" => FormName::Prvs,
                    "sub-address" => FormName::SubAddress,
                    "strong" => FormName::Strong,
                    _ => return Err(wrong(&"must be prvs, sub-address or strong")),
                };
            }
            "delimiter" => {
                self.delimiter =
                    Delimiter::new(value.parse().map_err(|_| wrong(&"must be one character"))?).map_err(core)?;
            }
            "lifetime" => {
                rules.lifetime = match value.parse().map_err(|_| wrong(&"must be a number of days, or 0"))? {
                    0 => None,
                    days => Some(Lifetime::new(days).map_err(core)?),
                };
            }
            "srs_domains" => rules.srs.domains = domains()?,
            "srs_separator" => {
                rules.srs.separator =
                    Separator::new(value.parse().map_err(|_| wrong(&"must be `=`, `+` or `-`"))?).map_err(core)?;
            }
            "srs_hash_length" => rules.srs.hash_length = value.parse().map_err(|_| wrong(&"must be from 4 to 27"))?,
            "srs_hash_minimum" => rules.srs.hash_minimum = value.parse().map_err(|_| wrong(&"must be from 4 to 27"))?,
            "srs_max_age" => rules.srs.max_age = value.parse().map_err(|_| wrong(&"must be from 1 to 1000"))?,
            "srs_always_rewrite" => rules.srs.always_rewrite = yes_or_no()?,
            "srs_takes_mail" => rules.srs.takes_mail = yes_or_no()?,
            "marked_since" => rules.messages.marked_since = since()?,
            "hold_receipts" => rules.messages.hold_receipts = yes_or_no()?,
            "reject_daemon_senders" => rules.messages.reject_daemon_senders = yes_or_no()?,
            "reject_unverified" => rules.messages.reject_unverified = yes_or_no()?,
            "report_recipients" => rules.messages.report_recipients = patterns()?,
            "hosts" => rules.messages.hosts = domains()?,
            "authserv_ids" => rules.messages.authserv_ids = texts().collect(),
            "ours" => self.ours = patterns()?,
            "trusted_sealers" => self.sealers = domains()?,
            "allowed" => self.allowed = patterns()?,
            "double_bounce" => self.double_bounce = patterns()?,
            "hold_unproved" => self.hold_unproved = yes_or_no()?,
            _ => return Err(Failure::Setting(format!("no setting has the name `{name}`: batv.h lists them"))),
        }
        self.rules.form = match self.form {
            FormName::Prvs => Form::Prvs,
            FormName::SubAddress => Form::SubAddress(self.delimiter),
            FormName::Strong => Form::Strong,
        };
        Ok(())
    }
}

fn wrong(name: &str, value: &str, what: &dyn Display) -> Failure {
    Failure::Setting(format!("`{name}` is `{value}`, but {what}"))
}

/// Reads `PATTERN=MODE`, where a local part may have the sign, and a mode has not.
fn mode_for(text: &str) -> Result<(String, Mode), String> {
    let (pattern, mode) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` must be like example.com=mark"))?;
    let mode = mode.parse().map_err(|_| format!("`{mode}` must be observe, mark, quarantine or reject"))?;
    let pattern = address::pattern(pattern).map_err(|error| error.to_string())?;
    Ok((pattern.as_str().to_ascii_lowercase(), mode))
}

/// Settings that have their defaults: those of an administrator who has set nothing.
///
/// - `settings`: gets the settings, for the caller to free with `batv_settings_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
///
/// ```c
/// batv_settings *fresh;
/// if (batv_settings_new(&fresh) == BATV_RESULT_OK)
///     batv_settings_free(fresh);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_new(settings: *mut *mut batv_settings) -> batv_result {
    call(|| {
        // SAFETY: the caller says that it may be written to.
        unsafe { put(settings, core::ptr::null_mut()) }.ok_or(Failure::NullPointer("settings"))?;
        let fresh = Box::into_raw(Box::<batv_settings>::default());
        // SAFETY: as before.
        unsafe { put(settings, fresh) };
        Ok(())
    })
}

/// Sets one setting, and leaves all as they are on any error. A list replaces the one before.
///
/// | name | value | default |
/// |---|---|---|
/// | `form` | how senders are tagged: `prvs`, `sub-address` or `strong` | `prvs` |
/// | `delimiter` | the character before the tag of a sub-address | `+` |
/// | `lifetime` | days that a tag lives, up to those of the key; 0 for those of the key | `0` |
/// | `protected` | domains and mailboxes, with spaces between, that tag all that they send | those that have a key |
/// | `exempt` | domains and mailboxes, with spaces between, that are not judged | none |
/// | `mode` | what is done about bounces not proved: `observe`, `mark`, `quarantine`, `reject` | `observe` |
/// | `modes` | the same for single domains and mailboxes, with spaces between, as in `example.com=mark` | none |
/// | `reject_at` | when what has no tag is refused: `rcpt`, or `data`, which is safe for callouts | `data` |
/// | `signing_since` | the date (RFC 3339) since which all that is sent is tagged; empty for always | always |
/// | `on_error` | without a key, or with a wrong clock: `tempfail` or `accept` | `tempfail` |
/// | `srs_domains` | domains of ours, with spaces between: the first is rewritten to, all are reversed | none |
/// | `srs_separator` | the character after `SRS0`: `=`, `+` or `-` | `=` |
/// | `srs_hash_length` | characters of the hash, 4 to 27 | `4` |
/// | `srs_hash_minimum` | how many of them a hash must have that comes back | `4` |
/// | `srs_max_age` | days that a rewritten address can be reversed, 1 to 1000 | `21` |
/// | `srs_always_rewrite` | whether senders of our own domains are rewritten too: `true` or `false` | `false` |
/// | `srs_takes_mail` | whether an SRS address takes mail that is no bounce, too: `true` or `false` | `false` |
/// | `marked_since` | the date (RFC 3339) since which all that is sent has a mark; empty for never | never |
/// | `hold_receipts` | whether disposition notifications not proved are held as bounces are: `true` or `false` | `false` |
/// | `reject_daemon_senders` | whether bounces with a reverse-path may be refused: `true` or `false` | `false` |
/// | `reject_unverified` | whether a bounce without a tag may be refused where nothing tells whose message it returns: `true` or `false` | `false` |
/// | `report_recipients` | domains and mailboxes, with spaces between, that are there for reports on DMARC, TLS and abuse | none |
/// | `hosts` | domains, besides those of `protected`, in which the hosts are that our mail leaves by, with spaces between | none |
/// | `ours` | domains and mailboxes of ours, with spaces between, which get bounces only when proved | those of `protected` |
/// | `authserv_ids` | the names that our own border writes in Authentication-Results, with spaces between | none |
/// | `trusted_sealers` | domains whose ARC seals are believed, with spaces between | none |
/// | `allowed` | domains and mailboxes that get bounces though nothing proves them | none |
/// | `double_bounce` | mailboxes that stand for the null reverse-path on some servers: they get none | none |
/// | `hold_unproved` | whether a bounce to a sender not proved is held, or else not sent: `true` or `false` | `false` |
///
/// - `settings`: not NULL.
/// - `name`, `value`: text up to a NUL.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`.
/// Threads: none may use the settings at the same time.
///
/// ```c
/// if (batv_settings_set(settings, "protected", "example.com bob@example.org") != BATV_RESULT_OK ||
///     batv_settings_set(settings, "mode", "reject") != BATV_RESULT_OK) {
///     // batv_error_message() tells why
/// }
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_set(
    settings: *mut batv_settings,
    name: *const c_char,
    value: *const c_char,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that these are settings that nobody else uses now.
        let settings = unsafe { settings.as_mut() }.ok_or(Failure::NullPointer("settings"))?;
        // SAFETY: the caller says that it ends with a NUL.
        let name = unsafe { string("name", name) }?.to_str();
        // SAFETY: the same.
        let value = unsafe { string("value", value) }?.to_str();
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(Failure::Argument("`name` and `value` must be UTF-8"));
        };
        settings.set(name, value)
    })
}

/// Adds a public key of our DKIM signatures (RFC 6376, RFC 8463). One on a returned header proves that the message was
/// ours. Nothing is looked up in DNS. To take a key away, make new settings.
///
/// - `settings`: not NULL.
/// - `domain`, `selector`: `d=` and `s=` of the signatures, up to a NUL.
/// - `text`, `text_length`: a DKIM record, bare or as a zone file has it, or PEM, in octets.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`. On any
/// of them the settings stay as they are.
/// Threads: none may use the settings at the same time.
///
/// ```c
/// const char *record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// if (batv_settings_add_dkim_key(settings, "example.com", "sel", record, strlen(record)) != BATV_RESULT_OK) {
///     // batv_error_message() tells why
/// }
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_add_dkim_key(
    settings: *mut batv_settings,
    domain: *const c_char,
    selector: *const c_char,
    text: *const c_char,
    text_length: usize,
) -> batv_result {
    call(|| {
        // SAFETY: the caller says that these are settings that nobody else uses now.
        let settings = unsafe { settings.as_mut() }.ok_or(Failure::NullPointer("settings"))?;
        // SAFETY: the caller says that it ends with a NUL.
        let domain = unsafe { string("domain", domain) }?.to_str();
        // SAFETY: the same.
        let selector = unsafe { string("selector", selector) }?.to_str();
        // SAFETY: the caller says that so many octets are there.
        let text = unsafe { octets("text", text, text_length) }?;
        let (Ok(domain), Ok(selector)) = (domain, selector) else {
            return Err(Failure::Argument("`domain` and `selector` must be UTF-8"));
        };
        let key = PublicKey::parse(domain, selector, text).map_err(|error| Failure::Setting(error.to_string()))?;
        settings.rules.messages.dkim_keys.push(key);
        Ok(())
    })
}

/// Frees settings. NULL is allowed.
///
/// Forbidden: to free settings twice, to use them afterwards, or to free them while another thread uses them.
///
/// Errors: none. Threads: any, once no other uses the settings.
///
/// ```c
/// batv_settings_free(NULL);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_free(settings: *mut batv_settings) {
    if !settings.is_null() {
        // SAFETY: `batv_settings_new` has made them by `Box::into_raw`, and the caller frees them once.
        free(unsafe { Box::from_raw(settings) });
    }
}
