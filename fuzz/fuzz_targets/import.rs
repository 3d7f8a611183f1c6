#![cfg_attr(fuzzing, no_main)]
//! Any octets as the configuration of another program: what is made of them the daemon can read, and no secret is in it. The first
//! octet chooses the program; behind a NUL are the files that the first one names.

use std::path::Path;

use batv_config::import::{self, File, Files, Program};
use batv_config::{Error, Secret};
use batv_mta::config::Config;

const SECRET: &[u8] = b"Hush-0123456789";

struct Named<'a>(&'a [u8]);

impl Files for Named<'_> {
    fn secret(&self, _: &Path) -> Result<Secret, Error> {
        Ok(Secret::from(SECRET))
    }

    fn text(&self, _: &Path) -> Result<Vec<u8>, Error> {
        Ok(self.0.to_vec())
    }
}

batv_fuzz::fuzz!(|data| {
    let Some((choice, text)) = data.split_first() else { return };
    let program = match choice % 3 {
        0 => Program::BatvTools,
        1 => Program::Exim,
        _ => Program::Postsrsd,
    };
    let end = text.iter().position(|octet| *octet == 0).unwrap_or(text.len());
    let (text, named) = (&text[..end], text.get(end + 1..).unwrap_or_default());
    let file = File { name: Path::new("old.conf"), text };
    // Exim's may include another.
    let files = [file, File { name: Path::new("other.conf"), text: named }];
    let files = if program == Program::Exim { &files[..] } else { &files[..1] };
    match import::read(program, files, &Named(named)) {
        Ok(migration) => {
            let configuration = migration.configuration(Path::new("keyring.toml"));
            let read = Config::parse(&configuration);
            assert!(read.is_ok(), "{read:?}\n{configuration}");
            let has_secret = |text: &str| text.as_bytes().windows(SECRET.len()).any(|octets| octets == SECRET);
            let is_given = [text, named].iter().any(|text| text.windows(SECRET.len()).any(|octets| octets == SECRET));
            assert!(is_given || !has_secret(&configuration), "{configuration}");
        }
        Err(fault) => assert!(!fault.to_string().ends_with('.'), "{fault}"),
    }
});
