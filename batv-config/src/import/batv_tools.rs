//! batv-milter of batv-tools: a file of options, one a line, and the key map that it names.

use std::path::Path;

use batv_core::tag::Delimiter;
use batv_core::{Algorithm, KeyId, Lifetime};
use toml_edit::{Array, Value};

use super::address::{network, socket_address};
use super::migration::Migration;
use super::source::{File, Files, ImportError, Place, Program, quote, utf8};
use crate::entry::Use;
use crate::rotation::NewKey;
use crate::scope::Scope;
use crate::secret::Secret;

/// Depth to which `config` is followed.
const DEPTH: usize = 8;
/// Longest lifetime of a key, in days.
const LONGEST: u32 = 180;
/// Key file that stands for no key.
const NO_KEY: &str = "/dev/null";

struct Setting {
    name: String,
    value: String,
    place: Place,
}

impl Setting {
    fn quote(&self) -> String {
        quote(&format!("{} {}", self.name, self.value), &self.place)
    }

    fn unknown_value(&self, known: &str) -> ImportError {
        self.place.fault(format!("`{} {}`: expected {known}", self.name, self.value))
    }
}

pub(super) fn read(files: &[File<'_>], host: &dyn Files) -> Result<Migration, ImportError> {
    let mut settings = Vec::new();
    for file in files {
        collect(file, host, DEPTH, &mut settings)?;
    }
    let mut migration = Migration::new(Program::BatvTools);
    let lifetime = lifetime(&settings, &mut migration)?;
    // The last one counts, but for those of which there may be several.
    let is_list = |name: &str| name == "internal-host" || name == "key-map";
    let last = |at: usize, name: &str| settings.iter().rposition(|other| other.name == name) == Some(at);
    for (at, setting) in settings.iter().enumerate() {
        if is_list(&setting.name) || last(at, &setting.name) {
            take(setting, lifetime, host, &mut migration)?;
        }
    }
    if !settings.iter().any(|setting| setting.name == "internal-host" || setting.value == "verify") {
        let remark = "No internal-host: only mail of local users and authenticated clients is signed";
        migration.set("clients", "internal_networks", Array::new(), remark);
    }
    if !settings.iter().any(|setting| is_verdict(&setting.name)) {
        migration.set("verify", "mode", "mark", "No on-invalid: bounces that are not proved are marked");
    }
    if !settings.iter().any(|setting| setting.name == "socket") {
        migration.leave("socket", "this file names none: name one in listen.milter");
    }
    if migration.keys().is_empty() {
        migration.leave("key-map", "there are no keys: add them with `batv key import --format batv-tools`");
    }
    Ok(migration)
}

fn is_verdict(name: &str) -> bool {
    name == "on-invalid" || name == "reject-unless-verified"
}

/// The settings of a file, and of those that it includes, in their order.
fn collect(file: &File<'_>, host: &dyn Files, depth: usize, settings: &mut Vec<Setting>) -> Result<(), ImportError> {
    for (place, name, value) in pairs(file)? {
        let value = value.ok_or_else(|| place.fault("expected an option and its value"))?;
        if name == "config" {
            let path = Path::new(value);
            let deeper = depth.checked_sub(1).ok_or_else(|| place.fault("files include each other without end"))?;
            let text = host.text(path)?;
            collect(&File { name: path, text: &text }, host, deeper, settings)?;
        } else {
            settings.push(Setting { name: name.to_owned(), value: value.to_owned(), place });
        }
    }
    Ok(())
}

type Pair<'a> = (Place, &'a str, Option<&'a str>);

/// The lines of a file of options, or of a key map: a word, white space, and the rest. Lines that begin with `#` are
/// comments, and so is nothing else.
fn pairs<'a>(file: &File<'a>) -> Result<Vec<Pair<'a>>, ImportError> {
    let lines = utf8(file)?.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let pair = |(at, line): (usize, &'a str)| {
        let (name, value) = line
            .trim()
            .split_once(char::is_whitespace)
            .map_or((line.trim(), None), |(name, value)| (name, Some(value.trim())));
        (Place::new(file.name, at + 1), name, value)
    };
    Ok(lines.map(pair).collect())
}

