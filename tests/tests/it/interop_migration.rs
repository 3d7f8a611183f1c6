//! Configurations of other programs, taken over: what they made before verifies here afterwards, and the reverse. Exim and
//! PostSRSd read their own files here, and tell what is in force.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use batv_config::import::{self, File, Host, Migration, Program};
use batv_config::{Keyring, Permissions, date};
use batv_core::srs::{HASH_MINIMUM, Separator, Srs};
use batv_core::tag::{self, Delimiter, Form};
use batv_core::{Day, Domain, Mailbox, TagVerdict};
use batv_tests::host::peers;
use batv_tests::peer::{Peer, Request};

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a private file");
}

fn migrate(program: Program, root: &Path, files: &[PathBuf]) -> Migration {
    let texts: Vec<_> = files.iter().map(|path| (path, fs::read(path).expect("a file"))).collect();
    let files: Vec<_> = texts.iter().map(|(name, text)| File { name, text }).collect();
    import::read(program, &files, &Host::new(Some(root), Permissions::Private)).expect("a configuration")
}

fn keyring(migration: &Migration, today: Day) -> Keyring {
    let mut keyring = Keyring::default();
    for imported in migration.keys() {
        keyring.add(imported.key(), imported.expose_secret(), today).expect("a key");
    }
    keyring
}

fn left(migration: &Migration) -> Vec<String> {
    migration.left().collect()
}

/// Exim itself puts macros and included files into an option, and expands it.
struct Exim<'a>(&'a Path);

impl Exim<'_> {
    fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new(peers().join("usr/sbin/exim4"))
            .arg("-C")
            .arg(self.0)
            .args(arguments)
            .output()
            .expect("Exim, as scripts/in-debian has it");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// An option, with an address in the place of a variable, expanded.
    fn expand(&self, option: &[&str], name: &str, variable: &str, address: &str) -> String {
        let shown = self.ask(&[&["-bP"], option].concat());
        let begin = format!("{name} = ");
        let value = shown.lines().find_map(|line| line.strip_prefix(&begin)).expect("the option");
        self.ask(&["-be", &value.replace(variable, address)]).trim_end().to_owned()
    }
}

#[test]
fn tags_of_exim_verify_and_ours_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (main, included) = (folder.join("exim.conf"), folder.join("check.conf"));
    let text = format!(
        "# Tags\nBATV_SECRET = s3k\\\\r1t\\x21\nBATV_KEY = BATV_SECRET\nBATV_ID = 5\nPARTS = {}\n.include PARTS/check.conf\n\
         domainlist local_domains = example.com : example.net\nhostlist relay_from_hosts = <; 192.0.2.0/24 ; ::1\n\
         begin transports\nremote:\n  driver = smtp\n  return_path = \\\n    # comments don't end it\n    \
         ${{prvs{{$return_path}}{{BATV_KEY}}\\\n      {{BATV_ID}}}}\n",
        folder.display()
    );
    write(&main, text);
    write(&included, "smtp_banner = ${prvscheck{$primary_hostname}{BATV_KEY}{$prvscheck_result}}\n");
    let exim = Exim(&main);

    let migration = migrate(Program::Exim, folder, &[main.clone(), included.clone()]);
    assert_eq!(left(&migration), [""; 0]);
    let configuration = migration.configuration(Path::new("/etc/batv/keyring.toml"));
    assert!(configuration.contains("protected = [\"example.com\", \"example.net\"]"), "{configuration}");
    assert!(configuration.contains("\"192.0.2.0/24\"]"), "{configuration}");
    let today = date::today().expect("a clock");
    let keyring = keyring(&migration, today);

    let address = "alice@example.com";
    let tagged = exim.expand(&["transport", "remote"], "return_path", "$return_path", address);
    assert!(tagged.starts_with("prvs=5"), "{tagged}");
    let verification = tag::verify(keyring.keys(), &Mailbox::parse(&tagged).expect("a mailbox"), today);
    assert_eq!((verification.verdict, verification.mailbox.to_string()), (TagVerdict::Valid, address.to_owned()));

    let alice = Mailbox::parse(address).expect("a mailbox");
    let ours = tag::sign(keyring.keys(), &alice, Form::Prvs, None, today).expect("a tag").to_string();
    let check = |address: &str| exim.expand(&["smtp_banner"], "smtp_banner", "$primary_hostname", address);
    assert_eq!(check(&ours), "1");
    // Without a result, the two arguments give the address.
    assert_ne!(check(&ours.replace("alice", "bob")), "1");
}

/// Debian's configuration has a place for a return path, which a macro of the administrator's fills.
#[test]
fn debian_s_configuration_of_exim_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let macros = folder.join("conf.d/main/000_batv");
    write(
        &macros,
        "REMOTE_SMTP_RETURN_PATH = ${prvs{$return_path}{s3kr1t}{3}}\nMAIN_LOCAL_DOMAINS = @:localhost:example.com\n\
         MAIN_RELAY_NETS = 192.0.2.0/24\n",
    );
    let template = peers().join("etc/exim4/exim4.conf.template");
    let migration = migrate(Program::Exim, folder, &[macros, template]);
    assert_eq!(migration.keys().len(), 1);
    assert_eq!(migration.keys()[0].expose_secret(), b"s3kr1t");
    assert_eq!(migration.keys()[0].key().id.map(batv_core::KeyId::number), Some(3));
    let configuration = migration.configuration(Path::new("/etc/batv/keyring.toml"));
    assert!(configuration.contains("\nprotected = [\"example.com\"]\n"), "{configuration}");
    assert!(configuration.contains("\"192.0.2.0/24\"]\n"), "{configuration}");
}

