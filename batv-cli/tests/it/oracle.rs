//! The command against the implementation in Python: the vectors, and random cases.

use std::env;
use std::path::Path;
use std::process::Command;

fn oracle(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle.py");
    let output = Command::new("python3").arg("-B").arg(script).args(arguments).output().expect("python3");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[test]
fn vectors_agree() {
    assert!(oracle(&["vectors"]).contains("prvs.json"));
}

#[test]
fn random_cases_agree() {
    let seed = env::var("PROPTEST_RNG_SEED").expect("the seed of `.cargo/config.toml`, or another");
    let summary = oracle(&["cli", "--batv", env!("CARGO_BIN_EXE_batv"), "--cases", "5000", "--seed", &seed]);
    assert!(summary.contains(", 0 mismatches (seed "), "{summary}");
    println!("{summary}");
}
