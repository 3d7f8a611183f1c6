//! Settings: what is ours, and how it is treated. Names and values are those of the configuration.

use core::ffi::c_char;
use core::fmt::Display;

use batv_bounce::Ours;
use batv_bounce::dkim::PublicKey;
use batv_bounce::may_bounce;
use batv_config::clock;
use batv_core::envelope::{Mode, Moment, OnError, Policy};
use batv_core::prvs::{Delimiter, Form};
use batv_core::srs::{DEFAULT_MAX_AGE, HASH_MINIMUM, Separator, Srs};
use batv_core::{Day, Domain, Lifetime, Pattern};
use self_cell::self_cell;

use crate::border::{Failure, call, free, octets, put, string};
use crate::code::batv_result;

/// Settings. Once all is set, many threads may use them at the same time.
pub struct batv_settings {
    lists: Lists,
    scalars: Scalars,
    dkim_keys: Vec<PublicKey>,
}

impl core::fmt::Debug for batv_settings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("batv_settings").finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug)]
struct Scalars {
    mode: Mode,
    reject_at: Moment,
    on_error: OnError,
    signing_since: Option<Day>,
    form: FormName,
    delimiter: Delimiter,
    lifetime: Option<Lifetime>,
    separator: Separator,
    hash_length: u8,
    hash_minimum: u8,
    max_age: u16,
    always_rewrite: bool,
    marked_since: Option<Day>,
    hold_receipts: bool,
    reject_daemon_senders: bool,
    reject_unverified: bool,
    hold_unproved: bool,
}

#[derive(Clone, Copy, Debug)]
enum FormName {
    Prvs,
    SubAddress,
    Strong,
}

#[derive(Clone, Debug, Default)]
struct Texts {
    protected: Vec<String>,
    exempt: Vec<String>,
    srs_domains: Vec<String>,
    ours: Vec<String>,
    hosts: Vec<String>,
    authserv_ids: Vec<String>,
    sealers: Vec<String>,
    allowed: Vec<String>,
    double_bounce: Vec<String>,
}

#[derive(Default)]
struct Views<'a> {
    protected: Vec<Pattern<&'a str>>,
    exempt: Vec<Pattern<&'a str>>,
    srs_domains: Vec<Domain<'a>>,
    ours: Vec<Pattern<&'a str>>,
    hosts: Vec<&'a str>,
    authserv_ids: Vec<&'a str>,
    sealers: Vec<&'a str>,
    allowed: Vec<Pattern<&'a str>>,
    double_bounce: Vec<Pattern<&'a str>>,
}

self_cell! {
    struct Lists {
        owner: Texts,
        #[covariant]
        dependent: Views,
    }
}

impl Lists {
    fn read(texts: Texts) -> Result<Self, batv_core::Error> {
        fn patterns(texts: &[String]) -> Result<Vec<Pattern<&str>>, batv_core::Error> {
            texts.iter().map(|text| Pattern::parse(text.as_str())).collect()
        }
        fn domains(texts: &[String]) -> Result<Vec<Domain<'_>>, batv_core::Error> {
            texts.iter().map(|text| Domain::parse(text)).collect()
        }
        Self::try_new(texts, |texts| {
            Ok(Views {
                protected: patterns(&texts.protected)?,
                exempt: patterns(&texts.exempt)?,
                srs_domains: domains(&texts.srs_domains)?,
                ours: patterns(&texts.ours)?,
                hosts: domains(&texts.hosts)?.iter().map(Domain::as_str).collect(),
                authserv_ids: texts.authserv_ids.iter().map(String::as_str).collect(),
                sealers: domains(&texts.sealers)?.iter().map(Domain::as_str).collect(),
                allowed: patterns(&texts.allowed)?,
                double_bounce: patterns(&texts.double_bounce)?,
            })
        })
    }
}

impl Default for batv_settings {
    fn default() -> Self {
        Self {
            lists: Lists::new(Texts::default(), |_| Views::default()),
            scalars: Scalars::default(),
            dkim_keys: Vec::new(),
        }
    }
}

impl Default for Scalars {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            reject_at: Moment::EndOfData,
            on_error: OnError::Tempfail,
            signing_since: None,
            form: FormName::Prvs,
            delimiter: Delimiter::default(),
            lifetime: None,
            separator: Separator::Equals,
            hash_length: HASH_MINIMUM,
            hash_minimum: HASH_MINIMUM,
            max_age: DEFAULT_MAX_AGE,
            always_rewrite: false,
            marked_since: None,
            hold_receipts: false,
            reject_daemon_senders: false,
            reject_unverified: false,
            hold_unproved: false,
        }
    }
}

