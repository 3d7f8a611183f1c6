//! Addresses of sockets, and networks, as batvd writes them.

/// Address of a socket, as `unix:/path` or `inet:host:port`, from that of libmilter.
pub(super) fn socket_address(spec: &str) -> Option<String> {
    let is_path = |path: &&str| path.starts_with('/');
    match spec.split_once(':') {
        _ if is_path(&spec) => Some(format!("unix:{spec}")),
        Some(("unix" | "local", path)) => Some(path).filter(is_path).map(|path| format!("unix:{path}")),
        Some((family @ ("inet" | "inet6"), rest)) => {
            let (port, host) = rest.split_once('@').unwrap_or((rest, ""));
            let port: u16 = port.parse().ok()?;
            let host = match (host, family) {
                ("", "inet") => "0.0.0.0".to_owned(),
                ("", _) => "[::]".to_owned(),
                (host, _) if host.contains(':') => format!("[{}]", host.trim_matches(['[', ']'])),
                (host, _) => host.to_owned(),
            };
            Some(format!("inet:{host}:{port}"))
        }
        _ => None,
    }
}

/// Network with its prefix length.
pub(super) fn network(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: core::net::IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(most), |prefix| prefix.parse::<u8>().ok().filter(|prefix| *prefix <= most))?;
    Some(format!("{address}/{prefix}"))
}
