//! PostSRSd: the shell variables of 1.x (`/etc/default/postsrsd`), and the file of 2.x (`postsrsd.conf`).

mod one;
mod two;

use std::path::{Path, PathBuf};

use batv_core::srs::{HASH_MAXIMUM, HASH_MINIMUM};
use batv_core::{Algorithm, Domain};

use super::migration::quote;
use super::{Fault, File, Files, Migration, Place, Program, utf8};
use crate::change::NewKey;
use crate::entry::Use;
use crate::error::Error;
use crate::exchange;

/// What both have when nothing is said.
const SECRETS: &str = "/etc/postsrsd.secret";
/// The characters of a hash, and the fewest that are taken, where nothing is said: in both programs.
const HASH: i64 = HASH_MINIMUM as i64;
/// The most that there are.
const WHOLE_HASH: i64 = HASH_MAXIMUM as i64;

pub(super) fn read(files: &[File<'_>], host: &dyn Files) -> Result<Migration, Fault> {
    let mut migration = Migration::new(Program::Postsrsd);
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((file.name, utf8(file)?));
    }
    let setup = if texts.iter().any(|(_, text)| one::is_one(text)) {
        one::read(&texts, &mut migration)
    } else {
        two::read(&texts, &mut migration)?
    };
    setup.take(host, &mut migration)?;
    Ok(migration)
}

/// What both kinds of file say.
struct Setup {
    /// The domain of rewritten addresses.
    srs_domain: Option<(String, String)>,
    /// Domains whose senders are not rewritten, and where they stand.
    local_domains: Vec<(String, String)>,
    /// The file with more of them.
    domains_file: Option<(PathBuf, String)>,
    secrets: PathBuf,
    secrets_from: String,
    hash_length: Option<(i64, String)>,
    hash_minimum: Option<(i64, String)>,
}

impl Setup {
    /// What is in force where nothing is said.
    fn new(secrets_from: String) -> Self {
        Self {
            srs_domain: None,
            local_domains: Vec::new(),
            domains_file: None,
            secrets: PathBuf::from(SECRETS),
            secrets_from,
            hash_length: None,
            hash_minimum: None,
        }
    }

    fn take(self, host: &dyn Files, migration: &mut Migration) -> Result<(), Fault> {
        let mut srs_domain = self.srs_domain;
        let mut local = self.local_domains;
        let mut file_is_plain = self.domains_file.as_ref().is_some_and(|(path, _)| path.is_absolute());
        if let Some((path, from)) = &self.domains_file {
            let text = host.text(path)?;
            let lines = utf8(&File { name: path, text: &text })?.lines().enumerate();
            for (at, domain) in lines.filter(|(_, line)| !line.trim().is_empty()) {
                let place = Place::new(path, at + 1);
                file_is_plain &= Domain::parse(domain).is_ok();
                local.push((domain.trim().to_owned(), quote("a domain", &place)));
            }
            if file_is_plain {
                let list = format!("file:{}", path.display());
                migration.push("sign", "protected", &list, from);
                migration.push("sign", "exempt", &list, from);
                // Its first domain may be that of the rewritten addresses.
                local.retain(|(domain, from)| {
                    srs_domain.get_or_insert_with(|| (domain.clone(), from.clone()));
                    !from.starts_with("a domain (")
                });
            } else {
                migration.skip(from, "its domains stand under [sign]");
            }
        }
        if srs_domain.is_none() {
            srs_domain = local.first().map(|(domain, from)| (domain.trim_start_matches('.').to_owned(), from.clone()));
        }
        match &srs_domain {
            Some((domain, from)) => {
                check(domain)?;
                migration.push("srs", "domains", domain, from);
                local.push((domain.clone(), from.clone()));
            }
            None => migration.leave(
                "The domain of rewritten addresses",
                "it is not named: PostSRSd 1.x takes what `postconf -h mydomain` says. Name it under domains of [srs], and under \
                 protected and exempt of [sign]",
            ),
        }
        for (domain, from) in &local {
            if domain.starts_with('.') {
                migration.leave(
                    from,
                    format!(
                        "a domain stands for itself here, not for those below it: name those below {domain} \
                                               under protected and exempt of [sign]"
                    ),
                );
            } else {
                check(domain)?;
                migration.push("sign", "protected", domain, from);
                migration.push("sign", "exempt", domain, from);
            }
        }
        migration.remark(
            "sign",
            "protected",
            "Whose senders are yours, and not rewritten. batvd tags them, unless they are exempt",
        );
        migration.remark("sign", "exempt", "PostSRSd puts no tags on: take them out of here when you want tags");
        migration.remark(
            "srs",
            "domains",
            "Addresses of this domain are taken back for bounces alone: PostSRSd did it for all mail, which lets anybody send \
             through them (reverse_for = \"all\" does so here)",
        );
        take_hash(self.hash_length, self.hash_minimum, migration);
        take_secrets(&self.secrets, &self.secrets_from, host, migration)
    }
}

fn check(domain: &str) -> Result<(), Error> {
    Domain::parse(domain).map(|_| ()).map_err(|reason| Error::Domain { domain: domain.to_owned(), reason })
}

fn take_hash(length: Option<(i64, String)>, minimum: Option<(i64, String)>, migration: &mut Migration) {
    const BOUNDS: &str = "a hash has from 4 to 27 characters here: what was sent with fewer is not taken back";
    const SAME: &str = "it is the same here";
    let asked = length.as_ref().map_or(HASH, |(length, _)| *length);
    let made = asked.clamp(HASH, WHOLE_HASH);
    match length {
        Some((HASH, from)) => migration.skip(from, SAME),
        Some((_, from)) => {
            migration.set("srs", "hash_length", made, &from);
            if asked != made {
                migration.leave(from, BOUNDS);
            }
        }
        None => {}
    }
    match minimum {
        Some((HASH, from)) => migration.skip(from, SAME),
        Some((minimum, from)) if (HASH..=made).contains(&minimum) => {
            migration.set("srs", "hash_minimum", minimum, from);
        }
        Some((minimum, from)) if (HASH..=WHOLE_HASH).contains(&minimum) => {
            migration.leave(from, "it is more than the characters of a hash that is made");
        }
        Some((_, from)) => migration.leave(from, BOUNDS),
        None => {}
    }
}

fn take_secrets(path: &Path, from: &str, host: &dyn Files, migration: &mut Migration) -> Result<(), Fault> {
    let file = host.secret(path)?;
    for secret in exchange::postsrsd_secrets(&file)? {
        let mut key = NewKey::new(Use::Srs);
        key.algorithm = Some(Algorithm::HmacSha1);
        migration.add_key(key, secret);
    }
    migration.skip(from, "the keyring has the secrets, of which the first signs");
    Ok(())
}

fn separator(value: &str, from: String, migration: &mut Migration) -> Result<(), String> {
    match value {
        "=" => migration.skip(from, "it is the same here"),
        "+" | "-" => migration.set("srs", "separator", value, from),
        _ => return Err("one of =, + and - is needed".to_owned()),
    }
    Ok(())
}

fn always_rewrite(from: String, migration: &mut Migration) {
    migration
        .leave(from, "senders of your own domains are never rewritten: `batv srs forward --always-rewrite` does it");
}
