//! Postfix 3.4 or newer, as postconf(1) shows it.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use ipnet::IpNet;

use super::check::{Error, Fault, Site, kept_from, listener, run, unanswered};
use batv_core::tag::Form;

use crate::config::Address;

const MAIN: &str = include_str!("../../integrations/postfix/main.cf");
const MASTER: &str = include_str!("../../integrations/postfix/master.cf");
const QUEUE: &str = "/var/spool/postfix";
/// The parameters of main.cf that are read, with their defaults.
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

pub(super) fn ask(site: Site<'_>, arguments: &[&str]) -> Result<String, Error> {
    match site.at {
        Some(folder) => run("postconf", &[&["-c", &folder.to_string_lossy()], arguments].concat()),
        None => run("postconf", arguments),
    }
}

pub(super) fn lines(site: Site<'_>) -> Result<String, Error> {
    let queue = ask(site, &["-h", "queue_directory"]);
    let queue = queue.as_deref().map_or(QUEUE, str::trim);
    let listen = &site.config.listen;
    let milter = shown(listener(&listen.milter, "milter")?, queue);
    let socketmap = shown(listener(&listen.socketmap, "socketmap")?, queue);
    let lines = MAIN.replace("unix:batvd/milter.sock", &milter).replace("unix:batvd/socketmap.sock", &socketmap);
    let mut lines = with_installed(site, &lines, &milter);
    if matches!(site.config.site.sign.form, Form::SubAddress(_)) {
        let delimiter = site.config.site.sign.delimiter.character();
        lines.push_str(&format!("# The tag follows the delimiter.\nrecipient_delimiter = {delimiter}\n"));
    }
    let jailed: String = jailed(site, queue)?.iter().map(|fault| format!("# {fault}\n")).collect();
    Ok(format!("{jailed}# -- main.cf --\n{lines}\n# -- master.cf --\n{MASTER}"))
}

/// Adds the installed values to our lines, because a second line of a name replaces the first.
fn with_installed(site: Site<'_>, lines: &str, milter: &str) -> String {
    let mut whole = String::new();
    // A line that begins with a space continues the one before.
    for entry in lines.replace(",\n    ", ", ").lines() {
        let (name, ours) = entry.split_once(" = ").unwrap_or_default();
        let joins = name.ends_with("smtpd_milters") || name == "recipient_canonical_maps";
        let known = if joins { ask(site, &["-h", name]).unwrap_or_default() } else { String::new() };
        let known = known.trim();
        if !joins || known.is_empty() {
            whole.push_str(&format!("{entry}\n"));
            continue;
        }
        // If it has milters of its own, $smtpd_milters would add them twice.
        let ours = if name == "non_smtpd_milters" && known != ours { milter } else { ours };
        let missing = ours.split(", ").filter(|ours| !known.contains(ours));
        let all: Vec<&str> = core::iter::once(known).chain(missing).collect();
        whole.push_str(&format!("{name} = {}\n", all.join(", ")));
    }
    whole
}

/// The address relative to the queue directory, which is the same inside and outside of the chroot.
fn shown(address: &Address, queue: &str) -> String {
    match address {
        Address::Unix(path) => match path.strip_prefix(queue) {
            Ok(path) => format!("unix:{}", path.display()),
            Err(_) => address.to_string(),
        },
        Address::Inet(_) | Address::Systemd(_) => address.to_string(),
    }
}

/// Services in a chroot that can't reach our sockets.
fn jailed(site: Site<'_>, queue: &str) -> Result<Vec<Fault>, Error> {
    let services = ask(site, &["-F", "*/*/chroot"])?;
    let jailed: Vec<&str> = services
        .lines()
        .filter_map(|line| line.strip_suffix("/chroot = y"))
        .filter(|service| service.ends_with("/inet") || service.ends_with("/pass") || *service == "cleanup/unix")
        .collect();
    let listen = &site.config.listen;
    let fault = |address: &&Address| match address {
        Address::Unix(path) if !path.starts_with(queue) => Some(Fault::Dangerous(format!(
            "{} run{} in the chroot {queue} and can't reach {address}: let batvd listen in a folder below it, such as \
             {queue}/batvd, or set the column chroot of master.cf to `n`",
            jailed.join(", "),
            if jailed.len() == 1 { "s" } else { "" },
        ))),
        _ => None,
    };
    let sockets = listen.milter.first().into_iter().chain(listen.socketmap.first());
    Ok(if jailed.is_empty() { Vec::new() } else { sockets.filter_map(|address| fault(&address)).collect() })
}

