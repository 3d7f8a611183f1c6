//! `batvd setup`: its faults for configurations that lack lines or do harm. That its lines are enough is shown with
//! the servers themselves: each of them starts with these lines and passes the check.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Daemon;
use batv_tests::host::mail_server;

/// Server, its files, and the words that name each fault, in order.
struct Case {
    server: &'static str,
    files: &'static [(&'static str, &'static str)],
    at: &'static str,
    configuration: &'static str,
    faults: &'static [&'static str],
}

/// Without it Postfix takes those of the host.
const NETWORKS: &str =
    "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128 10.0.0.0/8 192.0.2.1 hash:/etc/networks\n";

/// Postfix with a milter, which finds the mailbox of a tag by the delimiter alone.
const WITHOUT_TABLE_OF_TAGS: &[(&str, &str)] = &[
    (
        "etc/main.cf",
        "mynetworks = 127.0.0.0/8\nsmtpd_milters = unix:ROOT/milter.sock\nnon_smtpd_milters = $smtpd_milters\n\
                 milter_default_action = tempfail\nrecipient_delimiter = +\nrecipient_canonical_classes = envelope_recipient\n\
                 recipient_canonical_maps = socketmap:unix:ROOT/socketmap.sock:srs-reverse\n",
    ),
    ("etc/master.cf", "submission inet n - n - - smtpd\n  -o milter_macro_daemon_name=ORIGINATING\n"),
];

