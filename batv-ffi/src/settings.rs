//! Settings: the rules of a site. Names and values are those of the configuration.

mod table;

use core::ffi::{CStr, c_char};
use core::fmt::{Display, Write};
use std::sync::LazyLock;

#[cfg(feature = "messages")]
use batv_bounce::dkim::PublicKey;
use batv_core::tag::Delimiter;
use batv_core::{KeySet, Pattern};
#[cfg(feature = "messages")]
use batv_policy::BouncePolicy;
use batv_policy::{Rules, View};

use crate::boundary::{call, from_c};
use crate::code::batv_result;
use crate::failure::Failure;
use crate::text::batv_buffer;
#[cfg(feature = "messages")]
use crate::text::batv_text;

pub use table::batv_setting;
use table::{Setting, TABLE};

/// Settings. Once all is set, many threads may use them at the same time.
#[derive(Clone, Debug, Default)]
pub struct batv_settings {
    rules: Rules,
    delimiter: Delimiter,
    ours: Vec<Pattern<String>>,
    sealers: Vec<String>,
    allowed: Vec<Pattern<String>>,
    double_bounce: Vec<Pattern<String>>,
    hold_unproved: bool,
}

/// The settings of a call: those of a handle, or the defaults.
#[inline]
pub(crate) fn or_default(settings: Option<&batv_settings>) -> &batv_settings {
    static DEFAULTS: LazyLock<batv_settings> = LazyLock::new(batv_settings::default);
    settings.unwrap_or_else(|| &DEFAULTS)
}

impl batv_settings {
    /// The site of these settings and keys, which decides.
    #[inline]
    pub(crate) const fn site<'s>(&'s self, keys: &'s KeySet) -> View<'s> {
        View::new(keys, &self.rules)
    }

    #[cfg(feature = "messages")]
    pub(crate) fn may_bounce(&self) -> BouncePolicy<'_, String> {
        BouncePolicy {
            ours: if self.ours.is_empty() { &self.rules.protected } else { &self.ours },
            authserv_ids: &self.rules.messages.authserv_ids,
            trusted_sealers: &self.sealers,
            allowed: &self.allowed,
            double_bounce: &self.double_bounce,
            hold_unproved: self.hold_unproved,
        }
    }

    /// Whether there is a domain to rewrite to.
    pub(crate) fn check_srs(&self) -> Result<(), Failure> {
        if self.rules.srs.domains.is_empty() {
            return Err(Failure::Argument("no domain of ours is set: `batv_settings_set` with `srs_domains`"));
        }
        Ok(())
    }

    fn set(&mut self, name: &CStr, value: &str) -> Result<(), Failure> {
        let setting = find(name)?;
        let wrong =
            |what: &dyn Display| Failure::Setting(format!("`{}` is `{value}`, but {what}", name.to_string_lossy()));
        if let Some(choices) = setting.choices.map(CStr::to_string_lossy)
            && choices.split(' ').all(|choice| choice != value)
        {
            return Err(wrong(&must_be(&choices)));
        }
        let mut new = self.clone();
        (setting.set)(&mut new, value).map_err(|error| wrong(&error))?;
        // An error by two settings together must not come to light in a later call.
        new.rules.srs.check().map_err(|error| wrong(&error))?;
        new.rules.form = new.rules.form.with_delimiter(new.delimiter);
        *self = new;
        Ok(())
    }
}

fn find(name: &CStr) -> Result<&'static Setting, Failure> {
    let unknown = || format!("no setting has the name `{}`: batv.h lists them", name.to_string_lossy());
    TABLE.iter().find(|setting| setting.name == name).ok_or_else(|| Failure::Setting(unknown()))
}

/// Such as `must be true or false`.
fn must_be(choices: &str) -> String {
    let (others, last) = choices.rsplit_once(' ').unwrap_or(("", choices));
    format!("must be {} or {last}", others.replace(' ', ", "))
}

/// Makes settings with their defaults: those of an administrator who has set nothing.
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
        from_c!(plain answer settings)?.put(Box::into_raw(Box::default()));
        Ok(())
    })
}

