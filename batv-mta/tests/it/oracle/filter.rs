//! The program in `filter.c`, on libmilter.

use core::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use batv_tests::host::wait_for;
use batv_tests::milter::Place;
use batv_tests::site::{ALICE, mark};

/// Its behaviour, as in `filter.c`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(dead_code, reason = "the test needs one, the benchmark the others")]
pub(crate) enum Way {
    Same,
    Empty,
    Usual,
}

/// Ends with its owner.
pub(crate) struct Filter {
    pub(crate) place: Place,
    process: Child,
}

/// Compiles the program into a folder, and says where it is.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracle/filter.c");
    let program = folder.join("filter");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-o"]).arg(&program).arg(source);
    let status = compiler.args(["-lmilter", "-lpthread"]).status();
    assert!(status.is_ok_and(|status| status.success()), "no libmilter to build with: scripts/in-debian");
    program
}

impl Filter {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(program: &Path, place: Place, way: Way, tagged: &str, reply: &str) -> Self {
        let (mark, envelope_id) = mark(ALICE, "<1@example.com>");
        let socket = match &place {
            Place::Unix(path) => format!("unix:{}", path.display()),
            Place::Tcp(address) => format!("inet:{}@{}", address.port(), address.ip()),
        };
        let way = match way {
            Way::Same => "same",
            Way::Empty => "empty",
            Way::Usual => "usual",
        };
        let mut command = Command::new(program);
        command
            .args([&socket, way, &format!("<{tagged}>"), reply, &mark, &envelope_id])
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().expect("the filter");
        wait_for("filter that listens", || place.connect().ok());
        Self { place, process }
    }

    #[allow(dead_code, reason = "the benchmark looks at it")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn on_loopback(port: u16) -> Place {
    Place::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
