//! OpenSMTPD 6.6 or newer, as its configuration file shows it.

use std::path::Path;

use super::{Failure, Fault, Site, read, said};

const LINES: &str = include_str!("../../integrations/opensmtpd/smtpd.conf");
const INSTALLED: &str = "/etc/smtpd.conf";

/// It runs the filter itself: the daemon needs no listener.
pub(super) fn lines(site: Site<'_>) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::Program("batvd", error.to_string()))?;
    let config_path =
        std::path::absolute(site.config_path).map_err(|error| Failure::Read(site.config_path.to_owned(), error))?;
    Ok(LINES
        .replace("/usr/bin/batvd", &program.display().to_string())
        .replace("/etc/batv/batvd.toml", &config_path.display().to_string()))
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Failure> {
    let installed = read(site.at.unwrap_or_else(|| Path::new(INSTALLED)))?;
    let mut faults = Vec::new();
    let config = site.config_path.to_string_lossy();
    let filter = said(&installed, "#")
        .find(|line| line.starts_with("filter ") && line.contains("batvd") && line.contains(&*config));
    let name = filter.and_then(|line| line.split_whitespace().nth(1));
    let Some(name) = name else {
        let lines = lines(site)?;
        let line = said(&lines, "#").next().unwrap_or_default();
        return Ok(vec![Fault::Missing(format!("mail gets no tag and bounces are not judged: `{line}`"))]);
    };
    let mut submits = false;
    let mut local = false;
    for listener in said(&installed, "#").filter(|line| line.starts_with("listen on ")) {
        if !listener.contains(&format!("filter {name}")) && !listener.contains("filter <") {
            faults.push(Fault::Dangerous(format!("`{listener}` neither tags nor judges: add `filter {name}`")));
        }
        local |= listener.starts_with("listen on socket");
        let port = listener.split_whitespace().skip_while(|word| *word != "port").nth(1);
        submits |= port.is_some_and(|port| site.config.clients.daemon_names.iter().any(|known| known == port));
    }
    if !local {
        faults.push(Fault::Missing(format!("what comes by sendmail(1) gets no tag: `listen on socket filter {name}`")));
    }
    if !submits {
        faults.push(Fault::Missing(
            "what users submit is known by their passwords and networks alone: name the port in `clients.daemon_names` of batvd.toml"
                .to_owned(),
        ));
    }
    Ok(faults)
}
