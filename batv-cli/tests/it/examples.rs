//! The examples of the README and of the manual: each `console` block runs in a shell, all of a page in one folder that
//! begins empty.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use snapbox::assert_data_eq;

/// A command after `$ `, and what it prints to standard output and error, after `? STATUS` when that is not 0.
struct Example {
    line: usize,
    command: String,
    expected: String,
}

#[test]
fn examples_print_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let mut pages = vec![root.join("README.md")];
    let manual = fs::read_dir(root.join("docs/src")).expect("a manual");
    pages.extend(
        manual.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension() == Some("md".as_ref())),
    );
    let mut run_examples = 0;
    for page in &pages {
        let folder = tempfile::tempdir().expect("a folder");
        for example in examples(&fs::read_to_string(page).expect("a page")) {
            println!("{}:{}: {}", page.display(), example.line, example.command);
            assert_data_eq!(run(&example.command, folder.path()), example.expected);
            run_examples += 1;
        }
    }
    assert!(run_examples > 40, "the manual has lost its examples: {run_examples}");
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut in_console = false;
    for (number, line) in text.lines().enumerate() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => in_console = line == "```console",
            Some(command) if in_console => {
                examples.push(Example { line: number + 1, command: command.to_owned(), expected: String::new() });
            }
            None if in_console => {
                let example = examples.last_mut().expect("a command comes first");
                example.expected.push_str(line);
                example.expected.push('\n');
            }
            _ => {}
        }
    }
    // An empty line sets the next command apart.
    for Example { expected, .. } in &mut examples {
        expected.truncate(expected.trim_end_matches('\n').len());
    }
    examples
}

fn run(command: &str, folder: &Path) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_batv")).parent().expect("a folder");
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path")))
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let printed = String::from_utf8(output.stdout).expect("text");
    let status = match output.status.code() {
        Some(0) => String::new(),
        code => format!("? {}\n", code.unwrap_or(-1)),
    };
    format!("{status}{printed}").trim_end_matches('\n').to_owned()
}
