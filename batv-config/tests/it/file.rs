//! Keyring files on disk: permissions, locks, crashes, links and places.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, thread};

use batv_config::paths::Paths;
use batv_config::{Access, Error, Fault, Keyring, KeyringFile, NewKey, Permissions, Use, read_secret, replace_file};
use batv_core::Day;
use tempfile::TempDir;

const GOOD: &str = "# Mine.\n[[key]]\nuse = \"batv\"\nid = 3\nsecret = \"text:s3kr1t\"\n";

fn write(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn add_srs_key(file: &mut KeyringFile, secret: &str) {
    file.keyring_mut().add(&NewKey::new(Use::Srs), secret.as_bytes(), Day::new(20_780).unwrap()).unwrap();
}

#[test]
fn a_file_that_others_can_read_or_change_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    for (bits, private, readable) in [
        (0o600, None, None),
        (0o400, None, None),
        (0o700, None, None),
        (0o640, Some("read"), None),
        (0o604, Some("read"), None),
        (0o644, Some("read"), None),
        (0o440, Some("read"), None),
        (0o620, Some("change"), Some("change")),
        (0o602, Some("change"), Some("change")),
        (0o666, Some("change"), Some("change")),
        (0o610, None, None),
    ] {
        write(&path, GOOD, bits);
        for (permissions, refused) in [(Permissions::Private, private), (Permissions::AllowReadable, readable)] {
            match (Keyring::load(&path, permissions), refused) {
                (Ok(_), None) => {}
                (Err(Error::Mode { mode, access, .. }), Some(refused)) => assert_eq!((mode, access), (bits, refused)),
                (other, _) => panic!("{bits:o} {permissions:?}: {other:?}"),
            }
        }
    }
    write(&path, GOOD, 0o644);
    let shown = path.display();
    assert_eq!(
        Keyring::load(&path, Permissions::Private).unwrap_err().to_string(),
        format!("others can read {shown} (mode 0644): run `chmod 600 {shown}`")
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_path() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    let shown = path.display();
    let load = || Keyring::load(&path, Permissions::Private).unwrap_err();

    assert!(matches!(load(), Error::Io { kind: ErrorKind::NotFound, .. }));
    assert_eq!(load().to_string(), format!("cannot read {shown}: No such file or directory (os error 2)"));
    assert_eq!(
        KeyringFile::open(&path, Permissions::Private).unwrap_err().to_string(),
        format!("cannot open {shown}: No such file or directory (os error 2)")
    );
    assert_eq!(names(directory.path()), [""; 0]);

    write(&path, "[[key]]\nid = x\n", 0o600);
    assert!(load().to_string().starts_with(&format!("{shown}: line 2, column 6: ")), "{}", load());

    write(&path, b"# \xc3\xa9\n# \xc3\xa9 \xff\n", 0o600);
    assert!(matches!(load(), Error::Content { line: 2, column: 5, fault: Fault::NotUtf8, .. }), "{}", load());

    write(&path, vec![b'\n'; (1 << 20) + 1], 0o600);
    assert_eq!(load().to_string(), format!("{shown} is too large for a key file: the limit is 1048576 octets"));
    write(&path, vec![b'\n'; 1 << 20], 0o600);
    assert!(Keyring::load(&path, Permissions::Private).is_ok());

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(load().to_string(), format!("cannot read {shown}: is a directory"));
}

#[test]
fn a_raw_key_file_is_read_whole() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("batv.key");
    write(&path, b"s3kr1t\r\n\0", 0o600);
    assert_eq!(*read_secret(&path, Permissions::Private).unwrap(), *b"s3kr1t\r\n\0");
}

#[test]
fn a_new_file_and_its_directories_are_for_their_owner_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("share/batv/keyring.toml");
    let mut file = KeyringFile::open_or_create(&path, Permissions::Private).unwrap();
    assert!(file.is_new() && !path.exists());
    add_srs_key(&mut file, "first");
    file.save().unwrap();
    assert!(!file.is_new());
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(mode(&directory.path().join("share")), 0o700);
    assert_eq!(names(path.parent().unwrap()), ["keyring.toml", "keyring.toml.lock"]);
    assert_eq!(mode(&path.with_extension("toml.lock")), 0o600);
}

#[test]
fn mode_and_owner_are_kept() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    write(&path, GOOD, 0o640);
    // Only root can give a file away; anybody else keeps his own.
    let _ = chown(&path, Some(12_345), Some(23_456));
    let before = fs::metadata(&path).unwrap();
    let mut file = KeyringFile::open(&path, Permissions::AllowReadable).unwrap();
    add_srs_key(&mut file, "first");
    file.save().unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
    assert!(fs::read_to_string(&path).unwrap().starts_with(GOOD));
    let lock = fs::metadata(path.with_extension("toml.lock")).unwrap();
    assert_eq!((lock.uid(), lock.gid()), (after.uid(), after.gid()));
}