/// The file that the package of PostSRSd 1.x installs, as a shell reads it, and the daemon with that.
#[test]
fn addresses_of_postsrsd_come_back_and_ours_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let file = folder.join("etc/default/postsrsd");
    let packaged = fs::read_to_string(peers().join("usr/share/postsrsd/postsrsd.template"))
        .expect("the file of PostSRSd, as scripts/in-debian has it");
    write(&folder.join("etc/postsrsd.secret"), "tops3cr3t\nolder\n");
    let day = Day::new(20_780).expect("a day");
    for (changes, separator, hash_length) in [
        ("SRS_DOMAIN=forwarder.example.net\n", '=', 4),
        ("SRS_DOMAIN='forwarder.example.net' # ours\nSRS_SEPARATOR=\"+\"\nexport SRS_HASHLENGTH=8\n", '+', 8),
    ] {
        write(&file, format!("{packaged}{changes}"));
        let shell = Command::new("sh")
            .args(["-c", ". \"$0\"; echo \"$SRS_DOMAIN $SRS_SEPARATOR $SRS_HASHLENGTH\""])
            .arg(&file)
            .output()
            .expect("a shell");
        let in_force = String::from_utf8(shell.stdout).expect("text");
        assert_eq!(in_force, format!("forwarder.example.net {separator} {hash_length}\n"));

        let migration = migrate(Program::Postsrsd, folder, core::slice::from_ref(&file));
        assert_eq!(left(&migration), [""; 0]);
        let configuration = migration.configuration(Path::new("/etc/batv/keyring.toml"));
        assert!(configuration.contains("\ndomains = [\"forwarder.example.net\"]\n"), "{configuration}");
        let keyring = keyring(&migration, day);
        let domains = [Domain::parse("forwarder.example.net").expect("a domain")];
        let srs = Srs::new(&domains).expect("SRS").with_separator(Separator::new(separator).expect("a separator"));
        let srs = srs.with_hash_length(hash_length, HASH_MINIMUM).expect("a length");
        let lines = [format!("\nseparator = \"{separator}\"\n"), format!("\nhash_length = {hash_length}\n")];
        let is_said = lines.map(|line| configuration.contains(&line));
        assert_eq!(is_said, [separator != '=', hash_length != HASH_MINIMUM], "{configuration}");

        let secrets = [b"tops3cr3t".to_vec(), b"older".to_vec()];
        let address = "alice@example.com";
        let theirs = Peer::Postsrsd.ask(&[
            Request::srs_forward(day, &secrets, "forwarder.example.net", separator, hash_length, address),
            // A mail that was forwarded before the secrets changed.
            Request::srs_forward(day, &secrets[1..], "forwarder.example.net", separator, hash_length, address),
        ]);
        for rewritten in theirs {
            let rewritten = rewritten.expect("an address");
            let reversed = srs.reverse(keyring.keys(), &Mailbox::parse(&rewritten).expect("a mailbox"), day);
            assert_eq!(reversed.mailbox.map(|mailbox| mailbox.to_string()), Some(address.to_owned()), "{rewritten}");
        }
        let alice = Mailbox::parse(address).expect("a mailbox");
        let ours = srs.forward(keyring.keys(), &alice, day).expect("an address").to_string();
        assert_eq!(Peer::Postsrsd.ask(&[Request::srs_reverse(day, &secrets, &ours)]), [Ok(address.to_owned())]);
    }
}

/// These tags were made by batv-tools: it runs nowhere here.
#[test]
fn tags_of_batv_tools_verify_and_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let file = folder.join("etc/batv-milter.conf");
    write(
        &file,
        "socket\t/run/batv-milter.sock\nkey-map\t/etc/batv-keys.conf\ninternal-host\t127.0.0.1\nsub-address-delimiter\t+\n",
    );
    write(&folder.join("etc/batv-keys.conf"), "# keys\n@example.com\t/etc/key\nbob@example.com\t/etc/bob\n");
    write(&folder.join("etc/key"), "s3kr1t");
    // Its newline is part of it.
    write(&folder.join("etc/bob"), "s3kr1t\n");
    let migration = migrate(Program::BatvTools, folder, &[file]);
    assert_eq!(left(&migration), [""; 0]);
    let today = Day::new(18_262).expect("a day");
    let keyring = keyring(&migration, today);
    for (tagged, mailbox, form) in [
        ("prvs=0269b1e711=alice@example.com", "alice@example.com", Form::Prvs),
        ("joe+list+prvs=026902f5e3@example.com", "joe+list@example.com", Form::SubAddress(Delimiter::default())),
    ] {
        let verification = tag::verify(keyring.keys(), &Mailbox::parse(tagged).expect("a mailbox"), today);
        assert_eq!((verification.verdict, verification.mailbox.to_string()), (TagVerdict::Valid, mailbox.to_owned()));
        let signed = tag::sign(keyring.keys(), &Mailbox::parse(mailbox).expect("a mailbox"), form, None, today);
        assert_eq!(signed.expect("a tag").to_string(), tagged);
    }
    let bob = keyring.entries().iter().find(|entry| entry.scope().to_string() == "bob@example.com").expect("his key");
    assert_eq!(bob.expose_secret(), b"s3kr1t\n");
}