fn lifetime(settings: &[Setting], migration: &mut Migration) -> Result<Lifetime, ImportError> {
    let Some(setting) = settings.iter().rfind(|setting| setting.name == "lifetime") else {
        return Ok(Lifetime::default());
    };
    let days: u32 = setting
        .value
        .parse()
        .ok()
        .filter(|days| (1..=999).contains(days))
        .ok_or_else(|| setting.unknown_value("a number of days from 1 to 999"))?;
    if days > LONGEST {
        migration.leave(
            setting.quote(),
            format!("a tag is valid for at most {LONGEST} days here: later bounces do not verify"),
        );
    }
    Lifetime::new(days.min(LONGEST)).map_err(|error| setting.place.fault(error.to_string()))
}

fn take(setting: &Setting, lifetime: Lifetime, host: &dyn Files, migration: &mut Migration) -> Result<(), ImportError> {
    let (from, value) = (setting.quote(), setting.value.as_str());
    match setting.name.as_str() {
        "socket" => {
            let address = socket_address(value)
                .ok_or_else(|| setting.unknown_value("`/path`, `unix:/path` or `inet:port@host`"))?;
            migration.push("listen", "milter", &address, from);
            migration.remark(
                "listen",
                "milter",
                "Postfix and Sendmail also use lookup tables: name a socket in socketmap, and see `batvd setup`",
            );
        }
        "socket-mode" => {
            let is_mode = value.len() == 3 && value.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
            let mode = format!("0o{value}").parse::<Value>().ok().filter(|_| is_mode);
            let mode = mode.ok_or_else(|| setting.unknown_value("three octal digits"))?;
            migration.set("listen", "socket_mode", mode, from);
        }
        "internal-host" => {
            let network =
                network(value).ok_or_else(|| setting.unknown_value("an address, or one with a prefix length"))?;
            migration.push("clients", "internal_networks", &network, from);
        }
        "lifetime" if value == "7" => migration.skip(from, "the keys have it, and it is the default"),
        "lifetime" => migration.skip(from, "the keys have it"),
        "key-map" => take_keys(setting, lifetime, host, migration)?,
        "sub-address-delimiter" => take_delimiter(setting, migration)?,
        "mode" => take_mode(setting, migration)?,
        "on-internal-error" => match value {
            "tempfail" | "accept" => migration.set("", "on_error", value, from),
            "reject" => {
                migration.set("", "on_error", "tempfail", from);
                migration.leave(
                    setting.quote(),
                    "an internal error is never a reason to reject mail here: it is refused temporarily",
                );
            }
            _ => return Err(setting.unknown_value("tempfail, accept or reject")),
        },
        name if is_verdict(name) => take_verdict(setting, migration)?,
        "daemon" | "pid-file" => migration.skip(from, "batvd runs in the foreground, as a systemd service"),
        "user" | "group" => migration.skip(from, "the systemd unit names the user of batvd"),
        "debug" => migration.skip(from, "`level = \"debug\"` in [log] logs more"),
        // It may be a line of a key file.
        _ => migration.leave(quote("a line", &setting.place), "it is not an option of batv-milter"),
    }
    Ok(())
}

fn take_verdict(setting: &Setting, migration: &mut Migration) -> Result<(), ImportError> {
    let from = setting.quote();
    let refuses = "A bounce without a tag is read to its end here, and quarantined unless it is disproved. To reject it: \
                   reject_unverified = true in [messages]";
    match setting.value.as_str() {
        "accept" | "no" | "false" | "off" | "0" => {
            migration.set("verify", "mode", "mark", from);
            migration.remark("verify", "mode", "X-BATV-Status has the same values as before");
        }
        "reject" | "yes" | "true" | "on" | "1" => {
            migration.set("verify", "mode", "reject", from);
            migration.remark("verify", "mode", refuses);
        }
        "tempfail" | "discard" => {
            migration.set("verify", "mode", "quarantine", from);
            let instead = "no bounce is refused temporarily forever or discarded: the mail server holds it for you";
            migration.leave(setting.quote(), instead);
        }
        _ => return Err(setting.unknown_value("accept, reject or tempfail")),
    }
    Ok(())
}

