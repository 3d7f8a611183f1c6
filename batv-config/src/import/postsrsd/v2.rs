//! 2.x: `name = value`, values in quotes or without, lists in braces; comments as of a shell, C and C++.

use std::path::{Path, PathBuf};

use super::setup::{SECRETS, Setup, always_rewrite, separator};
use crate::import::address::socket_address;
use crate::import::migration::Migration;
use crate::import::source::{ImportError, Place, quote};

/// Default of the program.
const SOCKETMAP: &str = "unix:/var/spool/postfix/srs";

struct Setting {
    name: String,
    value: Value,
    place: Place,
}

enum Value {
    One(String),
    List(Vec<String>),
}

impl Setting {
    fn one(&self) -> Result<&str, ImportError> {
        match &self.value {
            Value::One(value) => Ok(value),
            Value::List(_) => Err(self.place.fault(format!("`{}` takes one value", self.name))),
        }
    }

    fn number(&self) -> Result<i64, ImportError> {
        self.one()?.parse().map_err(|_| self.place.fault(format!("`{}` must be a number", self.name)))
    }

    fn is_on(&self) -> Result<bool, ImportError> {
        match self.one()?.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" => Ok(true),
            "off" | "no" | "false" => Ok(false),
            _ => Err(self.place.fault(format!("`{}` must be on or off", self.name))),
        }
    }

    fn quote(&self) -> String {
        match &self.value {
            Value::One(value) => quote(&format!("{} = {value}", self.name), &self.place),
            Value::List(values) => quote(&format!("{} = {{ {} }}", self.name, values.join(", ")), &self.place),
        }
    }
}

pub(super) fn read(files: &[(&Path, &str)], migration: &mut Migration) -> Result<Setup, ImportError> {
    let mut settings = Vec::new();
    for (file, text) in files {
        parse(file, text, &mut settings)?;
    }
    let mut setup = Setup::new(format!("No secrets-file, so {SECRETS}"));
    if !settings.iter().any(|setting| setting.name == "socketmap") {
        take_socketmap(SOCKETMAP, &format!("No socketmap, so {SOCKETMAP}"), migration);
    }
    for (at, setting) in settings.iter().enumerate() {
        // The last one counts.
        if settings.iter().rposition(|other| other.name == setting.name) == Some(at) {
            take(setting, &mut setup, migration)?;
        }
    }
    Ok(setup)
}

fn take(setting: &Setting, setup: &mut Setup, migration: &mut Migration) -> Result<(), ImportError> {
    let from = setting.quote();
    match setting.name.as_str() {
        "domains" => {
            let domains = match &setting.value {
                Value::One(domain) => core::slice::from_ref(domain),
                Value::List(domains) => domains,
            };
            setup.local_domains.extend(domains.iter().map(|domain| (domain.clone(), from.clone())));
        }
        "domains-file" => setup.domains_file = Some((PathBuf::from(setting.one()?), from)),
        "srs-domain" => {
            setup.srs_domain = Some((setting.one()?.trim_start_matches('.').to_owned(), from));
        }
        "secrets-file" => {
            setup.secrets = PathBuf::from(setting.one()?);
            setup.secrets_from = from;
        }
        "socketmap" => take_socketmap(setting.one()?, &from, migration),
        "milter" => match address(setting.one()?) {
            Some(address) => migration.push("listen", "milter", &address, from),
            None => migration.leave(from, "it is not an address: name one in milter of [listen]"),
        },
        "original-envelope" if setting.one()? == "database" => migration.leave(
            from,
            "everything is in the address here, nothing in a database. Addresses that PostSRSd keeps there cannot be reversed: let it \
             answer for them for another 21 days, as a second table in recipient_canonical_maps. Senders of more than 51 octets \
             are not rewritten",
        ),
        "original-envelope" => migration.skip(from, "it is the same here"),
        "separator" => separator(setting.one()?, from, migration).map_err(|fault| setting.place.fault(fault))?,
        "hash-length" => setup.hash_length = Some((setting.number()?, from)),
        "hash-minimum" => setup.hash_minimum = Some((setting.number()?, from)),
        "always-rewrite" if setting.is_on()? => always_rewrite(from, migration),
        "always-rewrite" => migration.skip(from, "it is the same here"),
        "syslog" if setting.is_on()? => migration.set("log", "to", "syslog", from),
        "debug" if setting.is_on()? => migration.set("log", "level", "debug", from),
        "syslog" | "debug" => migration.skip(from, "it is the same here"),
        "keep-alive" => migration.skip(from, "idle_seconds of [limits] is its counterpart"),
        "envelope-database" => migration.skip(from, "there is no database here"),
        "unprivileged-user" | "chroot-dir" | "pid-file" | "daemonize" => {
            migration.skip(from, "the systemd unit runs and confines batvd");
        }
        _ => migration.leave(quote("a setting", &setting.place), "PostSRSd 2.x has no such setting"),
    }
    Ok(())
}

