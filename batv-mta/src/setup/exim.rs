//! Exim 4.96 or newer, as its configuration file shows it.

use std::path::PathBuf;

use super::{Address, Failure, Fault, Site, kept_from, listener, read, run, unanswered, without_lines};

const LINES: &str = include_str!("../../integrations/exim/batv.conf");

pub(super) fn lines(site: Site<'_>) -> Result<String, Failure> {
    Ok(LINES.replace("/run/batvd/line.sock", &shown(listener(&site.config.listen.line, "line")?)))
}

fn shown(address: &Address) -> String {
    match address {
        Address::Unix(path) => path.display().to_string(),
        Address::Inet(_) | Address::Systemd(_) => address.to_string(),
    }
}

/// What Exim says of itself; Debian calls it exim4.
pub(super) fn build() -> Result<String, Failure> {
    ask(&["-bV"])
}

fn ask(arguments: &[&str]) -> Result<String, Failure> {
    run("exim", arguments).or_else(|_| run("exim4", arguments))
}

fn installed(site: Site<'_>) -> Result<PathBuf, Failure> {
    if let Some(at) = site.at {
        return Ok(at.to_owned());
    }
    let said = build()?;
    let path = said.lines().find_map(|line| line.strip_prefix("Configuration file is "));
    path.map(|path| path.trim().into())
        .ok_or_else(|| Failure::Program("exim", "it names no configuration file".to_owned()))
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Failure> {
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
