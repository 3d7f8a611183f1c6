//! Postfix 3.4 or newer, as postconf(1) shows it.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use ipnet::IpNet;

use super::{Address, Failure, Fault, FormName, Site, kept_from, listener, run, unanswered};

const MAIN: &str = include_str!("../../integrations/postfix/main.cf");
const MASTER: &str = include_str!("../../integrations/postfix/master.cf");
const QUEUE: &str = "/var/spool/postfix";
/// What is read of main.cf, with its defaults.
const PARAMETERS: [&str; 13] = [
    "content_filter",
    "mail_owner",
    "mynetworks",
    "smtpd_proxy_filter",
    "smtpd_milters",
    "non_smtpd_milters",
    "milter_default_action",
    "milter_protocol",
    "recipient_canonical_maps",
    "recipient_canonical_classes",
    "recipient_delimiter",
    "smtpd_reject_unlisted_recipient",
    "queue_directory",
];

pub(super) fn ask(site: Site<'_>, arguments: &[&str]) -> Result<String, Failure> {
    match site.at {
        Some(folder) => run("postconf", &[&["-c", &folder.to_string_lossy()], arguments].concat()),
        None => run("postconf", arguments),
    }
}

pub(super) fn lines(site: Site<'_>) -> Result<String, Failure> {
    let queue = ask(site, &["-h", "queue_directory"]);
    let queue = queue.as_deref().map_or(QUEUE, str::trim);
    let listen = &site.config.listen;
    let milter = shown(listener(&listen.milter, "milter")?, queue);
    let socketmap = shown(listener(&listen.socketmap, "socketmap")?, queue);
    let lines = MAIN.replace("unix:batvd/milter.sock", &milter).replace("unix:batvd/socketmap.sock", &socketmap);
    let mut lines = beside_what_is_there(site, &lines, &milter);
    if site.config.sign.form == FormName::SubAddress {
        let delimiter = site.config.sign.delimiter.character();
        lines.push_str(&format!("# A tag stands behind the delimiter.\nrecipient_delimiter = {delimiter}\n"));
    }
    let jailed: String = jailed(site, queue)?.iter().map(|fault| format!("# {fault}\n")).collect();
    Ok(format!("{jailed}# -- main.cf --\n{lines}\n# -- master.cf --\n{MASTER}"))
}

/// A second line of a name would take the place of the first: what Postfix has goes on.
fn beside_what_is_there(site: Site<'_>, lines: &str, milter: &str) -> String {
    let mut whole = String::new();
    // A line that begins with a space belongs to the one before.
    for entry in lines.replace(",\n    ", ", ").lines() {
        let (name, ours) = entry.split_once(" = ").unwrap_or_default();
        let joins = name.ends_with("smtpd_milters") || name == "recipient_canonical_maps";
        let known = if joins { ask(site, &["-h", name]).unwrap_or_default() } else { String::new() };
        let known = known.trim();
        if !joins || known.is_empty() {
            whole.push_str(&format!("{entry}\n"));
            continue;
        }
        // Beside milters of its own, those of smtpd would be asked a second time.
        let ours = if name == "non_smtpd_milters" && known != ours { milter } else { ours };
        let missing = ours.split(", ").filter(|ours| !known.contains(ours));
        let all: Vec<&str> = core::iter::once(known).chain(missing).collect();
        whole.push_str(&format!("{name} = {}\n", all.join(", ")));
    }
    whole
}

/// Relative to the queue, where all of Postfix works: the name is then the same in its chroot and out of it.
fn shown(address: &Address, queue: &str) -> String {
    match address {
        Address::Unix(path) => match path.strip_prefix(queue) {
            Ok(path) => format!("unix:{}", path.display()),
            Err(_) => address.to_string(),
        },
        Address::Inet(_) | Address::Systemd(_) => address.to_string(),
    }
}

/// Services that can't reach a socket of ours.
fn jailed(site: Site<'_>, queue: &str) -> Result<Vec<Fault>, Failure> {
    let services = ask(site, &["-F", "*/*/chroot"])?;
    let jailed: Vec<&str> = services
        .lines()
        .filter_map(|line| line.strip_suffix("/chroot = y"))
        .filter(|service| service.ends_with("/inet") || service.ends_with("/pass") || *service == "cleanup/unix")
        .collect();
    let listen = &site.config.listen;
    let fault = |address: &&Address| match address {
        Address::Unix(path) if !path.starts_with(queue) => Some(Fault::Dangerous(format!(
            "{} run{} in the chroot {queue} and can't reach {address}: let batvd listen in a folder there, as \
             {queue}/batvd, or write `n` into the column chroot of master.cf",
            jailed.join(", "),
            if jailed.len() == 1 { "s" } else { "" },
        ))),
        _ => None,
    };
    let sockets = listen.milter.first().into_iter().chain(listen.socketmap.first());
    Ok(if jailed.is_empty() { Vec::new() } else { sockets.filter_map(|address| fault(&address)).collect() })
}