/// Copies settings: a server that reloads its configuration changes a copy, and frees the old settings when no thread uses
/// them any more.
///
/// - `settings`: not NULL.
/// - `copy`: gets the settings, for the caller to free with `batv_settings_free`; NULL on any error.
///
/// Errors: `BATV_RESULT_NULL_POINTER`. Threads: any.
///
/// ```c
/// batv_settings *copy;
/// if (batv_settings_copy(settings, &copy) == BATV_RESULT_OK)
///     batv_settings_free(copy);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_copy(
    settings: *const batv_settings,
    copy: *mut *mut batv_settings,
) -> batv_result {
    call(|| {
        let copy = from_c!(plain answer copy)?;
        copy.put(Box::into_raw(Box::new(from_c!(handle settings)?.clone())));
        Ok(())
    })
}

/// Sets one setting, and leaves all as they are on any error. The items of a list have spaces between them; a list replaces
/// the one before.
///
/// {settings}
///
/// - `settings`: not NULL.
/// - `name`, `value`: up to a NUL.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`.
/// Threads: no other may use the settings at the same time.
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
        let settings = from_c!(mut handle settings)?;
        let name = from_c!(string name)?;
        let value = from_c!(string value)?.to_str();
        settings.set(name, value.map_err(|_| Failure::Argument("`value` must be UTF-8"))?)
    })
}

/// Tells the value of a setting, as `batv_settings_set` takes it.
///
/// - `settings`: NULL for the defaults.
/// - `name`: up to a NUL.
/// - `value`: gets the value.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT` for another name; `BATV_RESULT_TOO_SMALL`; `BATV_RESULT_NULL_POINTER`.
/// Threads: any.
///
/// ```c
/// char mode[64];
/// batv_buffer value = BATV_BUFFER(mode);
/// if (batv_settings_get(settings, "mode", &value) == BATV_RESULT_OK)
///     printf("mode: %s\n", mode);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_get(
    settings: *const batv_settings,
    name: *const c_char,
    value: *mut batv_buffer,
) -> batv_result {
    call(|| {
        let text = from_c!(buffer value, apart from &[])?;
        let settings = or_default(from_c!(handle or none settings));
        let setting = find(from_c!(string name)?)?;
        text.write(|out| out.write_str(&(setting.get)(settings)))
    })
}

/// Describes a setting: its name, its choices and a line of help.
///
/// - `index`: from 0; NULL comes back after the last setting.
///
/// Errors: none. Threads: any.
///
/// ```c
/// const batv_setting *setting;
/// uint32_t index;
/// for (index = 0; (setting = batv_settings_describe(index)) != NULL; index++)
///     printf("%s: %s\n", setting->name, setting->help);
/// ```
#[unsafe(no_mangle)]
pub extern "C" fn batv_settings_describe(index: u32) -> *const batv_setting {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    TABLE.get(index).map_or(core::ptr::null(), |setting| &raw const setting.public)
}

/// Adds a public key of our DKIM signatures (RFC 6376, RFC 8463). A signature on a returned header proves that the message
/// was ours. Nothing is looked up in DNS. To take a key away, make new settings.
///
/// Needs the feature `messages`.
///
/// - `settings`: not NULL.
/// - `domain`, `selector`: `d=` and `s=` of the signatures, up to a NUL.
/// - `key`: a DKIM record, bare or as in a zone file, or PEM.
///
/// Errors: `BATV_RESULT_BAD_ARGUMENT`, where `batv_error_message` says what is right; `BATV_RESULT_NULL_POINTER`. On any
/// of them the settings stay as they are.
/// Threads: no other may use the settings at the same time.
///
/// ```c
/// const char *record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// if (batv_settings_add_dkim_key(settings, "example.com", "sel", batv_text_of(record)) != BATV_RESULT_OK) {
///     // batv_error_message() tells why
/// }
/// ```
#[cfg(feature = "messages")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn batv_settings_add_dkim_key(
    settings: *mut batv_settings,
    domain: *const c_char,
    selector: *const c_char,
    key: batv_text,
) -> batv_result {
    call(|| {
        let settings = from_c!(mut handle settings)?;
        let domain = from_c!(string domain)?.to_str();
        let selector = from_c!(string selector)?.to_str();
        let key = from_c!(octets key)?;
        let (Ok(domain), Ok(selector)) = (domain, selector) else {
            return Err(Failure::Argument("`domain` and `selector` must be UTF-8"));
        };
        let key = PublicKey::parse(domain, selector, key).map_err(|error| Failure::Setting(error.to_string()))?;
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
    from_c!(free settings);
}
