//! Settings that PostSRSd has in both versions.

use std::path::{Path, PathBuf};

use batv_core::srs::{HASH_MAXIMUM, HASH_MINIMUM};
use batv_core::{Algorithm, Domain};

use crate::entry::Use;
use crate::import::migration::Migration;
use crate::import::source::{File, Files, ImportError, Place, quote, utf8};
use crate::line_ending::without_line_ending;
use crate::rotation::NewKey;
use crate::scope::ScopeError;

/// Default of both versions.
pub(super) const SECRETS: &str = "/etc/postsrsd.secret";
/// The characters of a hash, and the fewest that are taken, where nothing is said: in both programs.
const HASH: i64 = HASH_MINIMUM as i64;
/// The most that there are.
const WHOLE_HASH: i64 = HASH_MAXIMUM as i64;

/// Secrets of a postsrsd secret file, one a line, in the order in which it uses them: the first one signs. Line endings are no
/// part of them, and empty lines are skipped.
///
/// # Errors
/// [`ImportError::NoSecrets`].
///
/// ```
/// use batv_config::import;
///
/// let secrets = import::postsrsd_secrets(b"tops3cr3t\nolder\n")?;
/// assert_eq!(*secrets[0], *b"tops3cr3t");
/// assert_eq!(secrets.len(), 2);
/// # Ok::<(), import::ImportError>(())
/// ```
pub fn postsrsd_secrets(file: &[u8]) -> Result<Vec<&[u8]>, ImportError> {
    let lines = file.split_inclusive(|octet| *octet == b'\n').map(without_line_ending);
    let secrets: Vec<_> = lines.filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() { Err(ImportError::NoSecrets) } else { Ok(secrets) }
}

/// Settings that both kinds of file have.
pub(super) struct Setup {
    /// The domain of rewritten addresses.
    pub(super) srs_domain: Option<(String, String)>,
    /// Domains whose senders are not rewritten, and where they stand.
    pub(super) local_domains: Vec<(String, String)>,
    /// The file with more of them.
    pub(super) domains_file: Option<(PathBuf, String)>,
    pub(super) secrets: PathBuf,
    pub(super) secrets_from: String,
    pub(super) hash_length: Option<(i64, String)>,
    pub(super) hash_minimum: Option<(i64, String)>,
}

impl Setup {
    /// Defaults.
    pub(super) fn new(secrets_from: String) -> Self {
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

    pub(super) fn take(mut self, host: &dyn Files, migration: &mut Migration) -> Result<(), ImportError> {
        self.take_domains_file(host, migration)?;
        if self.srs_domain.is_none() {
            let first = self.local_domains.first();
            self.srs_domain = first.map(|(domain, from)| (domain.trim_start_matches('.').to_owned(), from.clone()));
        }
        match &self.srs_domain {
            Some((domain, from)) => {
                check(domain)?;
                migration.push("srs", "domains", domain, from);
                self.local_domains.push((domain.clone(), from.clone()));
            }
            None => migration.leave(
                "The domain of rewritten addresses",
                "it is not named: PostSRSd 1.x uses what `postconf -h mydomain` prints. Name it in domains of [srs], and in \
                 protected and exempt of [sign]",
            ),
        }
        for (domain, from) in &self.local_domains {
            take_local(domain, from, migration)?;
        }
        migration.remark(
            "sign",
            "protected",
            "Domains whose senders are not rewritten. batvd tags these senders, unless they are exempt",
        );
        migration.remark("sign", "exempt", "PostSRSd adds no tags: remove the domains whose senders you want tagged");
        migration.remark(
            "srs",
            "domains",
            "Addresses of this domain are reversed for bounces only. PostSRSd reversed them for all mail, so anyone could send \
             through you with them (reverse_for = \"all\" does the same here)",
        );
        take_hash(self.hash_length, self.hash_minimum, migration);
        take_secrets(&self.secrets, &self.secrets_from, host, migration)
    }

    /// Adds the domains of the file to the local ones, or takes the file itself where batvd can read it.
    fn take_domains_file(&mut self, host: &dyn Files, migration: &mut Migration) -> Result<(), ImportError> {
        let Some((path, from)) = &self.domains_file else { return Ok(()) };
        let text = host.text(path)?;
        let lines = utf8(&File { name: path, text: &text })?.lines().enumerate();
        let mut domains = Vec::new();
        let mut is_plain = path.is_absolute();
        for (at, domain) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            is_plain &= Domain::parse(domain).is_ok();
            domains.push((domain.trim().to_owned(), quote("a domain", &Place::new(path, at + 1))));
        }
        if is_plain {
            let list = format!("file:{}", path.display());
            migration.push("sign", "protected", &list, from);
            migration.push("sign", "exempt", &list, from);
            // The first domain of all is that of the rewritten addresses.
            if self.srs_domain.is_none() && self.local_domains.is_empty() {
                self.srs_domain = domains.into_iter().next();
            }
        } else {
            migration.skip(from, "its domains are under [sign]");
            self.local_domains.append(&mut domains);
        }
        Ok(())
    }
}

fn take_local(domain: &str, from: &str, migration: &mut Migration) -> Result<(), ScopeError> {
    if domain.starts_with('.') {
        migration.leave(
            from,
            format!(
                "a domain does not include those below it here: name those below {domain} in protected and exempt of [sign]"
            ),
        );
        return Ok(());
    }
    check(domain)?;
    migration.push("sign", "protected", domain, from);
    migration.push("sign", "exempt", domain, from);
    Ok(())
}

fn check(domain: &str) -> Result<(), ScopeError> {
    Domain::parse(domain).map(|_| ()).map_err(|reason| ScopeError { text: domain.to_owned(), reason })
}

fn take_hash(length: Option<(i64, String)>, minimum: Option<(i64, String)>, migration: &mut Migration) {
    const BOUNDS: &str = "a hash has 4 to 27 characters here: addresses with a shorter one are not reversed";
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
            migration.leave(from, "it is more than the length of new hashes");
        }
        Some((_, from)) => migration.leave(from, BOUNDS),
        None => {}
    }
}

fn take_secrets(path: &Path, from: &str, host: &dyn Files, migration: &mut Migration) -> Result<(), ImportError> {
    let file = host.secret(path)?;
    for secret in postsrsd_secrets(&file)? {
        let mut key = NewKey::new(Use::Srs);
        key.algorithm = Some(Algorithm::HmacSha1);
        migration.add_key(key, secret);
    }
    migration.skip(from, "the keyring has the secrets, the first of which signs");
    Ok(())
}

pub(super) fn separator(value: &str, from: String, migration: &mut Migration) -> Result<(), String> {
    match value {
        "=" => migration.skip(from, "it is the same here"),
        "+" | "-" => migration.set("srs", "separator", value, from),
        _ => return Err("expected =, + or -".to_owned()),
    }
    Ok(())
}

pub(super) fn always_rewrite(from: String, migration: &mut Migration) {
    migration.leave(from, "senders of your own domains are never rewritten; `batv srs forward --always-rewrite` can");
}
