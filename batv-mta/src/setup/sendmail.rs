//! Sendmail 8.14 or newer, as its compiled configuration file shows it.

use std::path::Path;

use super::check::{Error, Fault, Site, effective, listener, read, unanswered};
use crate::config::Address;

const LINES: &str = include_str!("../../integrations/sendmail/batv.mc");
const INSTALLED: &str = "/etc/mail/sendmail.cf";

pub(super) fn lines(site: Site<'_>) -> Result<String, Error> {
    let listen = &site.config.listen;
    Ok(LINES
        .replace("unix:/run/batvd/milter.sock", &shown(listener(&listen.milter, "milter")?))
        .replace("unix:/run/batvd/socketmap.sock", &shown(listener(&listen.socketmap, "socketmap")?)))
}

/// The address in the syntax of milters and socket maps: `inet:port@host`.
fn shown(address: &Address) -> String {
    match address {
        Address::Unix(_) | Address::Systemd(_) => address.to_string(),
        Address::Inet(address) => {
            // An address has a port: Address::from_str.
            let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
            match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
                Some(host) => format!("inet6:{port}@{host}"),
                None => format!("inet:{port}@{host}"),
            }
        }
    }
}

fn installed(site: Site<'_>) -> Result<String, Error> {
    read(site.at.unwrap_or_else(|| Path::new(INSTALLED)))
}

/// The macro Z of a configuration file is the version that it was made for.
pub(super) fn version(site: Site<'_>) -> Option<String> {
    Some(installed(site).ok()?.lines().find_map(|line| line.strip_prefix("DZ"))?.split('/').next()?.to_owned())
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Error> {
    let installed = installed(site)?;
    let config = site.config;
    let (milter, socketmap) =
        (listener(&config.listen.milter, "milter")?, listener(&config.listen.socketmap, "socketmap")?);
    let mut faults: Vec<Fault> = [milter, socketmap].into_iter().filter_map(unanswered).collect();
    let option =
        |name: &str| installed.lines().find_map(|line| line.strip_prefix(&format!("O {name}="))).unwrap_or_default();
    let address = shown(milter);
    match effective(&installed, "#").find(|line| line.starts_with('X') && line.contains(&format!("S={address},"))) {
        None => faults.push(Fault::Missing(format!(
            "outgoing mail is not tagged and bounces are not judged: INPUT_MAIL_FILTER(`batv', `S={address}, F=T, …')"
        ))),
        Some(filter) => {
            let name = filter.trim_start_matches('X').split(',').next().unwrap_or_default();
            if !option("InputMailFilters").split(',').any(|known| known.trim() == name) {
                faults.push(Fault::Missing(format!("the filter `{name}` is not in InputMailFilters")));
            }
            if !filter.contains("F=T") {
                let text = format!(
                    "the filter `{name}` has no `F=T`: while the daemon is down, mail leaves untagged and its bounces are refused"
                );
                faults.push(Fault::Dangerous(text));
            }
        }
    }
    for (map, without) in [
        ("verify", "Sendmail's own bounces find no mailbox"),
        ("srs_reverse", "Sendmail's own bounces of forwarded mail find no mailbox"),
    ] {
        if map == "srs_reverse" && config.site.srs.domains.is_empty() {
            continue;
        }
        let table = format!("K{map} socket -f -q {}", shown(socketmap));
        if !effective(&installed, "#").any(|line| line == table) {
            faults.push(Fault::Missing(format!("{without}: `{table}` under LOCAL_CONFIG")));
        }
        if !effective(&installed, "#").any(|line| line.starts_with('R') && line.contains(&format!("$({map} "))) {
            faults.push(Fault::Missing(format!("{without}: the rule of `{map}` under LOCAL_RULE_0")));
        }
    }
    let originates = |line: &str| config.clients.daemon_names.iter().any(|name| line.contains(&format!("Name={name}")));
    if !effective(&installed, "#").any(|line| line.starts_with("O DaemonPortOptions=") && originates(line)) {
        faults.push(Fault::Missing(
            "submitted mail is recognised only by authentication and network: DAEMON_OPTIONS(`Name=ORIGINATING, Port=587, M=Ea')"
                .to_owned(),
        ));
    }
    if !config.site.srs.domains.is_empty() && !option("Milter.macros.envrcpt").contains("{rcpt_mailer}") {
        let text = "forwarded mail is not recognised: `{rcpt_mailer}` in Milter.macros.envrcpt";
        faults.push(Fault::Missing(text.to_owned()));
    }
    Ok(faults)
}