const CASES: &[Case] = &[
    Case {
        server: "postfix",
        files: &[("etc/main.cf", NETWORKS), ("etc/master.cf", "smtp inet n - y - - smtpd\n")],
        at: "etc",
        configuration: "",
        faults: &[
            "missing: mail received by SMTP is not tagged and not judged: `smtpd_milters = unix:",
            "missing: mail of sendmail(1) is not tagged: `non_smtpd_milters = unix:",
            "missing: genuine bounces are refused as mail to unknown users: `recipient_canonical_maps = ",
            "missing: bounces of forwarded mail are refused: `recipient_canonical_maps = …, socketmap:unix:",
            "missing: mail from 10.0.0.0/8 (mynetworks) is not tagged",
            "missing: mail from 192.0.2.1/32 (mynetworks) is not tagged",
            "missing: submitted mail is recognised only by authentication and network",
            "dangerous: smtp/inet runs in the chroot /var/spool/postfix and can't reach unix:",
            "dangerous: smtp/inet runs in the chroot /var/spool/postfix and can't reach unix:",
        ],
    },
    Case {
        server: "postfix",
        files: &[
            (
                "etc/main.cf",
                "mynetworks = 127.0.0.0/8\ncontent_filter = smtp:[127.0.0.1]:10024\nsmtpd_milters = { unix:ROOT/milter.sock, connect_timeout=10s }\nnon_smtpd_milters = $smtpd_milters\n\
                 milter_default_action = accept\nmilter_protocol = 2\nrecipient_delimiter = +=\n\
                 recipient_canonical_maps = socketmap:unix:ROOT/socketmap.sock:verify,\n    \
                 socketmap:unix:ROOT/socketmap.sock:srs-reverse\n",
            ),
            (
                "etc/master.cf",
                "smtp inet n - n - - smtpd\n  -o smtpd_milters=\n\
                 submission inet n - n - - smtpd\n  -o milter_macro_daemon_name=ORIGINATING\n\
                 10025 inet n - n - - smtpd\n  -o receive_override_options=no_milters,no_address_mappings\n\
                 127.0.0.1:10026 inet n - n - - smtpd\n  -o receive_override_options=no_milters\n\
                 127.0.0.1:10027 inet n - n - - smtpd -o content_filter= -o mynetworks=127.0.0.0/8\n\
                 127.0.0.1:2525 inet n - n - - smtpd -o milter_macro_daemon_name=ORIGINATING\n",
            ),
        ],
        at: "etc",
        configuration: "",
        faults: &[
            "dangerous: `milter_default_action = accept`: while the daemon is down, mail leaves untagged",
            "dangerous: `milter_protocol = 2` can't change senders",
            "dangerous: `recipient_canonical_classes` changes header fields",
            "dangerous: `recipient_delimiter = +=` splits a tag at its `=`",
            "dangerous: the service smtp/inet in master.cf has `smtpd_milters = `",
            "dangerous: the service 10025/inet in master.cf has `no_milters`",
            "dangerous: the service 127.0.0.1:10027/inet in master.cf: if mail comes back there",
        ],
    },
    // The delimiter finds the mailbox of a tag behind it: no table is needed for that.
    Case {
        server: "postfix",
        files: WITHOUT_TABLE_OF_TAGS,
        at: "etc",
        configuration: "[sign]\nform = 'sub-address'\n",
        faults: &[],
    },
    // Another one doesn't.
    Case {
        server: "postfix",
        files: WITHOUT_TABLE_OF_TAGS,
        at: "etc",
        configuration: "[sign]\nform = 'sub-address'\ndelimiter = '-'\n",
        faults: &["missing: genuine bounces are refused as mail to unknown users: `recipient_canonical_maps = "],
    },
    Case {
        server: "sendmail",
        files: &[("sendmail.cf", "DZ8.17.1.9/Debian\nO DaemonPortOptions=Name=MTA, Port=25\n")],
        at: "sendmail.cf",
        configuration: "",
        faults: &[
            "missing: outgoing mail is not tagged and bounces are not judged: INPUT_MAIL_FILTER(`batv', `S=unix:",
            "missing: Sendmail's own bounces find no mailbox: `Kverify socket -f -q unix:",
            "missing: Sendmail's own bounces find no mailbox: the rule of `verify`",
            "missing: Sendmail's own bounces of forwarded mail find no mailbox: `Ksrs_reverse",
            "missing: Sendmail's own bounces of forwarded mail find no mailbox: the rule of `srs_reverse`",
            "missing: submitted mail is recognised only by authentication and network",
            "missing: forwarded mail is not recognised: `{rcpt_mailer}`",
        ],
    },
    Case {
        server: "sendmail",
        files: &[(
            "sendmail.cf",
            "Xbatv, S=unix:ROOT/milter.sock, T=C:1m\nO InputMailFilters=other\nO DaemonPortOptions=Name=ORIGINATING\n\
             O Milter.macros.envrcpt={rcpt_mailer}\n\
             Kverify socket -f -q unix:ROOT/socketmap.sock\nR$+\t$: $(verify $1 $: $1 $)\n\
             Ksrs_reverse socket -f -q unix:ROOT/socketmap.sock\nR$+\t$: $(srs_reverse $1 $: $1 $)\n",
        )],
        at: "sendmail.cf",
        configuration: "",
        faults: &["missing: the filter `batv` is not in InputMailFilters", "dangerous: the filter `batv` has no `F=T`"],
    },
    Case {
        server: "exim",
        files: &[("exim.conf", "BATV_ASK = ROOT/line.sock\n")],
        at: "exim.conf",
        configuration: "",
        faults: &[
            "lines of the part `macros: at the top`, first: BATV_RECIPIENT = ",
            "lines of the part `acl_smtp_mail: nothing is known of recipients yet`",
            "lines of the part `acl_smtp_rcpt: after relaying is dealt with, before recipients are verified`",
            "lines of the part `acl_smtp_rcpt: after `require verify = recipient``",
            "lines of the part `acl_smtp_data: first`",
            "lines of the part `routers: first, before those that deliver elsewhere`",
            "lines of the part `routers: the transport of outgoing mail`",
            "lines of the part `transports: beside the one of outgoing mail, with its options and`",
        ],
    },
    Case {
        server: "opensmtpd",
        files: &[("smtpd.conf", "listen on 0.0.0.0 port 25\n")],
        at: "smtpd.conf",
        configuration: "",
        faults: &["missing: outgoing mail is not tagged and bounces are not judged: `filter \"batv\" proc-exec"],
    },
    Case {
        server: "opensmtpd",
        files: &[(
            "smtpd.conf",
            "filter \"batv\" proc-exec \"/usr/bin/batvd --config ROOT/batvd.toml filter\"\n\
             listen on 0.0.0.0 port 25 filter \"batv\"\nlisten on 0.0.0.0 port 587\n",
        )],
        at: "smtpd.conf",
        configuration: "",
        faults: &[
            "missing: mail of sendmail(1) is not tagged: `listen on socket filter \"batv\"`",
            "missing: submitted mail is recognised only by authentication and network",
            "dangerous: `listen on 0.0.0.0 port 587` neither tags nor judges",
        ],
    },
    Case {
        server: "haraka",
        files: &[("haraka/config/plugins", "queue/smtp_forward\nbatv\n"), ("haraka/plugins/batv.js", "// changed")],
        at: "haraka",
        configuration: "[verify]\nmode = 'quarantine'\n",
        faults: &[
            "missing: mail to quarantine is delivered: `queue/quarantine` in config/plugins",
            "missing: the plugin can't reach the daemon: `socket=",
            "dangerous: `batv` comes after `queue/smtp_forward` in config/plugins",
            "dangerous: plugins/batv.js does not match this version of batvd",
        ],
    },
];

#[test]
fn names_missing_and_dangerous_lines() {
    for case in CASES {
        let daemon = Daemon::started(case.configuration);
        for (name, text) in case.files {
            fs::create_dir_all(daemon.path(name).parent().expect("a folder")).expect("a folder");
            daemon.write(name, &text.replace("ROOT", &daemon.root()), 0o644);
        }
        let (said, code) = setup(&daemon, &[case.server, "--check", "--at", &daemon.path(case.at).to_string_lossy()]);
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said.len(), case.faults.len(), "{}: {said:#?}", case.server);
        for (line, fault) in said.iter().zip(case.faults) {
            assert!(line.contains(fault), "{}: {line}\ndoes not contain\n{fault}", case.server);
        }
        assert_eq!(code, i32::from(!case.faults.is_empty()));
    }
}

