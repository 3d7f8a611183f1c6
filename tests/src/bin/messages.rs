//! Writes the messages under `batv-bounce/tests/messages` anew: `cargo run -p batv-tests --bin messages -- write`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use batv_tests::messages;

fn main() -> ExitCode {
    if env::args().skip(1).ne(["write"]) {
        eprintln!("usage: messages write");
        return ExitCode::from(2);
    }
    match write(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../batv-bounce/tests/messages"))) {
        Ok(count) => {
            println!("{count} files written");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("messages: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<usize> {
    let files = messages::files();
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for (name, octets) in &files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, octets)?;
    }
    Ok(files.len())
}
