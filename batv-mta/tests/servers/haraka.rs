//! Haraka, with the plugin of `integrations/haraka` beside the plugin of a site.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use batv_tests::host::mail_server;

use crate::server::{MAILBOXES, MailServer, Server};

pub(crate) struct Haraka;

impl MailServer for Haraka {
    fn name(&self) -> &'static str {
        "haraka"
    }

    fn installed(&self) -> &'static str {
        ""
    }

    fn programs(&self) -> PathBuf {
        mail_server("haraka").join("node_modules/.bin")
    }

    fn start(&self, server: &Server) {
        let haraka = mail_server("haraka").join("node_modules/Haraka");
        for name in ["config", "plugins", "queue", "mail", "held"] {
            fs::create_dir(server.path(name)).expect("a folder");
        }
        for name in ["connection.ini", "outbound.bounce_message"] {
            fs::copy(haraka.join("config").join(name), server.path("config").join(name)).expect("a file of Haraka");
        }
        let (mx, submission, next_hop) = (server.mx, server.submission, server.next_hop.port);
        let root = server.root();
        let shipped = server.setup(&[]);
        let parts = shipped.split("; -- ").skip(1).map(|part| part.split_once(" --\n").expect("a name"));
        for (name, text) in parts {
            let text = if name.starts_with("config/plugins") {
                format!("{text}queue/quarantine\nsite\n")
            } else {
                text.to_owned()
            };
            let name = name.split(':').next().expect("a name");
            fs::write(server.path(name), text).expect("a file");
        }
        for (name, text) in [
            ("plugins/site.js", include_str!("haraka.js").to_owned()),
            ("config/site.ini", format!("mail={root}/mail\nmx={mx}\nsubmission={submission}\nnext_hop={next_hop}\n")),
            ("config/quarantine.ini", format!("quarantine_path={root}/held\n")),
            ("config/host_list", "example.com\nsrs.example.com\n".to_owned()),
            ("config/mailboxes", MAILBOXES.join("\n")),
            ("config/me", "mx.example.com\n".to_owned()),
            ("config/log.ini", "level=notice\n".to_owned()),
            ("config/smtp.ini", format!("listen=127.0.0.1:{mx},127.0.0.1:{submission}\nnodes=0\n")),
            ("config/outbound.ini", "enable_tls=false\nlocal_mx_ok=true\ntemp_fail_intervals=5s\n".to_owned()),
        ] {
            fs::write(server.path(name), text).expect("a file");
        }
        let log = fs::File::create(server.path("haraka.log")).expect("a file");
        let node = mail_server("haraka").join("node/bin/node");
        let script = format!("echo $$ > {root}/haraka.pid; exec {} \"$@\"", node.display());
        let mut command = Command::new("setsid");
        command.args(["--fork", "sh", "-c", &script, "sh"]).arg(haraka.join("bin/haraka")).arg("-c").arg(&root);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        assert!(command.status().is_ok_and(|status| status.success()), "no Haraka");
    }

    fn pid_files(&self) -> &'static [&'static str] {
        &["haraka.pid"]
    }

    fn logs(&self) -> &'static [&'static str] {
        &["haraka.log"]
    }

    fn is_holding(&self, server: &Server) -> bool {
        fs::read_dir(server.path("held/batv")).is_ok_and(|mut days| days.next().is_some())
    }

    fn sendmail(&self, _server: &Server) -> Option<Command> {
        None
    }
}
