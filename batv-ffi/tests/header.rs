//! `include/batv.h`: made from the source, and as it was.

use std::fs;
use std::path::{Path, PathBuf};

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// With `BATV_HEADER=write` it is written anew.
#[test]
fn header_is_that_of_the_source() {
    let config = cbindgen::Config::from_file(manifest().join("cbindgen.toml")).unwrap();
    let mut octets = Vec::new();
    cbindgen::Builder::new().with_crate(manifest()).with_config(config).generate().unwrap().write(&mut octets);
    let fresh = String::from_utf8(octets).unwrap();
    let path = manifest().join("include/batv.h");
    if std::env::var_os("BATV_HEADER").is_some_and(|value| value == "write") {
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "include/batv.h is not that of the source: `BATV_HEADER=write cargo test -p batv-ffi`");
}
