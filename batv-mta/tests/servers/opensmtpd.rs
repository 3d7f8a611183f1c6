//! OpenSMTPD, with the lines of `integrations/opensmtpd`, where its compiled-in places are folders of ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use batv_tests::host::{give, mail_server};

use crate::server::{MAILBOXES, MailServer, Server};

pub(crate) struct OpenSmtpd;

impl MailServer for OpenSmtpd {
    fn name(&self) -> &'static str {
        "opensmtpd"
    }

    fn installed(&self) -> &'static str {
        "smtpd.conf"
    }

    fn programs(&self) -> PathBuf {
        mail_server("opensmtpd").join("usr/sbin")
    }

    fn start(&self, server: &Server) {
        for name in ["spool", "run", "mail"] {
            fs::create_dir(server.path(name)).expect("a folder");
        }
        fs::set_permissions(server.path("spool"), fs::Permissions::from_mode(0o711)).expect("a folder of ours");
        // The filter runs as this user.
        fs::copy(server.path("keyring.toml"), server.path("keyring.filter")).expect("a file");
        for name in ["mail", "keyring.filter"] {
            give(&server.path(name), "opensmtpd");
        }
        fs::copy(env!("CARGO_BIN_EXE_batvd"), server.path("batvd")).expect("the daemon");
        fs::write(server.path("smtpd.conf"), configuration(server)).expect("a file");
        launch(server);
    }

    fn filter(&self, server: &Server) -> Option<u32> {
        let program = format!("{}/batvd\0", server.root());
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        let ours = |process: &fs::DirEntry| {
            fs::read(process.path().join("cmdline")).is_ok_and(|line| line.starts_with(program.as_bytes()))
        };
        processes.filter(ours).find_map(|process| process.file_name().to_str()?.parse().ok())
    }

    /// In folders by the first digits of their numbers.
    fn has_queued(&self, server: &Server) -> bool {
        let folders = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        folders(server.path("spool/queue")).flat_map(folders).next().is_some()
    }

    fn start_again(&self, server: &Server) {
        launch(server);
    }

    fn retry(&self, server: &Server) {
        let control = mail_server("opensmtpd").join("usr/sbin/smtpctl");
        let status = inside(server).arg(control).args(["schedule", "all"]).status();
        assert!(status.is_ok_and(|status| status.success()), "{}", server.log());
    }

    fn pid_files(&self) -> &'static [&'static str] {
        &["pid"]
    }

    fn logs(&self) -> &'static [&'static str] {
        &["maillog"]
    }

    fn is_holding(&self, _server: &Server) -> bool {
        false
    }

    fn sendmail(&self, server: &Server) -> Option<Command> {
        let mut command = inside(server);
        command.arg(mail_server("opensmtpd").join("usr/sbin/sendmail"));
        Some(command)
    }
}

fn launch(server: &Server) {
    let programs = mail_server("opensmtpd");
    let (shown, root) = (programs.display(), server.root());
    let script = format!(
        "mount --make-rprivate / && mount --bind {root}/keyring.filter {root}/keyring.toml && \
         mount --bind {shown}/usr/libexec/opensmtpd /usr/libexec/opensmtpd && \
         mount --bind {shown}/var/lib/opensmtpd /var/lib/opensmtpd && \
         mount --bind {root}/spool /var/spool/smtpd && mount --bind {root}/run /run && \
         hostname mx.example.com && echo $$ > {root}/pid && exec {shown}/usr/sbin/smtpd -d -f {root}/smtpd.conf"
    );
    let log = fs::File::options().create(true).append(true).open(server.path("maillog")).expect("a file");
    let mut command = Command::new("setsid");
    command
        .args(["--fork", "unshare", "-m", "-u", "sh", "-c", &script])
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a file"));
    assert!(command.stdout(log).status().is_ok_and(|status| status.success()), "no namespace");
}

/// A command that runs a program in the server's root.
fn inside(server: &Server) -> Command {
    let pid = fs::read_to_string(server.path("pid")).expect("a process");
    let mut command = Command::new("nsenter");
    command.args(["-m", "-t", pid.trim()]);
    command
}

fn configuration(server: &Server) -> String {
    let root = server.root();
    let shipped = server
        .setup(&[])
        .replace(env!("CARGO_BIN_EXE_batvd"), &format!("{root}/batvd"))
        .replace("0.0.0.0 port 25", &format!("127.0.0.1 port {} tag MX", server.mx))
        .replace(" tls-require auth", "")
        .replace(" tls-require auth", "")
        .replace("0.0.0.0 port 587", &format!("127.0.0.1 port {} tag ORIGINATING", server.submission));
    let mailboxes: Vec<_> =
        MAILBOXES.iter().map(|name| format!("\"{}@example.com\" = \"opensmtpd\"", name.trim_matches('"'))).collect();
    format!(
        "table mailboxes {{ {} }}\n{shipped}\
         action \"local\" maildir \"{root}/mail/%{{rcpt.user:lowercase}}\" virtual <mailboxes>\n\
         action \"out\" relay host smtp://127.0.0.1:{} helo mx.example.com\n\
         match from any for domain {{ \"example.com\", \"srs.example.com\" }} action \"local\"\n\
         match from any for domain \"relay.example\" action \"out\"\n\
         match tag ORIGINATING from any for any action \"out\"\nmatch from socket for any action \"out\"\n",
        mailboxes.join(", "),
        server.next_hop.port
    )
}