#[test]
fn a_symbolic_link_stays_and_its_target_is_replaced() {
    let directory = TempDir::new().unwrap();
    let (target, link) = (directory.path().join("real/keyring.toml"), directory.path().join("keyring.toml"));
    fs::create_dir(target.parent().unwrap()).unwrap();
    write(&target, GOOD, 0o600);
    symlink("real/keyring.toml", &link).unwrap();
    let mut file = KeyringFile::open_or_create(&link, Permissions::Private).unwrap();
    assert_eq!(file.path(), fs::canonicalize(&target).unwrap());
    add_srs_key(&mut file, "first");
    file.save().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Keyring::load(&target, Permissions::Private).unwrap().keys().len(), 2);
    assert_eq!(names(target.parent().unwrap()), ["keyring.toml", "keyring.toml.lock"]);

    let nowhere = directory.path().join("nowhere.toml");
    symlink("nothing", &nowhere).unwrap();
    assert!(matches!(
        KeyringFile::open_or_create(&nowhere, Permissions::Private),
        Err(Error::Io { kind: ErrorKind::NotFound, .. })
    ));
}

#[test]
fn what_a_crash_has_left_does_no_harm() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    write(&path, GOOD, 0o600);
    // Half of a file, of another mode, as a link to elsewhere, and a lock that nobody holds.
    let elsewhere = directory.path().join("elsewhere");
    write(&elsewhere, "precious", 0o600);
    let left = directory.path().join("keyring.toml.new");
    write(&directory.path().join("keyring.toml.lock"), "", 0o600);
    for make in [
        |_: &Path, left: &Path| write(left, "[[key]]\nuse", 0o444),
        |elsewhere: &Path, left: &Path| {
            symlink(elsewhere, left).unwrap();
        },
    ] {
        make(&elsewhere, &left);
        assert_eq!(Keyring::load(&path, Permissions::Private).unwrap().keys().len(), 1);
        let mut file = KeyringFile::open(&path, Permissions::Private).unwrap();
        file.save().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), GOOD);
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");
        assert_eq!(names(directory.path()), ["elsewhere", "keyring.toml", "keyring.toml.lock"]);
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_unless_told_otherwise_and_a_new_one_is_private() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("figures.json");
    replace_file(&path, b"1", Access::Kept).unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"1".to_vec(), 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write(&directory.path().join("figures.json.new"), "left by a crash", 0o666);
    replace_file(&path, b"22", Access::Kept).unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"22".to_vec(), 0o640));
    replace_file(&path, b"22", Access::Private).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(directory.path()), ["figures.json"]);
    // Only the rename fails here, and it takes the temporary file along.
    let folder = directory.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert!(replace_file(&folder, b"333", Access::Kept).is_err());
    assert_eq!(names(directory.path()), ["figures.json", "folder"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    write(&path, GOOD, 0o600);
    let mut file = KeyringFile::open(&path, Permissions::Private).unwrap();
    add_srs_key(&mut file, "first");
    // A directory under the name of the temporary file stops everybody, root too.
    let left = directory.path().join("keyring.toml.new");
    fs::create_dir(&left).unwrap();
    let error = file.save().unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot write {}: ", path.display())), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), GOOD);
    fs::remove_dir(&left).unwrap();
    file.save().unwrap();
    assert_eq!(Keyring::load(&path, Permissions::Private).unwrap().keys().len(), 2);
}

#[test]
fn many_threads_lose_nothing() {
    const WRITERS: usize = 8;
    const KEYS: usize = 12;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("batv/keyring.toml");
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            scope.spawn(move || {
                for key in 0..KEYS {
                    let mut file = KeyringFile::open_or_create(path, Permissions::Private).unwrap();
                    add_srs_key(&mut file, &format!("writer {writer} key {key}"));
                    file.save().unwrap();
                    drop(file);
                    // A reader needs no lock to find a whole file.
                    assert!(!Keyring::load(path, Permissions::Private).unwrap().keys().is_empty());
                }
            });
        }
    });
    let keyring = Keyring::load(&path, Permissions::Private).unwrap();
    let mut secrets: Vec<_> = keyring.entries().iter().map(|entry| entry.expose_secret().to_vec()).collect();
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), WRITERS * KEYS);
}

/// Names the keyring to the processes that a test starts: itself, to play another part.
const PART: &str = "BATV_CONFIG_TEST_KEYRING";

fn another_process(test: &str, keyring: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PART, keyring);
    command
}

#[test]
fn many_processes_lose_nothing() {
    const WRITERS: usize = 4;
    const KEYS: usize = 10;
    if let Some(path) = env::var_os(PART) {
        for key in 0..KEYS {
            let mut file = KeyringFile::open_or_create(Path::new(&path), Permissions::Private).unwrap();
            add_srs_key(&mut file, &format!("process {} key {key}", std::process::id()));
            file.save().unwrap();
        }
        return;
    }
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("batv/keyring.toml");
    let start = |_| another_process("file::many_processes_lose_nothing", &path).stdout(Stdio::null()).spawn().unwrap();
    let writers: Vec<_> = (0..WRITERS).map(start).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!(Keyring::load(&path, Permissions::Private).unwrap().keys().len(), WRITERS * KEYS);
}

