//! Sendmail, with the lines of `integrations/sendmail` in the configuration of `sendmail.mc`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use batv_tests::host::{give, mail_server};

use crate::server::{MailServer, Server};

/// Delivers to a folder for each mailbox; a space in its name gets another character. The null
/// reverse-path has a name for a local mailer.
const DELIVER: &str = r#"#!/bin/sh
sender=$(printf %s "$2" | sed 's/^MAILER-DAEMON$//')
folder=$1/$(printf %s "$3" | tr ' ' _)/new
mkdir -p "$folder" && file=$(mktemp "$folder/../XXXXXX") &&
{ printf 'Return-Path: <%s>\n' "$sender"; cat; } > "$file" && chmod 644 "$file" && mv "$file" "$folder"
"#;

pub(crate) struct Sendmail;

impl MailServer for Sendmail {
    fn name(&self) -> &'static str {
        "sendmail"
    }

    fn installed(&self) -> &'static str {
        "server.cf"
    }

    fn programs(&self) -> PathBuf {
        mail_server("sendmail/usr").join("libexec/sendmail")
    }

    fn start(&self, server: &Server) {
        for (name, account) in [("queue", "root"), ("client-queue", "smmsp"), ("mail", "smmsp")] {
            fs::create_dir(server.path(name)).expect("a folder");
            give(&server.path(name), account);
            fs::set_permissions(server.path(name), fs::Permissions::from_mode(0o700)).expect("a folder of ours");
        }
        fs::write(server.path("deliver"), DELIVER).expect("a file");
        fs::set_permissions(server.path("deliver"), fs::Permissions::from_mode(0o755)).expect("a file of ours");
        let shipped = server.setup(&[]);
        let shipped = shipped.split_once("divert(0)dnl\n").expect("an explanation").1;
        let text = include_str!("sendmail.mc").replace("SHIPPED\n", shipped);
        let ports = [server.mx, server.submission, server.next_hop.port];
        compile(&server.path(""), ports, "server.cf", &text);
        compile(&server.path(""), ports, "client.cf", CLIENT);
        for arguments in [["-bd", "-q1s"].as_slice(), &["-q1s"]] {
            let configuration = if arguments.len() == 2 { "server.cf" } else { "client.cf" };
            let said = fs::File::create(server.path("said")).expect("a file");
            let started = command(&server.path(configuration)).args(arguments).stdout(said).status().expect("Sendmail");
            let said = || fs::read_to_string(server.path("said")).unwrap_or_default();
            assert!(started.success(), "Sendmail does not start: {started}: {}", said());
        }
    }

    fn pid_files(&self) -> &'static [&'static str] {
        &["sendmail.pid", "client-queue/client.pid"]
    }

    fn logs(&self) -> &'static [&'static str] {
        &["traffic"]
    }

    fn is_holding(&self, server: &Server) -> bool {
        let files = fs::read_dir(server.path("queue")).into_iter().flatten().flatten();
        files.map(|file| file.file_name()).any(|name| name.as_encoded_bytes().starts_with(b"hf"))
    }

    fn sendmail(&self, server: &Server) -> Option<Command> {
        Some(command(&server.path("client.cf")))
    }
}

/// Another site's, which takes mail for `example.net` and then knows no mailbox there, and hands all other mail to a port.
pub(crate) fn launch_elsewhere(folder: &Path, [port, other]: [u16; 2], route: u16) {
    fs::create_dir(folder.join("queue")).expect("a folder");
    fs::set_permissions(folder.join("queue"), fs::Permissions::from_mode(0o700)).expect("a folder of ours");
    // EX_NOUSER
    fs::write(folder.join("deliver"), "#!/bin/sh\nexit 67\n").expect("a file");
    fs::set_permissions(folder.join("deliver"), fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let text = include_str!("sendmail.mc").replace("SHIPPED\n", "").replace("example.com", "example.net");
    compile(folder, [port, other, route], "server.cf", &text);
    let started = command(&folder.join("server.cf")).args(["-bd", "-q1s"]).status().expect("Sendmail");
    assert!(started.success(), "Sendmail does not start: {started}");
}

/// The program that hands messages of the command line to the server, and keeps them while it can't.
const CLIENT: &str = "divert(-1)
include(`CF/m4/cf.m4')
divert(0)dnl
VERSIONID(`batv')
define(`confEBINDIR', `PROGRAMS')dnl
define(`confCF_VERSION', `client')dnl
define(`__OSTYPE__', `')dnl
define(`_USE_DECNET_SYNTAX_', `1')dnl
define(`confTIME_ZONE', `USE_TZ')dnl
define(`confDONT_INIT_GROUPS', `True')dnl
define(`confDOMAIN_NAME', `mx.example.com')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confSERVICE_SWITCH_FILE', `ROOT/service.switch')dnl
define(`confPID_FILE', `ROOT/client-queue/client.pid')dnl
define(`MSP_QUEUE_DIR', `ROOT/client-queue')dnl
define(`STATUS_FILE', `')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confRUN_AS_USER', `smmsp')dnl
define(`confTRUSTED_USER', `smmsp')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe')dnl
define(`RELAY_MAILER_ARGS', `TCP $h PORT_SUBMISSION')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h PORT_SUBMISSION')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
";

/// Sendmail waits for a minute where the host's name has no dot: it gets one of its own.
fn command(configuration: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-u", "sh", "-c", "hostname mx.example.com; exec \"$@\"", "sh"]);
    command.arg(mail_server("sendmail/usr").join("libexec/sendmail/sendmail")).arg("-C").arg(configuration);
    command.stdout(Stdio::null());
    command
}

fn compile(root: &Path, [mx, submission, next_hop]: [u16; 3], name: &str, text: &str) {
    fs::write(root.join("service.switch"), "aliases files\nhosts files\npasswd files\n").expect("a file");
    let folder = mail_server("sendmail/usr").join("share/sendmail/cf");
    let text = text
        .replace("CF/m4", &format!("{}/m4", folder.display()))
        .replace("PROGRAMS", &mail_server("sendmail/usr").join("libexec/sendmail").display().to_string())
        .replace("ROOT", root.display().to_string().trim_end_matches('/'))
        .replace("NEXT_HOP", &next_hop.to_string())
        .replace("PORT_MX", &mx.to_string())
        .replace("PORT_SUBMISSION", &submission.to_string());
    let file = fs::File::create(root.join(name)).expect("a file");
    let mut compiler = Command::new("m4")
        .current_dir(folder.join("cf"))
        .stdin(Stdio::piped())
        .stdout(file)
        .spawn()
        .expect("m4: scripts/in-debian");
    compiler.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a pipe");
    assert!(compiler.wait().is_ok_and(|status| status.success()), "m4 fails");
}
