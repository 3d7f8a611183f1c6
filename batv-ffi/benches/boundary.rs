//! `cargo bench -p batv-ffi`: what a call from C costs beyond the same call from Rust, and beside OpenSSL's HMAC.
//!
//! The program in C and the calls from Rust take turns in one run, and the least time of each counts.

extern crate alloc;

use alloc::collections::BTreeMap;
use core::fmt::{self, Write};
use core::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use batv_config::Keyring;
use batv_core::dialect::{self, Strictness};
use batv_core::srs::Srs;
use batv_core::tag::{self, Form};
use batv_core::{Day, Domain, Mailbox};

const TURNS: usize = 8;
const ROUNDS: usize = 20;
const COUNT: u32 = 20_000;
const ADDRESS: &str = "alice.example@mail.example.com";
const KEYS: &str = r#"
[[key]]
use = "batv"
id = 0
algorithm = "hmac-sha1"
secret = "text:s3kr1t"
state = "signing"

[[key]]
use = "srs"
algorithm = "hmac-sha1"
secret = "text:tops3cr3t"
state = "signing"
"#;

fn main() -> ExitCode {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let program = build();
    let (mut from_c, mut from_rust) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..TURNS {
        keep_least(&mut from_c, run(&program));
        keep_least(&mut from_rust, measure_rust());
    }
    println!("{:<32}{:>10}{:>12}{:>12}", "hmac-sha1, ns a call", "from C", "from Rust", "the boundary");
    for (name, c) in &from_c {
        match from_rust.get(name) {
            Some(rust) => println!("{name:<32}{c:>10.1}{rust:>12.1}{:>12.1}", c - rust),
            None => println!("{name:<32}{c:>10.1}"),
        }
    }
    let of = |name: &str| from_c.get(name).copied().unwrap_or(f64::NAN);
    println!("sign from C in {:.2} of the time of OpenSSL's HMAC alone", of("sign") / of("OpenSSL HMAC(), one-shot"));
    ExitCode::SUCCESS
}

/// Builds the library and the program, as they are installed.
fn build() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = folder.parent().expect("a target folder");
    let mut cargo = Command::new(env!("CARGO"));
    // As `scripts/install-c` does: together with the library for Rust it would not be optimised as a whole.
    cargo.args(["rustc", "--quiet", "--release", "--locked", "--lib", "--crate-type", "cdylib", "--manifest-path"]);
    succeed(cargo.arg(manifest.join("Cargo.toml")).env("CARGO_TARGET_DIR", target));
    let program = folder.join("boundary");
    let library = target.join("release");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-O2", "-I"]).arg(manifest.join("include")).arg(manifest.join("benches/boundary.c"));
    compiler.arg("-o").arg(&program).arg("-L").arg(&library).args(["-lbatv", "-l:libcrypto.so.3"]);
    succeed(compiler.arg(format!("-Wl,--disable-new-dtags,-rpath,{}", library.display())));
    program
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn run(program: &Path) -> Vec<(String, f64)> {
    let output = Command::new(program).output().expect("the program");
    assert!(output.status.success(), "boundary.c: {}", output.status);
    let lines = String::from_utf8(output.stdout).expect("text");
    let read = |line: &str| {
        let (name, time) = line.split_once('\t').expect("two fields");
        assert_ne!(name, "failed", "a call failed in boundary.c");
        (name.to_owned(), time.parse().expect("a number"))
    };
    lines.lines().map(read).collect()
}

fn keep_least(least: &mut BTreeMap<String, f64>, times: Vec<(String, f64)>) {
    for (name, time) in times {
        let known = least.entry(name).or_insert(time);
        *known = known.min(time);
    }
}

/// The same work as in C: an address is read, and what it comes to is written.
fn measure_rust() -> Vec<(String, f64)> {
    let keyring = Keyring::parse(KEYS).expect("a keyring");
    let keys = keyring.keys();
    let today = Day::new(20_781).expect("a day");
    let domains = [Domain::parse("forwarder.example.net").expect("a domain")];
    let srs = Srs::new(&domains).expect("a domain");
    let alice = Mailbox::parse(ADDRESS).expect("an address");
    let tagged = tag::sign(keys, &alice, Form::Prvs, None, today).expect("room").to_string();
    let rewritten = srs.forward(keys, &alice, today).expect("room").to_string();
    let read = |text| Mailbox::parse(black_box(text)).expect("an address");
    vec![
        measure("sign", || {
            let signing = tag::sign(black_box(keys), &read(ADDRESS), Form::Prvs, None, today).expect("room");
            write(|out| signing.write_to(out));
        }),
        measure("verify", || {
            let found = tag::verify(black_box(keys), &read(&tagged), today);
            write(|out| found.mailbox.write_to(out));
        }),
        measure("unwrap", || {
            let last = dialect::unwrap(&read(&tagged), Strictness::Identity).last().expect("a layer");
            write(|out| last.mailbox.expect("an address").write_to(out));
        }),
        measure("SRS forward", || {
            let forwarding = black_box(&srs).forward(black_box(keys), &read(ADDRESS), today).expect("room");
            write(|out| forwarding.write_to(out));
        }),
        measure("SRS reverse", || {
            let found = black_box(&srs).reverse(black_box(keys), &read(&rewritten), today);
            write(|out| found.mailbox.expect("an address").write_to(out));
        }),
    ]
}

fn measure(name: &str, mut call: impl FnMut()) -> (String, f64) {
    let round = |_| {
        let start = Instant::now();
        (0..COUNT).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(COUNT)
    };
    (name.to_owned(), (0..ROUNDS).map(round).fold(f64::MAX, f64::min))
}

fn write(write: impl FnOnce(&mut Buffer) -> fmt::Result) {
    let mut buffer = Buffer { octets: [0; 128], length: 0 };
    write(&mut buffer).expect("room");
    black_box(&buffer.octets[..buffer.length]);
}

struct Buffer {
    octets: [u8; 128],
    length: usize,
}

impl Write for Buffer {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
