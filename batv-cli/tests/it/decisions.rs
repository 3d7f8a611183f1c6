//! The decisions that all ways in have to agree on, put to `batv check` and `batv judge`.

use std::fs;
use std::process::Command;

use batv_core::Day;
use batv_core::envelope::Stage;
use batv_tests::vectors::decisions::{self, Client, Heard, NOTHING, Question, Row, Said, some_handle};
use serde_json::Value;

fn field<'o>(object: &'o Value, name: &str) -> &'o str {
    object[name].as_str().unwrap_or(NOTHING)
}

/// The fields of the object that a command prints for a row.
fn hear(row: &Row<'_>, today: Day, command: &str, arguments: &[String], fields: &[&'static str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let keyring = folder.path().join("keyring.toml");
    fs::write(&keyring, row.keyring(today)).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&keyring, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_batv"))
        .args([command, "--json", &format!("--keyring={}", keyring.display()), &format!("--from={}", row.from)])
        .args(row.options(today))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command} {arguments:?}");
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut said: Said = fields.iter().map(|name| (*name, field(&object, name).to_owned())).collect();
    said.insert("reply", field(&object, "reply").chars().take("250 2.1.5".len()).collect());
    said
}

fn check(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, expected, .. } = row.question(today, &some_handle);
    let arguments = [row.options_of_check(), vec![format!("--to={to}")]].concat();
    let fields = ["verdict", "reason", "disposition", "deliver_to", "mode", "in_reject"];
    Heard { expected, said: hear(row, today, "check", &arguments, &fields) }
}

fn judge(row: &Row<'_>, today: Day) -> Heard {
    let Question { to, message, expected, .. } = row.question(today, &some_handle);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.eml");
    fs::write(&file, message.unwrap()).unwrap();
    let arguments = vec![format!("--to={to}"), file.to_str().unwrap().to_owned()];
    let arguments = [row.options_of_judge(today), arguments].concat();
    let fields = ["verdict", "reason", "disposition", "deliver_to", "class", "origin"];
    Heard { expected, said: hear(row, today, "judge", &arguments, &fields) }
}

#[test]
fn check_agrees() {
    decisions::agree("batv check", |row, today| match () {
        () if row.at() != Stage::RcptTo => Err("end of data"),
        () if row.earlier() != "none" => Err("recipients before"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        () => Ok(check(row, today)),
    });
}

#[test]
fn judge_agrees() {
    decisions::agree("batv judge", |row, today| match () {
        () if !row.has_message() => Err("no message"),
        () if row.answers().report_is_welcome => Err("caller"),
        () if row.client() != Client::World => Err("client"),
        () if row.answers().matter() && !row.is_unasked() => Err("answers"),
        () => Ok(judge(row, today)),
    });
}
