//! OpenSMTPD 6.6 or newer, as its configuration file shows it.

use std::path::Path;

use super::check::{Error, Fault, Site, effective, read};

const LINES: &str = include_str!("../../integrations/opensmtpd/smtpd.conf");
const INSTALLED: &str = "/etc/smtpd.conf";

/// OpenSMTPD runs the filter itself, so the daemon needs no listener.
pub(super) fn lines(site: Site<'_>) -> Result<String, Error> {
    let program = std::env::current_exe().map_err(|error| Error::Program("batvd", error.to_string()))?;
    let config_path =
        std::path::absolute(site.config_path).map_err(|error| Error::Read(site.config_path.to_owned(), error))?;
    Ok(LINES
        .replace("/usr/bin/batvd", &program.display().to_string())
        .replace("/etc/batv/batvd.toml", &config_path.display().to_string()))
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Error> {
    let installed = read(site.at.unwrap_or_else(|| Path::new(INSTALLED)))?;
    let mut faults = Vec::new();
    let config = site.config_path.to_string_lossy();
    let filter = effective(&installed, "#")
        .find(|line| line.starts_with("filter ") && line.contains("batvd") && line.contains(&*config));
    let name = filter.and_then(|line| line.split_whitespace().nth(1));
    let Some(name) = name else {
        let lines = lines(site)?;
        let line = effective(&lines, "#").next().unwrap_or_default();
        return Ok(vec![Fault::Missing(format!("outgoing mail is not tagged and bounces are not judged: `{line}`"))]);
    };
    let mut submits = false;
    let mut local = false;
    for listener in effective(&installed, "#").filter(|line| line.starts_with("listen on ")) {
        if !listener.contains(&format!("filter {name}")) && !listener.contains("filter <") {
            faults.push(Fault::Dangerous(format!("`{listener}` neither tags nor judges: add `filter {name}`")));
        }
        local |= listener.starts_with("listen on socket");
        let port = listener.split_whitespace().skip_while(|word| *word != "port").nth(1);
        submits |= port.is_some_and(|port| site.config.clients.daemon_names.iter().any(|known| known == port));
    }
    if !local {
        faults.push(Fault::Missing(format!("mail of sendmail(1) is not tagged: `listen on socket filter {name}`")));
    }
    if !submits {
        faults.push(Fault::Missing(
            "submitted mail is recognised only by authentication and network: add the port to `clients.daemon_names` in batvd.toml"
                .to_owned(),
        ));
    }
    Ok(faults)
}