fn take_mode(setting: &Setting, migration: &mut Migration) -> Result<(), ImportError> {
    let from = setting.quote();
    match setting.value.as_str() {
        "both" => migration.skip(from, "batvd does both"),
        "sign" => migration.leave(
            from,
            "batvd also removes the tags of bounces. With `mode = \"observe\"` in [verify] it rejects and marks nothing",
        ),
        "verify" => {
            migration.set("clients", "internal_networks", Array::new(), &from);
            migration.set("clients", "daemon_names", Array::new(), &from);
            migration.leave(
                from,
                "no client counts as yours because of its address. Authenticated clients and local users do: their mail is \
                 tagged here",
            );
        }
        _ => return Err(setting.unknown_value("sign, verify or both")),
    }
    Ok(())
}

fn take_delimiter(setting: &Setting, migration: &mut Migration) -> Result<(), ImportError> {
    let mut characters = setting.value.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return Err(setting.unknown_value("one character"));
    };
    migration.set("sign", "form", "sub-address", setting.quote());
    match Delimiter::new(character) {
        Ok(delimiter) if delimiter == Delimiter::default() => {}
        Ok(_) => migration.set("sign", "delimiter", setting.value.as_str(), setting.quote()),
        Err(error) => migration.leave(
            setting.quote(),
            format!("{error}: the delimiter is `+` here. Configure the mail server for it, or set `form = \"prvs\"` in [sign]"),
        ),
    }
    Ok(())
}

/// Key file of a key map, and the addresses that it is for.
struct MappedKey<'a> {
    file: &'a str,
    secret: Secret,
    patterns: Vec<&'a str>,
}

/// The keys of a key map: one for all addresses that have the same file.
fn take_keys(
    setting: &Setting,
    lifetime: Lifetime,
    host: &dyn Files,
    migration: &mut Migration,
) -> Result<(), ImportError> {
    let path = Path::new(&setting.value);
    let text = host.text(path)?;
    let mut keys: Vec<MappedKey<'_>> = Vec::new();
    let map = File { name: path, text: &text };
    for (place, address, key_file) in pairs(&map)? {
        let key_file = key_file.ok_or_else(|| place.fault("expected an address and its key file"))?;
        if !address.contains('@') {
            migration.skip(
                quote("a line without @", &place),
                "batv-milter writes a domain with an @ before it: this line had no effect",
            );
            continue;
        }
        let pattern = address.strip_prefix('@').unwrap_or(address);
        Scope::parse([pattern]).map_err(|error| place.fault(error.to_string()))?;
        let secret = if key_file == NO_KEY { Secret::default() } else { host.secret(Path::new(key_file))? };
        if secret.is_empty() {
            migration.push("sign", "exempt", pattern, quote(address, &place));
        } else {
            match keys.iter_mut().find(|known| known.file == key_file) {
                Some(known) => known.patterns.push(pattern),
                None => keys.push(MappedKey { file: key_file, secret, patterns: vec![pattern] }),
            }
        }
    }
    for MappedKey { secret, patterns, .. } in &keys {
        let mut key = NewKey::new(Use::Batv);
        key.id = Some(KeyId::default());
        key.algorithm = Some(Algorithm::HmacSha1);
        key.lifetime = Some(lifetime);
        key.scope = Scope::parse(patterns)?;
        migration.add_key(key, secret);
    }
    migration.skip(setting.quote(), "the keyring has the keys with their domains, which are protected");
    Ok(())
}