/// The settings of a call: those of a handle, or the defaults.
pub(crate) struct InForce<'s> {
    views: Option<&'s Views<'s>>,
    scalars: Scalars,
    dkim_keys: &'s [PublicKey],
}

impl<'s> InForce<'s> {
    /// # Safety
    /// `settings` is NULL, or points to settings that nobody changes for `'s`.
    #[inline]
    pub(crate) unsafe fn of(settings: *const batv_settings) -> Self {
        // SAFETY: the caller vouches.
        match unsafe { settings.as_ref() } {
            Some(settings) => Self {
                views: Some(settings.lists.borrow_dependent()),
                scalars: settings.scalars,
                dkim_keys: &settings.dkim_keys,
            },
            None => Self { views: None, scalars: Scalars::default(), dkim_keys: &[] },
        }
    }

    #[inline]
    pub(crate) const fn form(&self) -> Form {
        match self.scalars.form {
            FormName::Prvs => Form::Prvs,
            FormName::SubAddress => Form::SubAddress(self.scalars.delimiter),
            FormName::Strong => Form::Strong,
        }
    }

    #[inline]
    pub(crate) const fn lifetime(&self) -> Option<Lifetime> {
        self.scalars.lifetime
    }

    pub(crate) fn policy(&self) -> Policy<'s> {
        let mut policy = Policy::new(self.scalars.mode);
        if let Some(views) = self.views {
            policy.protected = &views.protected;
            policy.exempt = &views.exempt;
        }
        policy.signing_since = self.scalars.signing_since;
        policy.form = self.form();
        policy.reject_at = self.scalars.reject_at;
        policy.on_error = self.scalars.on_error;
        policy
    }

    pub(crate) fn ours(&self) -> Ours<'s> {
        let mut ours = Ours::new(self.views.map_or(&[][..], |views| &views.protected));
        ours.dkim_keys = self.dkim_keys;
        ours.marked_since = self.scalars.marked_since;
        ours.hosts = self.views.map_or(&[][..], |views| &views.hosts);
        ours
    }

    pub(crate) fn may_bounce(&self) -> may_bounce::Policy<'s> {
        let mut policy = may_bounce::Policy::default();
        if let Some(views) = self.views {
            policy.ours = if views.ours.is_empty() { &views.protected } else { &views.ours };
            policy.authserv_ids = &views.authserv_ids;
            policy.trusted_sealers = &views.sealers;
            policy.allowed = &views.allowed;
            policy.double_bounce = &views.double_bounce;
        }
        policy.hold_unproved = self.scalars.hold_unproved;
        policy
    }

    pub(crate) const fn hold_receipts(&self) -> bool {
        self.scalars.hold_receipts
    }

    pub(crate) const fn reject_daemon_senders(&self) -> bool {
        self.scalars.reject_daemon_senders
    }

    pub(crate) const fn reject_unverified(&self) -> bool {
        self.scalars.reject_unverified
    }

    #[inline]
    pub(crate) fn srs(&self) -> Result<Srs<'s>, Failure> {
        let domains = self.views.map_or(&[][..], |views| &views.srs_domains);
        let srs = Srs::new(domains)
            .map_err(|_| Failure::Argument("no domain of ours is set: `batv_settings_set` with `srs_domains`"))?
            .with_separator(self.scalars.separator)
            .with_hash_length(self.scalars.hash_length, self.scalars.hash_minimum)
            .and_then(|srs| srs.with_max_age(self.scalars.max_age))
            .map_err(Failure::Refused)?;
        Ok(if self.scalars.always_rewrite { srs.always_rewriting() } else { srs })
    }
}

