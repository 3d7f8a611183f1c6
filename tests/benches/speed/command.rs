//! The command on a stream against `cat` and `tr`, and once as a process against a C program that prints a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::openssl::compile;
use crate::rounds::{Measured, least};

const LINES: u32 = 4_000_000;
const STARTS: u32 = 100;
const HELLO: &str = "#include <stdio.h>\nint main(void) { puts(\"prvs=0788433eb7=alice@example.com\"); }\n";

pub(crate) fn print() -> io::Result<()> {
    let batv = build()?;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (key, plain, tagged) = (folder.join("key"), folder.join("plain"), folder.join("tagged"));
    std::fs::write(&key, b"s3kr1t")?;
    write_addresses(&plain)?;
    let with_key = |action: &str| {
        let mut arguments = vec![batv.clone(), action.into(), "--algorithm".into(), "hmac-sha256".into()];
        arguments.extend(["--key-file".into(), key.clone()]);
        arguments
    };
    run(&with_key("sign"), &plain, File::create(&tagged)?.into())?;

    println!("\nstreams of {LINES} lines, 35 octets each before they are tagged");
    println!("{:<28}{:>16}{:>14}", "", "million lines/s", "of cat's time");
    let one_core = |mut arguments: Vec<PathBuf>| {
        arguments.splice(0..0, ["taskset", "-c", "0"].map(PathBuf::from));
        arguments
    };
    let streams = [
        ("cat, one core", one_core(vec!["cat".into()]), &plain),
        ("tr a-z A-Z, one core", one_core(vec!["tr".into(), "a-z".into(), "A-Z".into()]), &plain),
        ("batv sign, one core", one_core(with_key("sign")), &plain),
        ("batv sign, all cores", with_key("sign"), &plain),
        ("batv verify, one core", one_core(with_key("verify")), &tagged),
        ("batv verify, all cores", with_key("verify"), &tagged),
    ];
    let mut measured: Vec<_> = streams
        .iter()
        .map(|(name, arguments, input)| {
            Measured::new(*name, LINES, move || run(arguments, input, Stdio::piped()).expect("a stream"))
        })
        .collect();
    let times = least(5, &mut measured);
    for (one, time) in measured.iter().zip(&times) {
        println!("{:<28}{:>16.2}{:>13.1}×", one.name, 1e3 / time, time / times[0]);
    }

    let hello = vec![compile("hello", HELLO, &[])?];
    let mut once = with_key("sign");
    once.push("alice@example.com".into());
    let start = |arguments: &Vec<PathBuf>| {
        for _ in 0..STARTS {
            run(arguments, Path::new("/dev/null"), Stdio::piped()).expect("a process");
        }
    };
    let mut measured = [
        Measured::new("C program that prints a line", STARTS, || start(&hello)),
        Measured::new("batv sign, one address", STARTS, || start(&once)),
    ];
    let times = least(10, &mut measured);
    println!("\nprocesses, from start to end");
    for (one, time) in measured.iter().zip(&times) {
        println!("{:<28}{:>13.0} µs{:>13.2}×", one.name, time / 1e3, time / times[0]);
    }
    Ok(())
}

/// Builds the command for release, and says where it is.
fn build() -> io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--release", "--quiet", "--package", "batv-cli"]).status()?;
    if !status.success() {
        return Err(io::Error::other("batv-cli does not build"));
    }
    // The benchmark stands in `deps` of the profile's folder.
    let here = std::env::current_exe()?;
    let profile = here.ancestors().nth(2).ok_or_else(|| io::Error::other("no target folder"))?;
    Ok(profile.join("batv"))
}

fn write_addresses(path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..LINES {
        writeln!(file, "user{number:07}.name@mail1.example.com")?;
    }
    file.flush()
}

/// Runs a program to its end, its output read and thrown away as fast as it comes.
fn run(arguments: &[PathBuf], input: &Path, output: Stdio) -> io::Result<()> {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).stdin(File::open(input)?).stdout(output).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut output) = child.stdout.take() {
        io::copy(&mut output, &mut io::sink())?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{}: {status}", arguments[0].display()))) }
}
