//! 2.x: `name = value`, values in quotes or without, lists in braces; comments as of a shell, C and C++.

use std::path::{Path, PathBuf};

use super::{SECRETS, Setup, always_rewrite, separator};
use crate::foreign::batv_tools::address as milter_address;
use crate::foreign::migration::quote;
use crate::foreign::{Fault, Migration, Place};

/// What the program has when nothing is said.
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
    fn one(&self) -> Result<&str, Fault> {
        match &self.value {
            Value::One(value) => Ok(value),
            Value::List(_) => Err(self.place.fault(format!("`{}` has one value", self.name))),
        }
    }

    fn number(&self) -> Result<i64, Fault> {
        self.one()?.parse().map_err(|_| self.place.fault(format!("`{}` is a number", self.name)))
    }

    fn is_on(&self) -> Result<bool, Fault> {
        match self.one()?.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" => Ok(true),
            "off" | "no" | "false" => Ok(false),
            _ => Err(self.place.fault(format!("`{}` is on or off", self.name))),
        }
    }

    fn quote(&self) -> String {
        match &self.value {
            Value::One(value) => quote(&format!("{} = {value}", self.name), &self.place),
            Value::List(values) => quote(&format!("{} = {{ {} }}", self.name, values.join(", ")), &self.place),
        }
    }
}

pub(super) fn read(files: &[(&Path, &str)], migration: &mut Migration) -> Result<Setup, Fault> {
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

fn take(setting: &Setting, setup: &mut Setup, migration: &mut Migration) -> Result<(), Fault> {
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
            None => migration.leave(from, "it is no address: name one under milter of [listen]"),
        },
        "original-envelope" if setting.one()? == "database" => migration.leave(
            from,
            "all is in the address here, and nothing in a database. Addresses that PostSRSd has made so can't be taken back: let it \
             answer for them for 21 days more, as a second table in recipient_canonical_maps; senders over 51 octets are not \
             rewritten",
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
        "keep-alive" => migration.skip(from, "how long a connection may be idle is idle_seconds of [limits] here"),
        "envelope-database" => migration.skip(from, "nothing is in a database here"),
        "unprivileged-user" | "chroot-dir" | "pid-file" | "daemonize" => {
            migration.skip(from, "the unit of systemd runs batvd, and confines it");
        }
        _ => migration.leave(quote("a setting", &setting.place), "PostSRSd 2.x does not have it"),
    }
    Ok(())
}

fn take_socketmap(spec: &str, from: &str, migration: &mut Migration) {
    match address(spec) {
        Some(address) => migration.push("listen", "socketmap", &address, from),
        None => return migration.leave(from, "it is no address: name one under socketmap of [listen]"),
    }
    migration.remark(
        "listen",
        "socketmap",
        "In main.cf the tables have other names: `forward` is srs-forward, and `reverse` is srs-reverse. Let the milter rewrite \
         senders instead, which knows what leaves: `batvd setup postfix`",
    );
}

/// `unix:/path` and `inet:host:port`, which are the same here, and what libmilter has besides.
fn address(spec: &str) -> Option<String> {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    match spec.split_once(':') {
        Some(("inet", rest)) if rest.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port)) => {
            Some(spec.to_owned())
        }
        _ => milter_address(spec),
    }
}

/// What a file is made of.
#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Equals,
    Open,
    Close,
    Comma,
}

fn parse(file: &Path, text: &str, settings: &mut Vec<Setting>) -> Result<(), Fault> {
    let mut tokens = Tokens { file, rest: text, line: 1 };
    while let Some((token, place)) = tokens.next()? {
        let Token::Word(name) = token else { return Err(place.fault("a name is needed")) };
        match tokens.next()? {
            Some((Token::Equals, _)) => {}
            // It may be a secret, in a file that was named by mistake.
            _ => return Err(place.fault("a name, `=` and a value are needed")),
        }
        let value = match tokens.next()? {
            Some((Token::Word(value), _)) => Value::One(value),
            Some((Token::Open, _)) => Value::List(tokens.list(&place)?),
            _ => return Err(place.fault("a name, `=` and a value are needed")),
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
    fn list(&mut self, begun: &Place) -> Result<Vec<String>, Fault> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Some((Token::Close, _)) => return Ok(values),
                Some((Token::Word(value), _)) => values.push(value),
                Some((Token::Comma, _)) => {}
                _ => return Err(begun.fault("a list in braces has no end")),
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Token, Place)>, Fault> {
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
                    return Err(place.fault("there is something that is no name"));
                }
                self.advance(end);
                return Ok(Some((Token::Word(word), place)));
            }
        };
        self.advance(1);
        Ok(Some((token, place)))
    }

    fn quoted(&mut self, quote: char, place: Place) -> Result<(Token, Place), Fault> {
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
                        place.fault("a value with `$` is known when its program runs alone: write what it stands for")
                    );
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                c => value.push(c),
            }
        }
        Err(place.fault(format!("a text in {quote} has no end")))
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
            let Err(Fault::Line { line: found, .. }) = parse(Path::new("x"), text, &mut settings) else {
                panic!("{text}")
            };
            assert_eq!(found, line, "{text}");
        }
    }
}
