//! Exim: keys in `${prvs{…}{KEY}{K}}` and `${prvscheck{…}{KEY}}`, and the lists of its own domains and hosts.
//!
//! A value that is known only while Exim runs (a lookup, `${readfile}`, a variable) is left to the administrator. Of `.ifdef` both
//! branches are read.

mod expansion;
mod lines;

use batv_core::{Algorithm, KeyId, Lifetime};

use self::expansion::{Key, Use as Found};
use self::lines::Line;
use super::address::network;
use super::migration::Migration;
use super::source::{File, ImportError, Place, Program, quote};
use crate::entry::Use;
use crate::rotation::NewKey;
use crate::scope::Scope;

/// Lists of local domains and of relay clients in Exim's own configuration and Debian's.
const LOCAL_DOMAINS: &str = "local_domains";
const RELAY_HOSTS: &str = "relay_from_hosts";

pub(super) fn read(files: &[File<'_>]) -> Result<Migration, ImportError> {
    let mut migration = Migration::new(Program::Exim);
    let lines = lines::read(files, &mut migration)?;
    let mut keys = Keys::default();
    for line in &lines {
        // The values of a macro have been seen in its definitions, whichever is in force.
        if line.is_ambiguous && !line.raw_has_prvs {
            continue;
        }
        if line.is_ambiguous {
            migration.leave(
                quote("${prvs…}", &line.place),
                "a macro in it has several values, chosen by .ifdef: import the key in force with `batv key import --format exim`",
            );
            continue;
        }
        for found in expansion::find(&line.text) {
            keys.add(found, &line.place, &mut migration);
        }
    }
    keys.take(&mut migration);
    migration.push(
        "listen",
        "line",
        "unix:/run/batvd/line.sock",
        "Exim asks here instead of using ${prvs…} and ${prvscheck…}: `batvd setup exim` prints the lines",
    );
    take_lists(&lines, &mut migration);
    migration.set(
        "verify",
        "mode",
        "observe",
        "What Exim's ACLs rejected is unknown. Watch the log first; then set \"reject\"",
    );
    Ok(migration)
}

/// The keys that were found, those that sign first.
#[derive(Default)]
struct Keys(Vec<KnownKey>);

struct KnownKey {
    secret: Vec<u8>,
    /// None where it was only found in checks, which take any.
    id: Option<KeyId>,
    place: Place,
}

impl Keys {
    fn add(&mut self, found: Found, place: &Place, migration: &mut Migration) {
        let what = if found.signs { "${prvs…}" } else { "${prvscheck…}" };
        let from = quote(what, place);
        let import = "import the key with `batv key import --format exim`";
        let secret = match found.key {
            Key::Literal(secret) if secret.is_empty() => return migration.leave(from, "its key is empty"),
            Key::Literal(secret) => secret,
            Key::File(path) => {
                return migration.leave(
                    from,
                    format!(
                        "its key is in {path}: {import}, with the newline at its end, if \
                                                      Exim does not take it off, by `--format batv-tools`"
                    ),
                );
            }
            Key::Lookup => {
                return migration.leave(from, format!("its key comes from a lookup: {import}, one for each --domain"));
            }
            Key::Other => return migration.leave(from, format!("its key is known only while Exim runs: {import}")),
        };
        let id = match found.id.as_deref() {
            None if !found.signs => None,
            None => Some(KeyId::default()),
            Some(text) => match text.parse().ok().and_then(|id| KeyId::new(id).ok()) {
                Some(id) => Some(id),
                None => {
                    return migration
                        .leave(from, format!("the id of its key is known only while Exim runs: {import} --id"));
                }
            },
        };
        let same =
            |known: &&mut KnownKey| known.secret == secret && (known.id == id || known.id.is_none() || id.is_none());
        match self.0.iter_mut().find(same) {
            Some(known) => known.id = known.id.or(id),
            None => self.0.push(KnownKey { secret, id, place: place.clone() }),
        }
    }

    fn take(mut self, migration: &mut Migration) {
        if self.0.is_empty() && migration.left().next().is_none() {
            migration.leave("${prvs…}", "it is in none of these files: also give those that Exim includes");
        }
        // A key that is only checked must not begin to sign in the place of another.
        self.0.sort_by_key(|key| key.id.is_none());
        let mut taken = Vec::new();
        for KnownKey { secret, id, place } in self.0 {
            let from = quote("a key", &place);
            if id.is_none() {
                let why = "it is only checked here, and Exim takes any id: it is imported as key 0. If its tags are made under \
                           another, `batv key import --format exim --id`";
                migration.leave(&from, why);
            }
            let id = id.unwrap_or_default();
            if taken.contains(&id) {
                migration.leave(
                    &from,
                    format!(
                        "another key has the id {id} already: import it for its domains, by \
                                                `batv key import --format exim --id {id} --domain`"
                    ),
                );
                continue;
            }
            taken.push(id);
            let mut key = NewKey::new(Use::Batv);
            key.id = Some(id);
            key.algorithm = Some(Algorithm::HmacSha1);
            key.lifetime = Some(Lifetime::default());
            migration.add_key(key, &secret);
            migration.skip(from, format!("the keyring has it as key {id}, with Exim's lifetime of 7 days"));
        }
    }
}

fn take_lists(lines: &[Line], migration: &mut Migration) {
    let mut has_domains = false;
    for line in lines {
        let list = |kind: &str, name: &str| {
            let rest = line.text.strip_prefix(kind)?.trim_start();
            let (found, values) = rest.split_once('=')?;
            (found.trim() == name && !line.is_ambiguous).then(|| items(values))
        };
        if let Some(domains) = list("domainlist ", LOCAL_DOMAINS) {
            let from = quote(&format!("domainlist {LOCAL_DOMAINS}"), &line.place);
            for domain in domains {
                if Scope::parse([&domain]).is_ok() && domain.contains('.') && !domain.contains('@') {
                    has_domains = true;
                    migration.push("sign", "protected", &domain, &from);
                } else {
                    migration.leave(
                        &from,
                        format!(
                            "`{domain}` names no single domain: if mail is sent from there, put its domains under \
                                                    protected of [sign]"
                        ),
                    );
                }
            }
            migration.remark("sign", "protected", "All local domains: remove those that Exim did not tag");
        }
        if let Some(hosts) = list("hostlist ", RELAY_HOSTS) {
            let from = quote(&format!("hostlist {RELAY_HOSTS}"), &line.place);
            migration.push("clients", "internal_networks", "127.0.0.0/8", &from);
            migration.push("clients", "internal_networks", "::1/128", &from);
            for host in hosts {
                match network(&host) {
                    _ if host == "127.0.0.1" || host == "::1" || host == "localhost" => {}
                    Some(network) => migration.push("clients", "internal_networks", &network, &from),
                    None => migration.leave(
                        &from,
                        format!("`{host}` is not an address: put its networks in internal_networks of [clients]"),
                    ),
                }
            }
        }
    }
    if !has_domains {
        migration.leave(
            "Your domains",
            "no domainlist local_domains names them: put those that Exim tagged in protected of [sign]",
        );
    }
}

/// Items of a list: separated by colons, or by the character after `<`.
fn items(values: &str) -> Vec<String> {
    let values = values.trim();
    let changed = values.strip_prefix('<').and_then(|rest| rest.chars().next());
    let (separator, values) = match changed {
        Some(separator) if !separator.is_alphanumeric() && !separator.is_whitespace() => {
            (separator, &values[1 + separator.len_utf8()..])
        }
        _ => (':', values),
    };
    // A separator that stands twice is one of an item, as in IPv6 addresses.
    let once = values.replace(&format!("{separator}{separator}"), "\0");
    let items = once.split(separator).map(|item| item.trim().replace('\0', &separator.to_string()));
    items.filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_separators_of_their_own() {
        assert_eq!(items(" a.example : b.example:"), ["a.example", "b.example"]);
        assert_eq!(items("<; 192.0.2.0/24 ; 2001:db8::/32"), ["192.0.2.0/24", "2001:db8::/32"]);
        assert_eq!(items("127.0.0.1 : ::::1"), ["127.0.0.1", "::1"]);
        assert_eq!(items(""), [""; 0]);
        assert_eq!(items("<"), ["<"]);
    }
}
