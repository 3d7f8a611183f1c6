//! Postfix, with the lines of `integrations/postfix`.

use core::time::Duration;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use batv_tests::host::{account, mail_server, signal, wait_for};

use crate::server::{MAILBOXES, MailServer, Server};

pub(crate) struct Postfix;

impl MailServer for Postfix {
    fn name(&self) -> &'static str {
        "postfix"
    }

    fn installed(&self) -> &'static str {
        "etc"
    }

    fn programs(&self) -> PathBuf {
        mail_server("postfix/usr").join("sbin")
    }

    /// In the queue, so that Postfix reaches them also from its chroot.
    fn sockets(&self) -> &'static str {
        "queue/batvd"
    }

    fn start(&self, server: &Server) {
        prepare(&server.path(""));
        Self::configure(server);
        launch(&server.path(""));
    }

    fn pid_files(&self) -> &'static [&'static str] {
        &["queue/pid/master.pid"]
    }

    fn logs(&self) -> &'static [&'static str] {
        &["maillog"]
    }

    fn is_holding(&self, server: &Server) -> bool {
        server.log().contains("milter-hold")
    }

    fn sendmail(&self, server: &Server) -> Option<Command> {
        let mut command = Command::new(mail_server("postfix/usr").join("sbin/sendmail"));
        command.env("MAIL_CONFIG", server.path("etc"));
        Some(command)
    }
}

impl Postfix {
    /// From now on no milter is asked.
    pub(crate) fn without_milters(server: &Server) {
        let main = fs::read_to_string(server.path("etc/main.cf")).expect("a file");
        let is_kept = |line: &&str| !line.starts_with("smtpd_milters") && !line.starts_with("non_smtpd_milters");
        let kept: String = main.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
        write(server, "etc/main.cf", &kept);
        let pid = fs::read_to_string(server.path("queue/pid/master.pid")).expect("a process");
        signal(pid.trim().parse().expect("a number"), "HUP");
        thread::sleep(Duration::from_secs(1));
    }

    fn configure(server: &Server) {
        let root = server.root();
        let user = account("postfix").0;
        let mailboxes: String = MAILBOXES
            .iter()
            .map(|name| format!("{name}@example.com {}/\n", name.trim_matches('"').replace(' ', "_")))
            .collect();
        write(server, "etc/mailboxes", &mailboxes);
        let next_hop = server.next_hop.port;
        let main = main_of(&server.path(""), "mx.example.com")
            + &format!(
                "virtual_mailbox_domains = example.com, srs.example.com\nvirtual_mailbox_base = {root}/mail\n\
                 virtual_mailbox_maps = texthash:{root}/etc/mailboxes\nvirtual_uid_maps = static:{user}\n\
                 virtual_gid_maps = static:{user}\nvirtual_minimum_uid = 1\n\
                 relay_domains = relay.example\nrelay_transport = smtp:[127.0.0.1]:{next_hop}\n\
                 default_transport = smtp:[127.0.0.1]:{next_hop}\n"
            );
        write(server, "etc/main.cf", &main);
        write(server, "etc/master.cf", "");
        let shipped = server.setup(&[]);
        let (lines, option) = shipped.split_once("\n# -- master.cf --\n").expect("two parts");
        write(server, "etc/main.cf", &format!("{main}{lines}\n{}\n", server.main_cf));
        let (mx, submission) = (server.mx, server.submission);
        let option = option.lines().find(|line| line.trim_start().starts_with("-o ")).expect("an option");
        let master = format!(
            "127.0.0.1:{mx} inet n - y - - smtpd\n  -o mynetworks=\n  \
             -o smtpd_relay_restrictions=reject_unauth_destination\n\
             127.0.0.1:{submission} inet n - y - - smtpd\n{option}\n{}",
            services()
        );
        write(server, "etc/master.cf", &master);
    }
}

/// Makes the folders of an instance.
fn prepare(folder: &Path) {
    let queue = folder.join("queue");
    let private = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved"];
    for name in private.into_iter().chain(["trace", "maildrop", "pid", "public"]) {
        fs::create_dir_all(queue.join(name)).expect("a folder");
    }
    let (user, group) = (account("postfix").0, group("postdrop"));
    for name in private.into_iter().chain(["trace"]) {
        give(&queue.join(name), user, None, 0o700);
    }
    give(&queue.join("maildrop"), user, Some(group), 0o1730);
    give(&queue.join("public"), user, Some(group), 0o2710);
    for name in ["data", "mail"] {
        fs::create_dir(folder.join(name)).expect("a folder");
        give(&folder.join(name), user, None, 0o755);
    }
    fs::create_dir(folder.join("etc")).expect("a folder");
    let shared = mail_server("postfix");
    for (from, to) in [
        (shared.join("usr/share/postfix/dynamicmaps.cf"), "dynamicmaps.cf"),
        (shared.join("etc/postfix/postfix-files"), "postfix-files"),
    ] {
        fs::copy(from, folder.join("etc").join(to)).expect("a file of Postfix");
    }
}

