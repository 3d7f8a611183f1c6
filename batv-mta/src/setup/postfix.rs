//! Postfix 3.4 or newer, as postconf(1) shows it.

use alloc::collections::BTreeMap;

use super::{Address, Failure, Fault, FormName, Site, door, run, unanswered};

const MAIN: &str = include_str!("../../integrations/postfix/main.cf");
const MASTER: &str = include_str!("../../integrations/postfix/master.cf");
const QUEUE: &str = "/var/spool/postfix";
/// What is read of main.cf, with its defaults.
const PARAMETERS: [&str; 9] = [
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
    let milter = shown(door(&listen.milter, "milter")?, queue);
    let socketmap = shown(door(&listen.socketmap, "socketmap")?, queue);
    let mut lines = MAIN.replace("unix:batvd/milter.sock", &milter).replace("unix:batvd/socketmap.sock", &socketmap);
    if site.config.sign.form == FormName::SubAddress {
        lines.push_str("# A tag stands behind the delimiter.\nrecipient_delimiter = +\n");
    }
    let jailed: String = jailed(site, queue)?.iter().map(|fault| format!("# {fault}\n")).collect();
    Ok(format!("{jailed}# -- main.cf --\n{lines}\n# -- master.cf --\n{MASTER}"))
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

pub(super) fn check(site: Site<'_>) -> Result<Vec<Fault>, Failure> {
    let said = ask(site, &[&["-x"], &PARAMETERS[..]].concat())?;
    let parameters: BTreeMap<&str, &str> =
        said.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim())).collect();
    let value = |name: &str| parameters.get(name).copied().unwrap_or_default();
    let lists = |name: &str, wanted: &str| value(name).split([',', ' ', '\t']).any(|known| known == wanted);
    let queue = value("queue_directory");
    let config = site.config;
    let (milter, socketmap) = (door(&config.listen.milter, "milter")?, door(&config.listen.socketmap, "socketmap")?);
    let mut faults: Vec<Fault> = [milter, socketmap].into_iter().filter_map(unanswered).collect();
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
    let delimits = config.sign.form == FormName::SubAddress && value("recipient_delimiter").contains('+');
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
    let services = ask(site, &["-P"])?;
    let option = |name: &str| {
        let end = format!("/{name}");
        services
            .lines()
            .filter_map(|line| line.split_once(" ="))
            .filter_map(move |(option, value)| Some((option.strip_suffix(&end)?.to_owned(), value.trim())))
    };
    let originates = |(_, name): (String, &str)| config.clients.daemon_names.iter().any(|known| known == name);
    missing(
        option("milter_macro_daemon_name").any(originates),
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
    for (service, milters) in option("smtpd_milters") {
        dangerous(
            !milters.contains(&shown_milter) && !milters.contains("$smtpd_milters"),
            format!("the service {service} in master.cf has `smtpd_milters = {milters}`: it neither tags nor judges"),
        );
    }
    for (service, options) in option("receive_override_options") {
        dangerous(
            options.contains("no_milters"),
            format!("the service {service} in master.cf has `no_milters`: it neither tags nor judges"),
        );
    }
    faults.extend(jailed(site, queue)?);
    Ok(faults)
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
