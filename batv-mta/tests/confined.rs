//! An attacker in the worker: a program of one thread confines itself as the worker does, and tries forbidden actions.
//!
//! `confined attempt NAME NEEDS PATH…` tries one thing; `confined without PARTS PROGRAM…` runs a program where the kernel
//! seems to lack Landlock or seccomp.

mod support;

use core::net::Ipv4Addr;
use std::env;
use std::fs;
use std::io::{self, IoSliceMut};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use batv_mta::process::sandbox::{Needs, confine};
use libtest_mimic::{Arguments, Trial};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::{Pid, geteuid, getppid};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use support::Daemon;

/// fchmodat2(2), which the C library of the oldest system that builds this has no name for.
const FCHMODAT2: i64 = 452;

/// The signal of the kernel for a system call that kills.
const SIGSYS: i32 = 31;

/// The outcome of an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Done,
    /// An error that says that it must not be.
    Refused,
    /// The process has been ended for it.
    Ended,
}

use Outcome::{Done, Ended, Refused};

/// Actions, their outcome without needs, and with a folder and a port as needs; and whether that is due to
/// Landlock alone. By a process that is free all of it is done.
const ATTEMPTS: &[(&str, Outcome, Outcome, bool)] = &[
    ("read the keyring", Refused, Refused, true),
    ("write outside", Refused, Refused, true),
    ("remove outside", Refused, Refused, true),
    ("list a folder", Refused, Refused, true),
    ("open the memory of the supervisor", Refused, Refused, true),
    ("link the keyring into the folder", Refused, Refused, false),
    ("move out of the folder", Refused, Refused, true),
    ("move in the folder", Refused, Done, false),
    ("make a folder in the folder", Refused, Refused, false),
    ("write in the folder", Refused, Done, false),
    ("read in the folder", Refused, Done, false),
    ("remove in the folder", Refused, Done, false),
    ("become a program", Ended, Ended, false),
    ("start a program", Ended, Ended, false),
    ("fork", Ended, Ended, false),
    ("trace", Ended, Ended, false),
    ("look into a process", Ended, Ended, false),
    ("signal the supervisor", Refused, Refused, false),
    ("change the root", Refused, Refused, false),
    ("connect to the port", Refused, Done, false),
    ("connect to another port", Refused, Refused, true),
    ("listen", Refused, Refused, false),
    ("send a datagram", Refused, Refused, false),
    ("connect to a local socket", Refused, Refused, false),
    ("start a thread", Done, Done, false),
    ("have a descriptor send signals", Refused, Refused, false),
    ("command a descriptor otherwise", Refused, Refused, false),
];

/// Where it is tried.
struct Site {
    folder: PathBuf,
    keyring: PathBuf,
    outside: PathBuf,
    local: PathBuf,
    ports: [u16; 2],
    /// The parent process.
    supervisor: Pid,
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["attempt", name, needs, root, port, other] => {
            let ports = [port, other].map(|port| port.parse().expect("a port"));
            attempt(name, needs, &Site::new(Path::new(root), ports))
        }
        ["without", parts, program, ref arguments @ ..] => {
            forbid(parts);
            panic!("{program}: {}", Command::new(program).args(arguments).exec());
        }
        _ => {
            let attempts = ATTEMPTS.iter().map(|&(name, nothing, store, by_landlock)| {
                trial(&name.replace(' ', "_"), move || check(name, nothing, store, by_landlock))
            });
            let others = [
                trial("a_daemon_runs_without", runs_without),
                trial("no_mode_is_set_by_a_name", sets_no_mode_by_a_name),
                trial("find_a_host", finds_a_host),
                trial("the_filter_holds_without_landlock", holds_without_landlock),
            ];
            libtest_mimic::run(&Arguments::from_args(), attempts.chain(others).collect()).exit_code()
        }
    }
}

fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

impl Site {
    fn new(root: &Path, ports: [u16; 2]) -> Self {
        let path = |name| root.join(name);
        Self {
            folder: path("store"),
            keyring: path("keyring.toml"),
            outside: path("outside"),
            local: path("socket"),
            ports,
            supervisor: getppid(),
        }
    }

    fn needs(&self, which: &str) -> Option<Needs> {
        let mut needs = Needs::default();
        if which == "store" {
            needs.folders = vec![self.folder.clone()];
            needs.ports = vec![self.ports[0]];
        }
        needs.host_names = which == "names";
        (which != "free").then_some(needs)
    }