/// What postconf(1) says of both files.
struct Installed {
    /// Of main.cf, with defaults and without references.
    parameters: BTreeMap<String, String>,
    /// Of master.cf: `service/type/parameter`.
    options: Vec<(String, String)>,
}

impl Installed {
    fn read(site: Site<'_>) -> Result<Self, Failure> {
        let pairs = |said: String| -> Vec<(String, String)> {
            let pairs = said.lines().filter_map(|line| line.split_once('='));
            pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
        };
        let parameters = pairs(ask(site, &[&["-x"], &PARAMETERS[..]].concat())?).into_iter().collect();
        Ok(Self { parameters, options: pairs(ask(site, &["-P"])?) })
    }

    fn value(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    fn lists(&self, name: &str, wanted: &str) -> bool {
        self.value(name).split([',', ' ', '\t']).any(|known| known == wanted)
    }

    /// The services that set a parameter by themselves, as `service/type`, and to what.
    fn option(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let end = format!("/{name}");
        self.options.iter().filter_map(move |(option, value)| Some((option.strip_suffix(&end)?, value.as_str())))
    }
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Failure> {
    let installed = Installed::read(site)?;
    let value = |name: &str| installed.value(name);
    let lists = |name: &str, wanted: &str| installed.lists(name, wanted);
    let queue = value("queue_directory");
    let config = site.config;
    let (milter, socketmap) =
        (listener(&config.listen.milter, "milter")?, listener(&config.listen.socketmap, "socketmap")?);
    let reach = |address| unanswered(address).or_else(|| kept_from(address, value("mail_owner")));
    let mut faults: Vec<Fault> = [milter, socketmap].into_iter().filter_map(reach).collect();
    let mut missing = |is_there: bool, what: String| {
        if !is_there {
            faults.push(Fault::Missing(what));
        }
    };

    // A host-specific list in braces holds the address, too: { unix:…, connect_timeout=10s }.
    let shown_milter = shown(milter, queue);
    for (name, without) in [
        ("smtpd_milters", "what comes by SMTP gets no tag and is not judged"),
        ("non_smtpd_milters", "what comes by sendmail(1) gets no tag"),
    ] {
        missing(value(name).contains(&shown_milter), format!("{without}: `{name} = {shown_milter}`"));
    }
    let table = |map: &str| format!("socketmap:{}:{map}", shown(socketmap, queue));
    let delimits = config.sign.form == FormName::SubAddress
        && value("recipient_delimiter").contains(config.sign.delimiter.character());
    let verify = table("verify");
    missing(
        delimits || value("smtpd_reject_unlisted_recipient") == "no" || lists("recipient_canonical_maps", &verify),
        format!(
            "genuine bounces are refused, for no mailbox has the name of a tag: `recipient_canonical_maps = {verify}`"
        ),
    );
    let reverse = table("srs-reverse");
    missing(
        config.srs.domains.is_empty() || lists("recipient_canonical_maps", &reverse),
        format!("bounces of forwarded mail are refused: `recipient_canonical_maps = …, {reverse}`"),
    );
    for network in value("mynetworks").split([' ', ',', '\t']).filter_map(network) {
        let clients = &config.clients;
        let mut networks = clients.internal_networks.iter().chain(&clients.exempt_networks);
        let known = networks.any(|known| known.contains(&network));
        missing(
            known || network.addr().is_loopback(),
            format!(
                "what comes from {network} (mynetworks) gets no tag: put it into `clients.internal_networks` of batvd.toml"
            ),
        );
    }
    missing(
        submitting(site, &installed).next().is_some(),
        "what users submit is known by their passwords and networks alone: `-o milter_macro_daemon_name=ORIGINATING` at \
         the service `submission` in master.cf"
            .to_owned(),
    );

    let mut dangerous = |is_wrong: bool, what: String| {
        if is_wrong {
            faults.push(Fault::Dangerous(what));
        }
    };
    match value("milter_default_action") {
        "tempfail" => {}
        "accept" => dangerous(
            true,
            "`milter_default_action = accept`: without the daemon mail leaves untagged, and its bounces are refused: `tempfail`"
                .to_owned(),
        ),
        other => dangerous(true, format!("`milter_default_action = {other}`: without the daemon mail is lost: `tempfail`")),
    }
    dangerous(
        value("milter_protocol").parse().is_ok_and(|version: u32| version < 6),
        format!("`milter_protocol = {}` can't change senders: leave the line out", value("milter_protocol")),
    );
    let maps = lists("recipient_canonical_maps", &verify) || lists("recipient_canonical_maps", &reverse);
    dangerous(
        maps && value("recipient_canonical_classes") != "envelope_recipient",
        "`recipient_canonical_classes` changes the header fields of messages, and breaks their signatures: \
         `recipient_canonical_classes = envelope_recipient`"
            .to_owned(),
    );
    dangerous(
        value("recipient_delimiter").contains('=') && config.sign.form != FormName::SubAddress,
        format!("`recipient_delimiter = {}` cuts a tag at its `=`: leave that out", value("recipient_delimiter")),
    );
    faults.extend(silent(site, &installed, &shown_milter)?);
    faults.extend(jailed(site, queue)?);
    Ok(faults)
}

/// The services of the names that mark mail of ours.
fn submitting<'i>(site: Site<'i>, installed: &'i Installed) -> impl Iterator<Item = &'i str> {
    let names = &site.config.clients.daemon_names;
    let named = installed.option("milter_macro_daemon_name");
    named.filter(|(_, name)| names.iter().any(|known| known == name)).map(|(service, _)| service)
}

/// Services that ask no milter of ours, and those that shouldn't.
fn silent(site: Site<'_>, installed: &Installed, milter: &str) -> Result<Vec<Fault>, Failure> {
    let asks = |milters: &str| milters.contains(milter) || milters.contains("$smtpd_milters");
    let others = installed.option("smtpd_milters").filter(|(_, milters)| !asks(milters));
    let none = installed.option("receive_override_options").filter(|(_, options)| options.contains("no_milters"));
    let silent: Vec<(&str, String)> = others
        .map(|(service, milters)| (service, format!("smtpd_milters = {milters}")))
        .chain(none.map(|(service, _)| (service, "no_milters".to_owned())))
        .collect();
    // What comes back from a filter of contents has been tagged and judged before, and comes from a host of ours.
    let returns = |service: &str| ["127.", "localhost:", "[::1]:"].iter().any(|host| service.starts_with(host));
    let is_filtered = ["content_filter", "smtpd_proxy_filter"]
        .iter()
        .any(|name| !installed.value(name).is_empty() || installed.option(name).any(|(_, filter)| !filter.is_empty()));
    let mut faults = Vec::new();
    for (service, why) in silent.iter().filter(|(service, _)| !is_filtered || !returns(service)) {
        faults.push(Fault::Dangerous(format!(
            "the service {service} in master.cf has `{why}`: it neither tags nor judges"
        )));
    }
    if is_filtered {
        let listeners = ask(site, &["-M", "*/inet"])?;
        let is_smtpd = |line: &&str| line.split_whitespace().nth(7) == Some("smtpd");
        let names = listeners.lines().filter(is_smtpd).filter_map(|line| line.split_whitespace().next());
        for service in names.filter(|name| returns(name)).map(|name| format!("{name}/inet")) {
            let mut known = silent.iter().map(|(silent, _)| *silent).chain(submitting(site, installed));
            if !known.any(|known| known == service) {
                faults.push(Fault::Dangerous(format!(
                    "the service {service} in master.cf: if mail comes back there from the filter of contents, it counts \
                     as ours: `-o receive_override_options=no_milters`"
                )));
            }
        }
    }
    Ok(faults)
}

/// As Postfix writes it, with brackets around IPv6.
fn network(text: &str) -> Option<IpNet> {
    let text = text.replace(['[', ']'], "");
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    // The daemon knows such clients by their IPv4 addresses.
    let mapped = network.prefix_len().checked_sub(96).zip(match network.addr().to_canonical() {
        IpAddr::V4(address) if network.addr().is_ipv6() => Some(address),
        _ => None,
    });
    mapped.map_or(Some(network), |(length, address)| IpNet::new(address.into(), length).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_in_the_queue_have_one_name_in_the_chroot_and_out_of_it() {
        for (address, seen) in [
            ("unix:/var/spool/postfix/batvd/milter.sock", "unix:batvd/milter.sock"),
            ("unix:/run/batvd/milter.sock", "unix:/run/batvd/milter.sock"),
            ("inet:[::1]:9900", "inet:[::1]:9900"),
        ] {
            assert_eq!(shown(&address.parse().expect("an address"), QUEUE), seen);
        }
    }
}