#[test]
fn a_process_that_is_killed_leaves_a_whole_file_and_no_lock() {
    if let Some(path) = env::var_os(PART) {
        for key in 0.. {
            let mut file = KeyringFile::open_or_create(Path::new(&path), Permissions::Private).unwrap();
            add_srs_key(&mut file, &format!("key {key}"));
            file.save().unwrap();
            println!("saved {key}");
        }
    }
    for saved in [1, 2, 5, 9] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("keyring.toml");
        let mut writer = another_process("file::a_process_that_is_killed_leaves_a_whole_file_and_no_lock", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(said.filter(|line| line.contains("saved")).take(saved).count(), saved);
        writer.kill().unwrap();
        writer.wait().unwrap();
        let mut file = KeyringFile::open(&path, Permissions::Private).unwrap();
        assert!(file.keyring().keys().len() >= saved);
        add_srs_key(&mut file, "after");
        file.save().unwrap();
        assert_eq!(names(directory.path()), ["keyring.toml", "keyring.toml.lock"]);
    }
}

#[test]
fn the_lock_is_held_from_before_the_reading_to_after_the_writing() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    let is_free = || {
        let lock = OpenOptions::new().read(true).open(directory.path().join("keyring.toml.lock")).unwrap();
        lock.try_lock().is_ok()
    };
    let mut file = KeyringFile::open_or_create(&path, Permissions::Private).unwrap();
    assert!(!is_free());
    add_srs_key(&mut file, "first");
    file.save().unwrap();
    assert!(!is_free());
    drop(file);
    assert!(is_free());
}

#[test]
fn the_lock_cannot_be_had_where_nothing_can_be_written() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("keyring.toml");
    write(&path, GOOD, 0o600);
    fs::create_dir(directory.path().join("keyring.toml.lock")).unwrap();
    let error = KeyringFile::open(&path, Permissions::Private).unwrap_err();
    assert!(error.to_string().starts_with("cannot lock "), "{error}");
}

#[test]
fn the_first_place_with_a_keyring_is_in_force() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let make =
        |path: &Path| drop(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap());
    let mut places = Paths::of_process(Some(&at("named")));
    assert_eq!((places.in_force(), places.for_new()), (Some(&*at("named")), Some(&*at("named"))));
    places.named = None;
    places.user = Some(at("user"));
    places.system = at("system");
    assert_eq!((places.in_force(), places.for_new()), (None, Some(&*at("user"))));
    make(&at("system"));
    assert_eq!((places.in_force(), places.for_new()), (Some(&*at("system")), Some(&*at("user"))));
    make(&at("user"));
    assert_eq!(places.in_force(), Some(&*at("user")));
    // What cannot be looked at is in force, for an error is better than the wrong keys.
    places.user = Some(at("user/keyring.toml"));
    assert_eq!(places.in_force(), Some(&*at("user/keyring.toml")));
    places.user = None;
    assert_eq!((places.in_force(), places.for_new()), (Some(&*at("system")), None));
}

#[test]
fn the_environment_names_the_places() {
    if env::var_os(PART).is_some() {
        println!("places {:?}", Paths::of_process(None));
        return;
    }
    let places = |variables: &[(&str, &str)]| {
        let output = another_process("file::the_environment_names_the_places", Path::new("unused"))
            .env_remove("BATV_KEYRING")
            .env_remove("XDG_DATA_HOME")
            .env("HOME", "/home/alice")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().find_map(|line| Some(line[line.find("places ")? + 7..].to_owned())).unwrap()
    };
    let expected = |named: Option<&str>, user: &str| {
        let mut places = Paths::of_process(None);
        places.named = named.map(PathBuf::from);
        places.user = Some(PathBuf::from(user));
        places.system = PathBuf::from("/etc/batv/keyring.toml");
        format!("{places:?}")
    };
    let (own, given) = if cfg!(target_os = "macos") {
        let own = "/home/alice/Library/Application Support/batv/keyring.toml";
        (own, own)
    } else {
        ("/home/alice/.local/share/batv/keyring.toml", "/srv/data/batv/keyring.toml")
    };
    assert_eq!(places(&[]), expected(None, own));
    assert_eq!(places(&[("XDG_DATA_HOME", "/srv/data")]), expected(None, given));
    assert_eq!(places(&[("XDG_DATA_HOME", "relative")]), expected(None, own));
    assert_eq!(places(&[("BATV_KEYRING", "ring.toml")]), expected(Some("ring.toml"), own));
    assert_eq!(places(&[("BATV_KEYRING", "")]), expected(None, own));
}
