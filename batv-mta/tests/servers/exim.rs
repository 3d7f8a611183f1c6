//! Exim, with the parts of `integrations/exim` put into the configuration of `exim.conf`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use batv_tests::host::{give, peers};

use crate::server::{MailServer, Server};

pub(crate) struct Exim;

impl MailServer for Exim {
    fn name(&self) -> &'static str {
        "exim"
    }

    fn installed(&self) -> &'static str {
        "exim.conf"
    }

    fn programs(&self) -> PathBuf {
        peers().join("usr/sbin")
    }

    fn start(&self, server: &Server) {
        for name in ["spool", "log", "mail"] {
            fs::create_dir(server.path(name)).expect("a folder");
            give(&server.path(name), "Debian-exim");
        }
        fs::write(server.path("exim.conf"), configuration(server)).expect("a file");
        let started = command(server).args(["-bd", "-q1s"]).output().expect("Exim");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    }

    fn pid_files(&self) -> &'static [&'static str] {
        &["spool/exim.pid"]
    }

    fn logs(&self) -> &'static [&'static str] {
        &["log/mainlog", "log/rejectlog", "log/paniclog"]
    }

    fn is_holding(&self, server: &Server) -> bool {
        server.log().contains("frozen")
    }

    fn sendmail(&self, server: &Server) -> Option<Command> {
        Some(command(server))
    }
}

fn command(server: &Server) -> Command {
    with(&server.path("exim.conf"))
}

fn with(configuration: &Path) -> Command {
    let mut command = Command::new(peers().join("usr/sbin/exim4"));
    command.arg("-C").arg(configuration);
    command
}

/// Another site's, which takes mail for `example.net` and then knows no mailbox there, and hands all other mail to a port.
pub(crate) fn launch_elsewhere(folder: &Path, port: u16, route: u16) {
    for name in ["spool", "log"] {
        fs::create_dir(folder.join(name)).expect("a folder");
        give(&folder.join(name), "Debian-exim");
    }
    let (file, root) = (folder.join("exim.conf"), folder.display());
    let configuration = format!(
        "primary_hostname = mx.example.net\nspool_directory = {root}/spool\nlog_file_path = {root}/log/%slog\n\
         pid_file_path = {root}/spool/exim.pid\ndaemon_smtp_ports = {port}\nexim_path = {}\n\
         local_interfaces = <; 127.0.0.1\nkeep_environment =\ndeliver_drop_privilege\nnever_users =\nhost_lookup =\n\
         rfc1413_query_timeout = 0s\ntls_advertise_hosts =\ndsn_advertise_hosts = *\nacl_smtp_rcpt = taken\n\
         begin acl\ntaken:\n  accept\nbegin routers\n\
         unknown:\n  driver = redirect\n  domains = example.net\n  allow_fail\n  data = :fail: no such user\n\
         out:\n  driver = manualroute\n  route_list = * 127.0.0.1\n  self = send\n  transport = smtp\n\
         begin transports\nsmtp:\n  driver = smtp\n  port = {route}\n  hosts_try_dane =\n  allow_localhost\n",
        with(&file).get_program().display()
    );
    fs::write(&file, configuration).expect("a file");
    let started = with(&file).args(["-bd", "-q1s"]).output().expect("Exim");
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
}

/// The shipped file has a part for each section; ours says with `@` where each goes.
fn configuration(server: &Server) -> String {
    let root = server.root();
    let shipped = server.setup(&[]);
    let parts: Vec<(&str, &str)> =
        shipped.split("\n# -- ").skip(1).map(|part| part.split_once(" --\n").expect("a name")).collect();
    let (mx, submission, next_hop) = (server.mx, server.submission, server.next_hop.port);
    let mut whole = format!(
        "spool_directory = {root}/spool\nlog_file_path = {root}/log/%slog\npid_file_path = {root}/spool/exim.pid\n\
         daemon_smtp_ports = {mx} : {submission}\nexim_path = {}\n{}\n",
        command(server).get_program().display(),
        parts.first().expect("the macros").1,
    );
    for line in include_str!("exim.conf").lines() {
        match line.strip_prefix('@') {
            Some(name) => {
                let part = parts.iter().find(|(known, _)| *known == name);
                whole.push_str(part.unwrap_or_else(|| panic!("no part {name}")).1);
            }
            None => whole.push_str(&line.replace("ROOT", &root).replace("SUBMISSION", &submission.to_string())),
        }
        whole.push('\n');
    }
    let smtp = format!("  driver = smtp\n  port = {next_hop}\n  hosts_try_dane =\n  allow_localhost\n");
    whole.replace("  driver = smtp\n", &smtp)
}