/// A second line of a name would take the place of the first.
#[test]
fn other_milters_and_tables_of_postfix_go_on() {
    let daemon = Daemon::new("");
    fs::create_dir(daemon.path("etc")).expect("a folder");
    let main = "smtpd_milters = inet:localhost:8891\nnon_smtpd_milters = $smtpd_milters\n\
                recipient_canonical_maps = hash:/etc/postfix/canonical\n";
    daemon.write("etc/main.cf", main, 0o644);
    daemon.write("etc/master.cf", "", 0o644);
    let (said, code) = setup(&daemon, &["postfix", "--at", &daemon.path("etc").to_string_lossy()]);
    assert_eq!(code, 0);
    let root = daemon.root();
    for line in [
        &format!("smtpd_milters = inet:localhost:8891, unix:{root}/milter.sock"),
        "non_smtpd_milters = $smtpd_milters",
        &format!(
            "recipient_canonical_maps = hash:/etc/postfix/canonical, socketmap:unix:{root}/socketmap.sock:verify, \
             socketmap:unix:{root}/socketmap.sock:srs-reverse"
        ),
    ] {
        assert!(said.lines().any(|known| known == line), "no {line} in\n{said}");
    }
    daemon.write("etc/main.cf", "non_smtpd_milters = inet:localhost:8891\n", 0o644);
    let (other, _) = setup(&daemon, &["postfix", "--at", &daemon.path("etc").to_string_lossy()]);
    let line = format!("non_smtpd_milters = inet:localhost:8891, unix:{root}/milter.sock");
    assert!(other.lines().any(|known| known == line), "no {line} in\n{other}");
    // The same again when it is installed.
    let is_line = |line: &&str| line.contains(" = ") && !line.starts_with('#');
    let lines: Vec<&str> = said.lines().filter(is_line).collect();
    daemon.write("etc/main.cf", &(lines.join("\n") + "\n"), 0o644);
    let (again, _) = setup(&daemon, &["postfix", "--at", &daemon.path("etc").to_string_lossy()]);
    assert_eq!(again.lines().filter(is_line).collect::<Vec<_>>(), lines);
}

#[test]
fn postfix_is_told_the_delimiter_of_tags() {
    let daemon = Daemon::new("[sign]\nform = 'sub-address'\ndelimiter = '-'\n");
    fs::create_dir(daemon.path("etc")).expect("a folder");
    daemon.write("etc/main.cf", "", 0o644);
    daemon.write("etc/master.cf", "", 0o644);
    let (said, _) = setup(&daemon, &["postfix", "--at", &daemon.path("etc").to_string_lossy()]);
    assert!(said.lines().any(|line| line == "recipient_delimiter = -"), "{said}");
}

#[test]
fn a_daemon_that_does_not_run_is_named() {
    let daemon = Daemon::new("");
    daemon.write("exim.conf", "", 0o644);
    let (said, code) = setup(&daemon, &["exim", "--check", "--at", &daemon.path("exim.conf").to_string_lossy()]);
    assert!(said.contains("no answer at unix:") && said.contains("start batvd"), "{said}");
    assert_eq!(code, 1);
}

/// Root reaches any socket; the mail server is another user.
#[test]
fn a_socket_that_the_mail_server_may_not_use_is_named() {
    let daemon = Daemon::started("");
    daemon.write("main.cf", "", 0o644);
    daemon.write("master.cf", "", 0o644);
    let check = || {
        let path = format!("{}:/usr/bin:/bin", mail_server("postfix").join("usr/sbin").display());
        let arguments = ["setup", "postfix", "--check", "--at"];
        let output = daemon.command().env("PATH", path).args(arguments).arg(daemon.root()).output().expect("batvd");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let named = "missing: write permission of user postfix on unix:";
    let said = check();
    assert!(!said.contains(named), "{said}");
    fs::set_permissions(daemon.path("milter.sock"), fs::Permissions::from_mode(0o660)).expect("a socket of ours");
    let said = check();
    let socket = format!("{named}{}/milter.sock, without which mail waits", daemon.root());
    assert!(said.contains(&socket), "this test must run as root: {said}");
    assert_eq!(said.matches(named).count(), 1, "{said}");
}

#[test]
fn an_unreadable_configuration_is_an_error() {
    let daemon = Daemon::new("");
    let (said, code) = setup(&daemon, &["exim", "--check", "--at", "/nonexistent/exim.conf"]);
    assert!(said.starts_with("batvd: /nonexistent/exim.conf: "), "{said}");
    assert_eq!(code, 2);
    daemon.write("batvd.toml", "", 0o644);
    let (said, code) = setup(&daemon, &["exim"]);
    assert_eq!(said, "batvd: the daemon has no listener for this server: add `line = [\"unix:…\"]` under [listen]\n");
    assert_eq!(code, 2);
}

/// With Postfix's programs in the path; both outputs, and the exit code.
fn setup(daemon: &Daemon, arguments: &[&str]) -> (String, i32) {
    let output = daemon
        .command()
        .env("PATH", mail_server("postfix").join("usr/sbin"))
        .arg("setup")
        .args(arguments)
        .output()
        .expect("batvd");
    let said = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
    (said, output.status.code().expect("an exit code"))
}
