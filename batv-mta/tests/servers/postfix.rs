//! Postfix, with the lines of `integrations/postfix`, in a folder of its own.

use core::net::Ipv4Addr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use batv_tests::smtp::{Client, Envelope, NextHop};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::wait_for;

/// The mailboxes that exist.
const MAILBOXES: [&str; 4] = ["alice", "bob", "\"a b\"", "postmaster"];

pub(crate) struct Postfix {
    pub(crate) daemon: Daemon,
    next_hop: NextHop,
    mx: u16,
    submission: u16,
    programs: PathBuf,
    folder: TempDir,
}

impl Postfix {
    /// Starts it with a daemon of this configuration.
    pub(crate) fn start(configuration: &str, keyring: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("batv-postfix").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
        let servers = std::env::var_os("BATV_MAIL_SERVERS");
        let servers = servers.map_or_else(|| "/var/cache/batv-mail-servers".into(), PathBuf::from);
        let programs = servers.join("postfix/usr");
        assert!(programs.is_dir(), "{}: scripts/install-mail-servers", programs.display());
        let mut daemon = Daemon::new(folder.path(), configuration, keyring);
        daemon.start();
        let [mx, submission] = free_ports();
        let server = Self { daemon, next_hop: NextHop::start(), mx, submission, programs, folder };
        server.prepare();
        server.configure();
        let master = server.programs.join("lib/postfix/sbin/master");
        let started = Command::new(master).arg("-c").arg(server.path("etc")).arg("-w").status().expect("Postfix");
        assert!(started.success(), "{}", server.log());
        wait_for("listening Postfix", || TcpStream::connect((Ipv4Addr::LOCALHOST, mx)).ok());
        server
    }

    pub(crate) fn connect_mx(&self) -> Client {
        Client::connect(self.mx)
    }

    pub(crate) fn connect_submission(&self) -> Client {
        Client::connect(self.submission)
    }

    /// What has reached the next hop.
    pub(crate) fn delivered(&self) -> Vec<Envelope> {
        self.next_hop.taken()
    }

    /// The messages in a mailbox.
    pub(crate) fn mailbox(&self, name: &str) -> Vec<String> {
        let files = fs::read_dir(self.path("mail").join(name).join("new")).into_iter().flatten().flatten();
        files.map(|file| fs::read_to_string(file.path()).expect("a message")).collect()
    }

    /// Hands a message over on the command line.
    pub(crate) fn sendmail(&self, sender: &str, recipient: &str) {
        let mut command = Command::new(self.programs.join("sbin/sendmail"));
        command.env("MAIL_CONFIG", self.path("etc")).args(["-f", sender, recipient]);
        let message = self.path("message");
        fs::write(&message, "Subject: test\n\nText.\n").expect("a file");
        command.stdin(fs::File::open(message).expect("a file"));
        assert!(command.status().is_ok_and(|status| status.success()), "{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("maillog")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn prepare(&self) {
        let queue = self.path("queue");
        let private =
            ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved"];
        for name in private.into_iter().chain(["trace", "maildrop", "pid", "public"]) {
            fs::create_dir_all(queue.join(name)).expect("a folder");
        }
        let (user, group) = (id(&["-u", "postfix"]), group("postdrop"));
        for name in private.into_iter().chain(["trace"]) {
            give(&queue.join(name), user, None, 0o700);
        }
        give(&queue.join("maildrop"), user, Some(group), 0o1730);
        give(&queue.join("public"), user, Some(group), 0o2710);
        for name in ["data", "mail"] {
            fs::create_dir(self.path(name)).expect("a folder");
            give(&self.path(name), user, None, 0o755);
        }
        fs::create_dir(self.path("etc")).expect("a folder");
    }

    fn configure(&self) {
        let root = self.folder.path().display();
        let programs = self.programs.display();
        let user = id(&["-u", "postfix"]);
        let mailboxes: String = MAILBOXES
            .iter()
            .map(|name| format!("{name}@example.com {}/\n", name.trim_matches('"').replace(' ', "_")))
            .collect();
        fs::write(self.path("etc/mailboxes"), mailboxes).expect("a file");
        let shipped = integration("main.cf").replace("/run/batvd", &root.to_string());
        let next_hop = self.next_hop.port;
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {root}/queue\ndata_directory = {root}/data\n\
             command_directory = {programs}/sbin\ndaemon_directory = {programs}/lib/postfix/sbin\n\
             shlib_directory = {programs}/lib/postfix\nmeta_directory = {root}/etc\nmail_owner = postfix\n\
             setgid_group = postdrop\nmaillog_file = {root}/maillog\nmaillog_file_prefixes = {root}\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mx.example.com\nmyorigin = example.com\n\
             mydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\ndisable_dns_lookups = yes\n\
             smtp_host_lookup = native\nbiff = no\ndefault_database_type = hash\n\
             virtual_mailbox_domains = example.com, srs.example.com\nvirtual_mailbox_base = {root}/mail\n\
             virtual_mailbox_maps = texthash:{root}/etc/mailboxes\nvirtual_uid_maps = static:{user}\n\
             virtual_gid_maps = static:{user}\nvirtual_minimum_uid = 1\n\
             default_transport = smtp:[127.0.0.1]:{next_hop}\ndefault_privs = nobody\nsmtputf8_enable = yes\n\
             queue_run_delay = 2s\nminimal_backoff_time = 2s\nmaximal_backoff_time = 4s\nin_flow_delay = 0\n{shipped}"
        );
        fs::write(self.path("etc/main.cf"), main).expect("a file");
        let (mx, submission) = (self.mx, self.submission);
        let option = integration("master.cf");
        let option = option.lines().find(|line| line.trim_start().starts_with("-o ")).expect("an option");
        let mut master = format!(
            "127.0.0.1:{mx} inet n - n - - smtpd\n  -o mynetworks=\n  \
             -o smtpd_relay_restrictions=reject_unauth_destination\n\
             127.0.0.1:{submission} inet n - n - - smtpd\n{option}\n"
        );
        // The type, the wake-up time, the limit of processes, and the program, where that has another name.
        for service in [
            "pickup unix n - n 1 1 pickup",
            "cleanup unix n - n - 0 cleanup",
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
        ] {
            master.push_str(service);
            master.push('\n');
        }
        fs::write(self.path("etc/master.cf"), master).expect("a file");
        let shared = self.programs.parent().expect("a parent");
        for (from, to) in [
            (shared.join("usr/share/postfix/dynamicmaps.cf"), "dynamicmaps.cf"),
            (shared.join("etc/postfix/postfix-files"), "postfix-files"),
        ] {
            fs::copy(from, self.path("etc").join(to)).expect("a file of Postfix");
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        if let Ok(pid) = fs::read_to_string(self.path("queue/pid/master.pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

fn integration(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/postfix");
    fs::read_to_string(folder.join(name)).expect("a file of the integration")
}

fn give(path: &Path, user: u32, group: Option<u32>, mode: u32) {
    chown(path, Some(user), group)
        .unwrap_or_else(|error| panic!("this test must run as root, as a mail server is started: {error}"));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder of ours");
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

fn group(name: &str) -> u32 {
    let output = Command::new("getent").args(["group", name]).output().expect("getent");
    String::from_utf8_lossy(&output.stdout).split(':').nth(2).and_then(|id| id.parse().ok()).expect("a number")
}

fn free_ports() -> [u16; 2] {
    [(); 2]
        .map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"))
        .map(|listener| listener.local_addr().expect("an address").port())
}
