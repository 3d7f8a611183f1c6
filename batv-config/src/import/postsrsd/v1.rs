//! 1.x: assignments of a shell.

use std::path::{Path, PathBuf};

use super::setup::{SECRETS, Setup, always_rewrite, separator};
use crate::import::migration::Migration;
use crate::import::source::{Place, quote};

/// Whether a file is of this kind: it sets a variable, whose name is in capitals.
pub(super) fn is_v1(text: &str) -> bool {
    text.lines().filter_map(assignment).any(|(name, _)| name.bytes().any(|octet| octet.is_ascii_uppercase()))
}

pub(super) fn read(files: &[(&Path, &str)], migration: &mut Migration) -> Setup {
    let mut setup = Setup::new(format!("No SRS_SECRET, so {SECRETS}"));
    for (file, text) in files {
        for (at, line) in text.lines().enumerate() {
            let place = Place::new(file, at + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match assignment(line).map(|(name, value)| (name, word(value))) {
                Some((name, Some(value))) => take(name, &value, &place, &mut setup, migration),
                Some((name, None)) => migration.leave(
                    quote(if name.starts_with("SRS_") { name } else { "a variable" }, &place),
                    "its value is known only while the shell runs: look it up, and write the value itself",
                ),
                // It may be a secret, in a file that was named by mistake.
                None => migration.leave(quote("a line", &place), "it sets no variable: check whether you need it"),
            }
        }
    }
    let from = "The tables of main.cf used tcp, and now use a socketmap, in a folder that Postfix can reach";
    migration.push("listen", "socketmap", "unix:/var/spool/postfix/batvd/socketmap.sock", from);
    let from =
        "It replaces sender_canonical_maps, and only rewrites the senders of outgoing mail: `batvd setup postfix`";
    migration.push("listen", "milter", "unix:/var/spool/postfix/batvd/milter.sock", from);
    setup
}

fn take(name: &str, value: &str, place: &Place, setup: &mut Setup, migration: &mut Migration) {
    let from = quote(&format!("{name}={value}"), place);
    let number = value.parse::<i64>();
    match (name, number) {
        ("SRS_DOMAIN", _) if value.is_empty() => {}
        ("SRS_DOMAIN", _) => setup.srs_domain = Some((value.to_owned(), from)),
        ("SRS_EXCLUDE_DOMAINS", _) => {
            let domains = value.split([',', ' ', '\t']).filter(|domain| !domain.is_empty());
            setup.local_domains.extend(domains.map(|domain| (domain.to_owned(), from.clone())));
        }
        ("SRS_SECRET", _) => {
            setup.secrets = PathBuf::from(value);
            setup.secrets_from = from;
        }
        ("SRS_SEPARATOR", _) => {
            if let Err(fault) = separator(value, from.clone(), migration) {
                migration.leave(from, fault);
            }
        }
        ("SRS_HASHLENGTH", Ok(length)) => setup.hash_length = Some((length, from)),
        ("SRS_HASHMIN", Ok(length)) => setup.hash_minimum = Some((length, from)),
        ("SRS_FORWARD_PORT" | "SRS_REVERSE_PORT" | "SRS_LISTEN_ADDR", _) => {
            migration.skip(from, "the sockets are in [listen]")
        }
        ("RUN_AS" | "CHROOT", _) => migration.skip(from, "the systemd unit confines batvd"),
        ("SRS_EXTRA_OPTIONS" | "POSTSRSD_OPTS", _) => {
            for option in value.split_whitespace() {
                let from = quote(&format!("{name}: {option}"), place);
                match option {
                    "-A" => always_rewrite(from, migration),
                    "-4" | "-6" | "-e" | "-D" => migration.skip(from, "it only concerns the program itself"),
                    _ if option.starts_with("-t") => {
                        migration.skip(from, "idle_seconds of [limits] is its counterpart");
                    }
                    _ => migration.leave(from, "check whether you need it"),
                }
            }
        }
        _ => migration.leave(quote("a variable", place), "PostSRSd 1.x has no such variable, or not with this value"),
    }
}

/// A line that sets a variable: its name, and the rest.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).trim_start().split_once('=')?;
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, value))
}

/// The value of a word of shell, without its quotes; `None` when the shell puts something in, or when more follows.
fn word(text: &str) -> Option<String> {
    let mut word = String::new();
    let mut rest = text.chars();
    let mut quoted = None;
    while let Some(c) = rest.next() {
        match (quoted, c) {
            (None, '\'' | '"') => quoted = Some(c),
            (Some(end), c) if c == end => quoted = None,
            (Some('\''), c) => word.push(c),
            (_, '$' | '`') => return None,
            (_, '\\') => word.push(rest.next()?),
            (None, c) if c.is_whitespace() => {
                let rest = rest.as_str().trim_start();
                return (rest.is_empty() || rest.starts_with('#')).then_some(word);
            }
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')') => return None,
            (_, c) => word.push(c),
        }
    }
    quoted.is_none().then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, expected) in [
            ("example.com", Some("example.com")),
            ("=", Some("=")),
            ("\"a b\" # remark", Some("a b")),
            ("'a'\"b\"c", Some("abc")),
            ("a\\ b", Some("a b")),
            ("'$x'", Some("$x")),
            ("", Some("")),
            ("`postconf -h mydomain || true`", None),
            ("\"$x\"", None),
            ("a b", None),
            ("a; b", None),
            ("'a", None),
        ] {
            assert_eq!(word(text).as_deref(), expected, "{text}");
        }
    }
}