    fn attempt(&self, name: &str) -> io::Result<()> {
        let Self { folder, keyring, outside, local, ports, supervisor } = self;
        let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map(drop);
        let mut program = Command::new("/bin/true");
        match name {
            "read the keyring" => fs::read(keyring).map(drop),
            "write outside" => fs::write(outside, "new"),
            "remove outside" => fs::remove_file(outside),
            "list a folder" => fs::read_dir("/etc").map(drop),
            "open the memory of the supervisor" => fs::File::open(format!("/proc/{supervisor}/mem")).map(drop),
            "link the keyring into the folder" => fs::hard_link(keyring, folder.join("linked")),
            "move out of the folder" => fs::rename(folder.join("old"), outside),
            "move in the folder" => fs::rename(folder.join("old"), folder.join("new")),
            "make a folder in the folder" => fs::create_dir(folder.join("folder")),
            "write in the folder" => fs::write(folder.join("new"), "new"),
            "read in the folder" => fs::read(folder.join("old")).map(drop),
            "remove in the folder" => fs::remove_file(folder.join("old")),
            "become a program" => Err(program.exec()),
            "start a program" => program.status().map(drop),
            // A change of the user needs another process even before the program is there.
            "fork" => program.uid(geteuid().as_raw()).status().map(drop),
            "trace" => Ok(nix::sys::ptrace::traceme()?),
            "look into a process" => {
                let (secret, mut seen) = ([7_u8], [0]);
                let place = RemoteIoVec { base: secret.as_ptr().addr(), len: 1 };
                Ok(process_vm_readv(Pid::this(), &mut [IoSliceMut::new(&mut seen)], &[place]).map(drop)?)
            }
            "signal the supervisor" => Ok(nix::sys::signal::kill(*supervisor, None)?),
            "change the root" => std::os::unix::fs::chroot("/"),
            "connect to the port" => connect(ports[0]),
            "connect to another port" => connect(ports[1]),
            "listen" => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(drop),
            "send a datagram" => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                socket.send_to(b"x", (Ipv4Addr::LOCALHOST, ports[0])).map(drop)
            }
            "connect to a local socket" => UnixStream::connect(local).map(drop),
            "have a descriptor send signals" => {
                let (reader, _writer) = io::pipe()?;
                Ok(fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_ASYNC)).map(drop)?)
            }
            // As F_SETOWN and F_SETSIG, for which nobody here has a function.
            "command a descriptor otherwise" => {
                let (reader, _writer) = io::pipe()?;
                Ok(fcntl(&reader, FcntlArg::F_GETPIPE_SZ).map(drop)?)
            }
            "find a host" => ("localhost", ports[0]).to_socket_addrs().map(drop),
            "start a thread" => {
                std::thread::Builder::new().spawn(|| {})?.join().map_err(|_| io::ErrorKind::Other.into())
            }
            _ => panic!("nobody knows how to {name}"),
        }
    }
}

/// Prints the state of the sandbox on standard output, and the outcome on standard error.
fn attempt(name: &str, needs: &str, site: &Site) -> ExitCode {
    if let Some(needs) = site.needs(needs) {
        let confinement = confine(&needs);
        for (part, state) in confinement.parts() {
            println!("{part}: {state:?}");
        }
    }
    match site.attempt(name) {
        Ok(()) => ExitCode::SUCCESS,
        // As if it were elsewhere, Landlock says of a folder that nothing may go to.
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::CrossesDevices) => {
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::from(3)
        }
    }
}

