//! The README's examples: each `console` block runs in a shell, all in one folder that begins empty.

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
    let folder = tempfile::tempdir().unwrap();
    let examples = examples(include_str!("../../README.md"));
    assert!(examples.len() > 10, "the README has lost its examples");
    for example in examples {
        println!("README.md:{}: {}", example.line, example.command);
        assert_data_eq!(run(&example.command, folder.path()), example.expected);
    }
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