/// The installed main.cf and master.cf, as postconf(1) prints them.
struct Installed {
    /// Parameters of main.cf, with defaults and expanded.
    parameters: BTreeMap<String, String>,
    /// Options of master.cf: `service/type/parameter`.
    options: Vec<(String, String)>,
}

impl Installed {
    fn read(site: Site<'_>) -> Result<Self, Error> {
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

    /// The services that override a parameter, as `service/type`, and their values.
    fn option(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let end = format!("/{name}");
        self.options.iter().filter_map(move |(option, value)| Some((option.strip_suffix(&end)?, value.as_str())))
    }
}

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Error> {
    let installed = Installed::read(site)?;
    let listen = &site.config.listen;
    let milter = listener(&listen.milter, "milter")?;
    let socketmap = listener(&listen.socketmap, "socketmap")?;
    let user = installed.value("mail_owner");
    let reach = |address| unanswered(address).or_else(|| kept_from(address, user));
    let mut faults: Vec<Fault> = [milter, socketmap].into_iter().filter_map(reach).collect();
    let queue = installed.value("queue_directory");
    let milter = shown(milter, queue);
    let table = |map: &str| format!("socketmap:{}:{map}", shown(socketmap, queue));
    let (verify, reverse) = (table("verify"), table("srs-reverse"));
    faults.extend(without_milter(&installed, &milter));
    faults.extend(without_tables(site, &installed, &verify, &reverse));
    faults.extend(unknown_clients(site, &installed));
    faults.extend(harmful(site, &installed, &[&verify, &reverse]));
    faults.extend(silent(site, &installed, &milter)?);
    faults.extend(jailed(site, queue)?);
    Ok(faults)
}

fn missing(is_missing: bool, text: String) -> Option<Fault> {
    is_missing.then_some(Fault::Missing(text))
}

fn dangerous(is_dangerous: bool, text: String) -> Option<Fault> {
    is_dangerous.then_some(Fault::Dangerous(text))
}

fn without_milter<'i>(installed: &'i Installed, milter: &'i str) -> impl Iterator<Item = Fault> + 'i {
    let lists = [
        ("smtpd_milters", "mail received by SMTP is not tagged and not judged"),
        ("non_smtpd_milters", "mail of sendmail(1) is not tagged"),
    ];
    // A host-specific list in braces has the address, too: { unix:…, connect_timeout=10s }.
    lists.into_iter().filter_map(move |(name, effect)| {
        missing(!installed.value(name).contains(milter), format!("{effect}: `{name} = {milter}`"))
    })
}

fn without_tables(
    site: Site<'_>,
    installed: &Installed,
    verify: &str,
    reverse: &str,
) -> impl Iterator<Item = Fault> + use<> {
    let sign = &site.config.site.sign;
    let finds_tags = installed.lists("recipient_canonical_maps", verify)
        || installed.value("smtpd_reject_unlisted_recipient") == "no"
        || matches!(sign.form, Form::SubAddress(_))
            && installed.value("recipient_delimiter").contains(sign.delimiter.character());
    let finds_srs = installed.lists("recipient_canonical_maps", reverse) || site.config.site.srs.domains.is_empty();
    let faults = [
        missing(
            !finds_tags,
            format!("genuine bounces are refused as mail to unknown users: `recipient_canonical_maps = {verify}`"),
        ),
        missing(
            !finds_srs,
            format!("bounces of forwarded mail are refused: `recipient_canonical_maps = …, {reverse}`"),
        ),
    ];
    faults.into_iter().flatten()
}

fn unknown_clients(site: Site<'_>, installed: &Installed) -> Vec<Fault> {
    let clients = &site.config.clients;
    let networks = installed.value("mynetworks").split([' ', ',', '\t']).filter_map(network);
    let unknown = networks.filter(|network| {
        let mut known = clients.internal_networks.iter().chain(&clients.exempt_networks);
        !network.addr().is_loopback() && !known.any(|known| known.contains(network))
    });
    let networks = unknown.map(|network| {
        Fault::Missing(format!(
            "mail from {network} (mynetworks) is not tagged: add it to `clients.internal_networks` in batvd.toml"
        ))
    });
    let submission = missing(
        submitting(site, installed).next().is_none(),
        "submitted mail is recognised only by authentication and network: `-o milter_macro_daemon_name=ORIGINATING` for \
         the service `submission` in master.cf"
            .to_owned(),
    );
    networks.chain(submission).collect()
}

fn harmful(site: Site<'_>, installed: &Installed, maps: &[&str]) -> impl Iterator<Item = Fault> + use<> {
    let value = |name: &str| installed.value(name);
    let action = value("milter_default_action");
    let loss = if action == "accept" { "leaves untagged and its bounces are refused" } else { "is lost" };
    let version = value("milter_protocol");
    let has_map = maps.iter().any(|map| installed.lists("recipient_canonical_maps", map));
    let delimiter = value("recipient_delimiter");
    let faults = [
        dangerous(
            action != "tempfail",
            format!("`milter_default_action = {action}`: while the daemon is down, mail {loss}: set it to `tempfail`"),
        ),
        dangerous(
            version.parse().is_ok_and(|version: u32| version < 6),
            format!("`milter_protocol = {version}` can't change senders: remove the line"),
        ),
        dangerous(
            has_map && value("recipient_canonical_classes") != "envelope_recipient",
            "`recipient_canonical_classes` changes header fields, and breaks signatures over them: \
             `recipient_canonical_classes = envelope_recipient`"
                .to_owned(),
        ),
        dangerous(
            delimiter.contains('=') && !matches!(site.config.site.sign.form, Form::SubAddress(_)),
            format!("`recipient_delimiter = {delimiter}` splits a tag at its `=`: remove the `=`"),
        ),
    ];
    faults.into_iter().flatten()
}

/// The services whose daemon name marks mail as ours.
fn submitting<'i>(site: Site<'i>, installed: &'i Installed) -> impl Iterator<Item = &'i str> {
    let names = &site.config.clients.daemon_names;
    let named = installed.option("milter_macro_daemon_name");
    named.filter(|(_, name)| names.iter().any(|known| known == name)).map(|(service, _)| service)
}

/// Services that wrongly bypass our milter, and those that wrongly use it.
fn silent(site: Site<'_>, installed: &Installed, milter: &str) -> Result<Vec<Fault>, Error> {
    let asks = |milters: &str| milters.contains(milter) || milters.contains("$smtpd_milters");
    let others = installed.option("smtpd_milters").filter(|(_, milters)| !asks(milters));
    let none = installed.option("receive_override_options").filter(|(_, options)| options.contains("no_milters"));
    let silent: Vec<(&str, String)> = others
        .map(|(service, milters)| (service, format!("smtpd_milters = {milters}")))
        .chain(none.map(|(service, _)| (service, "no_milters".to_owned())))
        .collect();
    // Mail that a content filter returns was tagged and judged before, and comes from this host.
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

/// Parses a network as Postfix writes it, with brackets around IPv6.
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
    fn sockets_in_the_queue_have_the_same_name_in_the_chroot() {
        for (address, seen) in [
            ("unix:/var/spool/postfix/batvd/milter.sock", "unix:batvd/milter.sock"),
            ("unix:/run/batvd/milter.sock", "unix:/run/batvd/milter.sock"),
            ("inet:[::1]:9900", "inet:[::1]:9900"),
        ] {
            assert_eq!(shown(&address.parse().expect("an address"), QUEUE), seen);
        }
    }
}