/// The common configuration of all instances.
fn main_of(folder: &Path, name: &str) -> String {
    let programs = mail_server("postfix/usr");
    let (shown, root) = (programs.display(), folder.display().to_string());
    let root = root.trim_end_matches('/');
    let (_, domain) = name.split_once('.').expect("a host in a domain");
    format!(
        "compatibility_level = 3.6\nqueue_directory = {root}/queue\ndata_directory = {root}/data\n\
         command_directory = {shown}/sbin\ndaemon_directory = {shown}/lib/postfix/sbin\n\
         shlib_directory = {shown}/lib/postfix\nmeta_directory = {root}/etc\nmail_owner = postfix\n\
         setgid_group = postdrop\nmaillog_file = {root}/maillog\nmaillog_file_prefixes = {root}\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = {name}\nmyorigin = {domain}\n\
         mydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\ndisable_dns_lookups = yes\n\
         smtp_host_lookup = native\nbiff = no\nnotify_classes =\ndefault_database_type = hash\n\
         default_privs = nobody\nsmtputf8_enable = yes\n\
         queue_run_delay = 2s\nminimal_backoff_time = 2s\nmaximal_backoff_time = 4s\nin_flow_delay = 0\n"
    )
}

/// Lines of master.cf: the type, the wake-up time, the limit of processes, and the program, where that has another name.
fn services() -> String {
    let services = [
        "pickup unix n - n 1 1 pickup",
        "cleanup unix n - y - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "postlog unix-dgram n - n - 1 postlogd",
        "virtual unix - n n - - virtual",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "verify unix - - n - 1 verify",
        "flush unix n - n 1000? 0 flush",
        "proxymap unix - - n - - proxymap",
        "smtp unix - - n - - smtp",
        "showq unix n - n - - showq",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "anvil unix - - n - 1 anvil",
        "scache unix - - n - 1 scache",
    ];
    services.join("\n") + "\n"
}

fn launch(folder: &Path) {
    let master = mail_server("postfix/usr").join("lib/postfix/sbin/master");
    let started = Command::new(master).arg("-c").arg(folder.join("etc")).arg("-w").status().expect("Postfix");
    let log = || fs::read_to_string(folder.join("maillog")).unwrap_or_default();
    assert!(started.success(), "{}", log());
    // Where many clients come before postlogd reads, its socket fills, and it waits for room to log something itself.
    wait_for("log of Postfix", || log().contains("daemon started").then_some(()));
}

/// Another site's instance, which takes mail for `example.net` and hands it to a port that refuses it, and all other mail
/// to another one.
pub(crate) fn launch_elsewhere(folder: &Path, port: u16, refusing: u16, route: u16) {
    prepare(folder);
    let main = main_of(folder, "mx.example.net")
        + &format!(
            "relay_domains = example.net\nrelay_transport = smtp:[127.0.0.1]:{refusing}\n\
             default_transport = smtp:[127.0.0.1]:{route}\n"
        );
    fs::write(folder.join("etc/main.cf"), main).expect("a file");
    let master = format!("127.0.0.1:{port} inet n - n - - smtpd\n{}", services());
    fs::write(folder.join("etc/master.cf"), master).expect("a file");
    launch(folder);
}

/// Postfix waits for a second or two before it reads a file that has just been written.
fn write(server: &Server, name: &str, text: &str) {
    let mut file = fs::File::create(server.path(name)).expect("a file");
    file.write_all(text.as_bytes()).expect("a file");
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).expect("a file of ours");
}

fn give(path: &Path, user: u32, group: Option<u32>, mode: u32) {
    chown(path, Some(user), group)
        .unwrap_or_else(|error| panic!("this test must run as root, as a mail server is started: {error}"));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
}

fn group(name: &str) -> u32 {
    let output = Command::new("getent").args(["group", name]).output().expect("getent");
    String::from_utf8_lossy(&output.stdout).split(':').nth(2).and_then(|id| id.parse().ok()).expect("a number")
}
