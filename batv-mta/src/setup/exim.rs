//! Exim 4.96 or newer, as its configuration file shows it.

use std::path::PathBuf;

use super::check::{Error, Fault, Site, kept_from, listener, read, run, unanswered, without_lines};
use crate::config::Address;

const LINES: &str = include_str!("../../integrations/exim/batv.conf");

pub(super) fn lines(site: Site<'_>) -> Result<String, Error> {
    Ok(LINES.replace("/run/batvd/line.sock", &shown(listener(&site.config.listen.line, "line")?)))
}

fn shown(address: &Address) -> String {
    match address {
        Address::Unix(path) => path.display().to_string(),
        Address::Inet(_) | Address::Systemd(_) => address.to_string(),
    }
}

/// Version and build options of Exim, which Debian calls exim4.
pub(super) fn build() -> Result<String, Error> {
    ask(&["-bV"])
}

fn ask(arguments: &[&str]) -> Result<String, Error> {
    run("exim", arguments).or_else(|_| run("exim4", arguments))
}

fn installed(site: Site<'_>) -> Result<PathBuf, Error> {
    if let Some(at) = site.at {
        return Ok(at.to_owned());
    }
    let build = build()?;
    let path = build.lines().find_map(|line| line.strip_prefix("Configuration file is "));
    path.map(|path| path.trim().into())
        .ok_or_else(|| Error::Program("exim", "its output names no configuration file".to_owned()))
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Error> {
    let installed = read(&installed(site)?)?;
    let address = listener(&site.config.listen.line, "line")?;
    let user = ask(&["-bP", "exim_user"]).unwrap_or_default();
    let user = user.trim().rsplit(' ').next().unwrap_or_default();
    let reach = unanswered(address).or_else(|| kept_from(address, user));
    let mut faults: Vec<Fault> = reach.into_iter().collect();
    let lines = lines(site)?;
    let parts = lines.split("\n# -- ").skip(1).filter_map(|part| part.split_once(" --\n"));
    faults.extend(parts.filter_map(|(name, part)| without_lines(&installed, part, name)));
    Ok(faults)
}