fn take_socketmap(spec: &str, from: &str, migration: &mut Migration) {
    match address(spec) {
        Some(address) => migration.push("listen", "socketmap", &address, from),
        None => return migration.leave(from, "it is not an address: name one in socketmap of [listen]"),
    }
    migration.remark(
        "listen",
        "socketmap",
        "In main.cf the tables have other names: `forward` is srs-forward, and `reverse` is srs-reverse. Better let the milter \
         rewrite senders, since it knows which mail leaves: `batvd setup postfix`",
    );
}

/// Address as `unix:/path` or `inet:host:port`, which are the same here, or in the syntax of libmilter.
fn address(spec: &str) -> Option<String> {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    match spec.split_once(':') {
        Some(("inet", rest)) if rest.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port)) => {
            Some(spec.to_owned())
        }
        _ => socket_address(spec),
    }
}

/// Token of a file.
#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Equals,
    Open,
    Close,
    Comma,
}

fn parse(file: &Path, text: &str, settings: &mut Vec<Setting>) -> Result<(), ImportError> {
    let mut tokens = Tokens { file, rest: text, line: 1 };
    while let Some((token, place)) = tokens.next()? {
        let Token::Word(name) = token else { return Err(place.fault("expected a name")) };
        match tokens.next()? {
            Some((Token::Equals, _)) => {}
            // It may be a secret, in a file that was named by mistake.
            _ => return Err(place.fault("expected a name, `=` and a value")),
        }
        let value = match tokens.next()? {
            Some((Token::Word(value), _)) => Value::One(value),
            Some((Token::Open, _)) => Value::List(tokens.list(&place)?),
            _ => return Err(place.fault("expected a name, `=` and a value")),
        };
        settings.push(Setting { name, value, place });
    }
    Ok(())
}

struct Tokens<'a> {
    file: &'a Path,
    rest: &'a str,
    line: usize,
}

impl Tokens<'_> {
    /// The values up to the brace that closes.
    fn list(&mut self, begun: &Place) -> Result<Vec<String>, ImportError> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Some((Token::Close, _)) => return Ok(values),
                Some((Token::Word(value), _)) => values.push(value),
                Some((Token::Comma, _)) => {}
                _ => return Err(begun.fault("unclosed list: expected `}`")),
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Token, Place)>, ImportError> {
        self.skip_blanks();
        let place = Place::new(self.file, self.line);
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let token = match first {
            '=' => Token::Equals,
            '{' => Token::Open,
            '}' => Token::Close,
            ',' => Token::Comma,
            '"' | '\'' => return self.quoted(first, place).map(Some),
            _ => {
                let end =
                    self.rest.find(|c: char| c.is_whitespace() || "={},#\"'".contains(c)).unwrap_or(self.rest.len());
                let word = self.rest[..end].to_owned();
                if word.is_empty() {
                    return Err(place.fault("expected a name"));
                }
                self.advance(end);
                return Ok(Some((Token::Word(word), place)));
            }
        };
        self.advance(1);
        Ok(Some((token, place)))
    }

    fn quoted(&mut self, quote: char, place: Place) -> Result<(Token, Place), ImportError> {
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            match c {
                c if c == quote => {
                    self.advance(at + 1);
                    return Ok((Token::Word(value), place));
                }
                '$' if quote == '"' => {
                    return Err(
                        place.fault("a value with `$` is known only while its program runs: write the value itself")
                    );
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                c => value.push(c),
            }
        }
        Err(place.fault(format!("unclosed text: expected {quote}")))
    }

    /// White space and comments.
    fn skip_blanks(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.advance(blank);
            let end = if self.rest.starts_with('#') || self.rest.starts_with("//") {
                self.rest.find('\n')
            } else if self.rest.starts_with("/*") {
                self.rest.find("*/").map(|end| end + 2)
            } else {
                return;
            };
            self.advance(end.unwrap_or(self.rest.len()));
        }
    }

    fn advance(&mut self, octets: usize) {
        let (passed, rest) = self.rest.split_at(octets);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_many_forms() {
        let text = "# remark\ndomains = { \"example.com\", 'example.org',\n example.net }\nsocketmap = unix:/a/b // here\n\
                    /* two\nlines */ hash-length=4\n";
        let mut settings = Vec::new();
        parse(Path::new("postsrsd.conf"), text, &mut settings).unwrap();
        let said: Vec<_> = settings.iter().map(Setting::quote).collect();
        assert_eq!(
            said,
            [
                "domains = { example.com, example.org, example.net } (postsrsd.conf:2)",
                "socketmap = unix:/a/b (postsrsd.conf:4)",
                "hash-length = 4 (postsrsd.conf:6)",
            ]
        );
    }

    #[test]
    fn faults_have_a_line() {
        for (text, line) in
            [("\n= 4", 2), ("a", 1), ("a =", 1), ("a = {\n b", 1), ("a = 1\nb = \"x", 2), ("b = \"${HOME}\"", 1)]
        {
            let mut settings = Vec::new();
            let Err(ImportError::Line { line: found, .. }) = parse(Path::new("x"), text, &mut settings) else {
                panic!("{text}")
            };
            assert_eq!(found, line, "{text}");
        }
    }
}
