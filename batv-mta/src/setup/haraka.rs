//! Haraka 3, as its folder shows it.

use std::path::Path;

use batv_core::envelope::Mode;

use super::check::{Error, Fault, Site, effective, listener, read, unanswered};
use crate::config::Address;

const PLUGIN: &str = include_str!("../../integrations/haraka/batv.js");
const OPTIONS: &str = include_str!("../../integrations/haraka/batv.ini");
const INSTALLED: &str = "/etc/haraka";

pub(super) fn lines(site: Site<'_>) -> Result<String, Error> {
    let options = OPTIONS.replace("/run/batvd/line.sock", &shown(listener(&site.config.listen.line, "line")?));
    Ok(format!(
        "; -- config/plugins: before the plugins of recipients and of queues --\nbatv\n; -- config/batv.ini --\n{options}\
         ; -- plugins/batv.js --\n{PLUGIN}"
    ))
}

fn shown(address: &Address) -> String {
    match address {
        Address::Unix(path) => path.display().to_string(),
        Address::Inet(address) | Address::Systemd(address) => address.clone(),
    }
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Error> {
    let folder = site.at.unwrap_or_else(|| Path::new(INSTALLED));
    let address = listener(&site.config.listen.line, "line")?;
    let mut faults: Vec<Fault> = unanswered(address).into_iter().collect();
    let listed = read(&folder.join("config/plugins"))?;
    let plugins: Vec<&str> = effective(&listed, "#").filter(|line| !line.starts_with(';')).collect();
    let place = |wanted: &dyn Fn(&str) -> bool| plugins.iter().position(|name| wanted(name));
    match (place(&|name| name == "batv"), place(&|name| name.starts_with("rcpt_to.") || name.starts_with("queue/"))) {
        (None, _) => faults.push(Fault::Missing(
            "outgoing mail is not tagged and bounces are not judged: `batv` in config/plugins".to_owned(),
        )),
        (Some(ours), Some(other)) if other < ours => {
            let other = plugins.get(other).copied().unwrap_or_default();
            // Our hooks have a priority, but a plugin without registered hooks is called in the order of the file.
            faults.push(Fault::Dangerous(format!(
                "`batv` comes after `{other}` in config/plugins: bounces are refused before their tags are removed"
            )));
        }
        _ => {}
    }
    let verify = &site.config.site.verify;
    let holds = verify.mode == Mode::Quarantine || verify.modes.values().any(|mode| *mode == Mode::Quarantine);
    if holds && place(&|name| name == "queue/quarantine").is_none() {
        faults.push(Fault::Missing("mail to quarantine is delivered: `queue/quarantine` in config/plugins".to_owned()));
    }
    match read(&folder.join("plugins/batv.js")) {
        Ok(plugin) if plugin == PLUGIN => {}
        Ok(_) => faults.push(Fault::Dangerous("plugins/batv.js does not match this version of batvd".to_owned())),
        Err(_) => faults.push(Fault::Missing("plugins/batv.js".to_owned())),
    }
    let socket = format!("socket={}", shown(address));
    let options = read(&folder.join("config/batv.ini")).unwrap_or_default();
    if !effective(&options, ";").any(|line| line.replace(' ', "") == socket) {
        faults.push(Fault::Missing(format!("the plugin can't reach the daemon: `{socket}` in config/batv.ini")));
    }
    Ok(faults)
}
