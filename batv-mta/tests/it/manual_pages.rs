//! The manual pages, and the programs that they describe.

use std::process::Command;

const DAEMON: &str = include_str!("../../docs/batvd.8");
const CONFIGURATION: &str = include_str!("../../docs/batvd.toml.5");

/// The help of the program.
fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_batvd")).args(command).arg("--help").output().expect("batvd");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The commands that it lists.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Deeper lines continue the text of a command.
    list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty())).collect()
}

/// The long options that it names, without dashes.
fn options(help: &str) -> Vec<&str> {
    let words = help.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    words.filter_map(|word| word.strip_prefix("--")).filter(|name| !name.is_empty()).collect()
}

#[test]
fn the_page_of_the_daemon_has_all_commands_and_options() {
    let top = help(&[]);
    let commands = commands(&top);
    assert!(commands.contains(&"setup"), "{top}");
    for command in &commands {
        assert!(DAEMON.contains(&format!(".It Cm {command}\n")), "{command}");
    }
    let of_commands = commands.iter().filter(|command| **command != "help").map(|command| help(&[command]));
    let entries = DAEMON.lines().filter(|line| line.starts_with(".It Fl"));
    let words: Vec<&str> = entries.flat_map(str::split_whitespace).collect();
    for said in of_commands.chain([top.clone()]) {
        for option in options(&said) {
            assert!(words.contains(&format!("-{option}").as_str()), "{option}");
        }
    }
}

#[test]
fn the_page_of_the_configuration_has_a_place_for_the_sample() {
    assert_eq!(CONFIGURATION.matches("\n.\\\" batvd.toml\n").count(), 1);
}