impl batv_settings {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let wrong = |what: &dyn Display| Failure::Setting(format!("`{name}` is `{value}`, but {what}"));
        let core = |error: batv_core::Error| wrong(&error);
        let yes_or_no = || value.parse().map_err(|_| wrong(&"must be true or false"));
        let since = || {
            let day = (!value.is_empty()).then(|| clock::parse_at(value));
            day.transpose().map_err(|error| wrong(&error))
        };
        let mut new = self.scalars;
        match name {
            "protected" => self.set_list(|texts| &mut texts.protected, value).map_err(core)?,
            "exempt" => self.set_list(|texts| &mut texts.exempt, value).map_err(core)?,
            "srs_domains" => self.set_list(|texts| &mut texts.srs_domains, value).map_err(core)?,
            "mode" => {
                new.mode = value.parse().map_err(|_| wrong(&"must be observe, mark, quarantine or reject"))?;
            }
            "reject_at" => new.reject_at = value.parse().map_err(|_| wrong(&"must be rcpt or data"))?,
            "on_error" => {
                new.on_error = match value {
                    "tempfail" => OnError::Tempfail,
                    "accept" => OnError::Accept,
                    _ => return Err(wrong(&"must be tempfail or accept")),
                };
            }
            "signing_since" => new.signing_since = since()?,
            "form" => {
                new.form = match value {
                    "prvs" => FormName::Prvs,
                    "sub-address" => FormName::SubAddress,
                    "strong" => FormName::Strong,
                    _ => return Err(wrong(&"must be prvs, sub-address or strong")),
                };
            }
            "delimiter" => {
                new.delimiter =
                    Delimiter::new(value.parse().map_err(|_| wrong(&"must be one character"))?).map_err(core)?;
            }
            "lifetime" => {
                new.lifetime = match value.parse().map_err(|_| wrong(&"must be a number of days, or 0"))? {
                    0 => None,
                    days => Some(Lifetime::new(days).map_err(core)?),
                };
            }
            "srs_separator" => {
                new.separator =
                    Separator::new(value.parse().map_err(|_| wrong(&"must be `=`, `+` or `-`"))?).map_err(core)?;
            }
            "srs_hash_length" => new.hash_length = value.parse().map_err(|_| wrong(&"must be from 4 to 27"))?,
            "srs_hash_minimum" => new.hash_minimum = value.parse().map_err(|_| wrong(&"must be from 4 to 27"))?,
            "srs_max_age" => new.max_age = value.parse().map_err(|_| wrong(&"must be from 1 to 1000"))?,
            "srs_always_rewrite" => new.always_rewrite = yes_or_no()?,
            "marked_since" => new.marked_since = since()?,
            "hold_receipts" => new.hold_receipts = yes_or_no()?,
            "reject_daemon_senders" => new.reject_daemon_senders = yes_or_no()?,
            "reject_unverified" => new.reject_unverified = yes_or_no()?,
            "hosts" => self.set_list(|texts| &mut texts.hosts, value).map_err(core)?,
            "ours" => self.set_list(|texts| &mut texts.ours, value).map_err(core)?,
            "authserv_ids" => self.set_list(|texts| &mut texts.authserv_ids, value).map_err(core)?,
            "trusted_sealers" => self.set_list(|texts| &mut texts.sealers, value).map_err(core)?,
            "allowed" => self.set_list(|texts| &mut texts.allowed, value).map_err(core)?,
            "double_bounce" => self.set_list(|texts| &mut texts.double_bounce, value).map_err(core)?,
            "hold_unproved" => new.hold_unproved = yes_or_no()?,
            _ => return Err(Failure::Setting(format!("no setting has the name `{name}`: batv.h lists them"))),
        }
        // What one call has said must not come to light as an error of another.
        let anywhere = [Domain::parse("example.com").map_err(core)?];
        Srs::new(&anywhere)
            .and_then(|srs| srs.with_hash_length(new.hash_length, new.hash_minimum)?.with_max_age(new.max_age))
            .map_err(core)?;
        self.scalars = new;
        Ok(())
    }

    fn set_list(&mut self, list: fn(&mut Texts) -> &mut Vec<String>, value: &str) -> Result<(), batv_core::Error> {
        let mut texts = self.lists.borrow_owner().clone();
        *list(&mut texts) = value.split_ascii_whitespace().map(str::to_owned).collect();
        self.lists = Lists::read(texts)?;
        Ok(())
    }
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
/// | `reject_at` | when what has no tag is refused: `rcpt`, or `data`, which is safe for callouts | `data` |
/// | `signing_since` | the date (RFC 3339) since which all that is sent is tagged; empty for always | always |
/// | `on_error` | without a key, or with a wrong clock: `tempfail` or `accept` | `tempfail` |
/// | `srs_domains` | domains of ours, with spaces between: the first is rewritten to, all are reversed | none |
/// | `srs_separator` | the character after `SRS0`: `=`, `+` or `-` | `=` |
/// | `srs_hash_length` | characters of the hash, 4 to 27 | `4` |
/// | `srs_hash_minimum` | how many of them a hash must have that comes back | `4` |
/// | `srs_max_age` | days that a rewritten address can be reversed, 1 to 1000 | `21` |
/// | `srs_always_rewrite` | whether senders of our own domains are rewritten too: `true` or `false` | `false` |
/// | `marked_since` | the date (RFC 3339) since which all that is sent has a mark; empty for never | never |
/// | `hold_receipts` | whether disposition notifications not proved are held as bounces are: `true` or `false` | `false` |
/// | `reject_daemon_senders` | whether bounces with a reverse-path may be refused: `true` or `false` | `false` |
/// | `reject_unverified` | whether a bounce without a tag may be refused where nothing tells whose message it returns: `true` or `false` | `false` |
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
        settings.dkim_keys.push(key);
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