/// Tries it in a process of its own, perhaps under a launcher; returns the outcome and the output.
fn tried(launcher: &[&str], name: &str, needs: &str) -> (Outcome, String) {
    let root = tempfile::Builder::new().prefix("batv-confined").tempdir().expect("a folder");
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    let ports = listeners.each_ref().map(|listener| listener.local_addr().expect("an address").port());
    let site = Site::new(root.path(), ports);
    fs::create_dir(&site.folder).expect("a folder");
    for path in [&site.keyring, &site.outside, &site.folder.join("old")] {
        fs::write(path, "text").expect("a file");
    }
    let _local = UnixListener::bind(&site.local).expect("a socket");
    let this = env::current_exe().expect("this program");
    let mut words = launcher.to_vec();
    let shown = this.to_string_lossy();
    if !words.is_empty() {
        words.push(&shown);
    }
    let output = Command::new(&this)
        .args(words)
        .args(["attempt", name, needs])
        .arg(root.path())
        .args(ports.map(|port| port.to_string()))
        .stdin(Stdio::null())
        .output()
        .expect("this program");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome = match (output.status.code(), output.status.signal()) {
        (Some(0), _) => Done,
        (Some(1), _) => Refused,
        (_, Some(SIGSYS)) => Ended,
        _ => panic!("{name}: {}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr)),
    };
    // Files that it may not change are unchanged.
    if outcome != Done {
        assert!(fs::read(&site.outside).is_ok_and(|text| text == b"text"), "{name}");
        assert_eq!(fs::read_dir(&site.folder).expect("a folder").count(), 1, "{name}");
    }
    (outcome, said)
}

fn check(name: &str, nothing: Outcome, store: Outcome, by_landlock: bool) {
    assert_eq!(tried(&[], name, "free").0, Done, "{name}, without sandbox");
    for (needs, mut expected) in [("nothing", nothing), ("store", store)] {
        let (outcome, said) = tried(&[], name, needs);
        assert!(said.contains("seccomp: Active\n"), "this kernel has no seccomp, and nothing can be tried: {said}");
        if !said.contains("landlock: Active\n") {
            eprintln!("this kernel has no Landlock: {said}");
            assert!(said.contains("landlock: Missing("), "{said}");
            if by_landlock && needs == "store" {
                expected = Done;
            }
        }
        assert_eq!(outcome, expected, "{name}, with the needs {needs}: {said}");
    }
}

fn finds_a_host() {
    for (name, expected) in [("find a host", Done), ("read the keyring", Refused), ("start a program", Ended)] {
        let (outcome, said) = tried(&[], name, "names");
        let expected = if expected == Refused && said.contains("landlock: Missing(") { Done } else { expected };
        assert_eq!(outcome, expected, "{name}: {said}");
    }
}

/// Has the kernel refuse the calls of the sandbox.
fn forbid(parts: &str) {
    let calls = match parts {
        "names" => vec![libc::SYS_chmod, libc::SYS_fchmodat, FCHMODAT2],
        "landlock" => vec![libc::SYS_landlock_create_ruleset],
        "both" => vec![libc::SYS_landlock_create_ruleset, libc::SYS_seccomp],
        _ => panic!("there is no {parts}"),
    };
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let architecture = env::consts::ARCH.try_into().expect("a known machine");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture).expect("a filter");
    let program: BpfProgram = filter.try_into().expect("a filter");
    apply_filter(&program).expect("a kernel with seccomp");
}

fn holds_without_landlock() {
    for (name, nothing, _, _) in ATTEMPTS {
        let (outcome, said) = tried(&["without", "landlock"], name, "nothing");
        assert!(said.contains("landlock: Missing(") && said.contains("seccomp: Active\n"), "{said}");
        assert_eq!(outcome, *nothing, "{name}");
    }
}

/// Where no mode can be set by the name of a file, the sockets have theirs all the same: so none is set on what another has
/// put in the place of a socket by then.
fn sets_no_mode_by_a_name() {
    let mut daemon = Daemon::new("");
    let text = fs::read_to_string(daemon.path("batvd.toml")).expect("a file");
    for mode in ["666", "660", "600"] {
        daemon.write("batvd.toml", &text.replace("0o666", &format!("0o{mode}")), 0o644);
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["without", "names", env!("CARGO_BIN_EXE_batvd"), "--config"]).arg(daemon.path("batvd.toml"));
        daemon.try_start(&mut command).expect("a daemon");
        let socket = fs::metadata(daemon.socket("line")).expect("a socket");
        assert_eq!(format!("{:o}", socket.permissions().mode() & 0o7777), mode);
        assert!(daemon.stop().success());
    }
}

/// As in a container that forbids both. It says so, and serves.
fn runs_without() {
    let mut daemon = Daemon::new("");
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["without", "both", env!("CARGO_BIN_EXE_batvd"), "--config"]).arg(daemon.path("batvd.toml"));
    daemon.try_start(&mut command).expect("a daemon");
    let answer = daemon.ask("line", b"unwrap prvs=0787f93fc2=alice@example.com\n");
    assert_eq!(answer, "OK alice@example.com\n");
    daemon.reload();
    let (log, warnings) = (daemon.log(), daemon.warnings());
    assert!(
        matches!(&warnings[..], [one] if one.contains("sandbox incomplete") && one.contains("landlock: ") && one.contains("seccomp: ")),
        "{log}"
    );
    let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for part in ["landlock", "seccomp"] {
        assert!(metrics.contains(&format!("batv_sandbox{{part=\"{part}\"}} 0\n")), "{metrics}");
    }
    assert!(daemon.stop().success());
}
