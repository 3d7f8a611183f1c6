//! The vectors of `tests/vectors/`, put to the command line: what it prints is what the files say.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use batv_core::Day;
use serde_json::{Value, json};
use tempfile::TempDir;

fn vectors(file: &str, list: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let Value::Array(cases) = document[list].take() else { panic!("{file} has no list {list}") };
    assert!(!cases.is_empty());
    cases
}

/// The objects that the program prints for one line of input each, and whether it ended with status 0.
fn ask(arguments: &[String], lines: &[&str]) -> (Vec<Value>, bool) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_batv"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Less than a pipe holds.
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    (stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.success())
}

fn ask_one(arguments: &[String], line: &str) -> (Value, bool) {
    let (mut objects, success) = ask(arguments, &[line]);
    assert_eq!(objects.len(), 1, "{arguments:?} {line}");
    (objects.remove(0), success)
}

fn date(days: &Value) -> Value {
    days.as_u64().map_or(Value::Null, |days| Day::new(days.try_into().unwrap()).unwrap().to_string().into())
}

fn text<'c>(case: &'c Value, field: &str) -> &'c str {
    case[field].as_str().unwrap_or_else(|| panic!("no {field} in {case}"))
}

/// Options that are the same for all commands, and then others.
fn options(command: &[&str], case: &Value, others: &[(&str, String)]) -> Vec<String> {
    let mut arguments: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    arguments.push("--json".to_owned());
    arguments.push(format!("--at={}", date(&case["today"]).as_str().unwrap()));
    arguments.extend(others.iter().map(|(name, value)| format!("--{name}={value}")));
    arguments
}

struct Keyrings(TempDir);

impl Keyrings {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes the keys of a case into a keyring.
    fn write(&self, key_use: &str, keys: &[Value]) -> (&'static str, String) {
        let mut toml = String::new();
        for key in keys {
            toml += &format!("[[key]]\nuse = \"{key_use}\"\n");
            for field in ["id", "algorithm", "secret", "state", "lifetime"] {
                if key_use == "batv" || !matches!(field, "id" | "lifetime") {
                    toml += &format!("{field} = {}\n", key[field]);
                }
            }
        }
        ("keyring", self.save(toml.as_bytes()).to_str().unwrap().to_owned())
    }

    fn save(&self, octets: &[u8]) -> PathBuf {
        let path = self.0.path().join("keys");
        fs::write(&path, octets).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    }
}

#[test]
fn sign() {
    let keyrings = Keyrings::new();
    for case in vectors("prvs.json", "sign") {
        let key = json!({
            "id": case["key_id"], "algorithm": case["algorithm"], "secret": case["secret"], "state": "signing",
            "lifetime": case["lifetime"],
        });
        let (name, file) = keyrings.write("batv", &[key]);
        let others = [
            (name, file),
            ("form", text(&case, "form").to_owned()),
            ("delimiter", text(&case, "delimiter").to_owned()),
        ];
        let address = text(&case, "address");
        let (object, success) = ask_one(&options(&["sign", "--exact-case"], &case, &others), address);
        if case["error"] == true {
            assert!(object["error"].is_string() && object["input"] == address && !success, "{case}: {object}");
            continue;
        }
        let key_id = if case["expires"].is_null() { Value::Null } else { case["key_id"].clone() };
        let expected =
            json!({"input": address, "address": case["tagged"], "key_id": key_id, "expires": date(&case["expires"])});
        assert_eq!((object, success), (expected, true), "{case}");
    }
}

#[test]
fn verify() {
    let keyrings = Keyrings::new();
    for case in vectors("prvs.json", "verify") {
        let others = [keyrings.write("batv", case["keys"].as_array().unwrap())];
        let tagged = text(&case, "tagged");
        let expected = json!({
            "input": tagged, "verdict": case["verdict"], "address": case["address"], "key_id": case["key_id"],
            "expires": date(&case["expires"]), "days_left": case["days_left"],
        });
        let (object, success) = ask_one(&options(&["verify"], &case, &others), tagged);
        assert_eq!((object, success), (expected, case["verdict"] == "valid"), "{case}");
    }
}

fn domains(case: &Value) -> Vec<(&'static str, String)> {
    case["domains"].as_array().unwrap().iter().map(|domain| ("domain", domain.as_str().unwrap().to_owned())).collect()
}

#[test]
fn srs_forward() {
    let keyrings = Keyrings::new();
    for case in vectors("srs.json", "forward") {
        let mut others = domains(&case);
        others.push(keyrings.write("srs", case["keys"].as_array().unwrap()));
        others.push(("separator", text(&case, "separator").to_owned()));
        others.push(("hash-length", case["hash_length"].to_string()));
        let mut arguments = options(&["srs", "forward"], &case, &others);
        if case["always_rewrite"] == true {
            arguments.push("--always-rewrite".to_owned());
        }
        let address = text(&case, "address");
        let (object, success) = ask_one(&arguments, address);
        if case["error"] == true {
            assert!(object["error"].is_string() && object["input"] == address && !success, "{case}: {object}");
            continue;
        }
        let expected = json!({"input": address, "address": case["rewritten"]});
        assert_eq!((object, success), (expected, true), "{case}");
    }
}

#[test]
fn srs_reverse() {
    let keyrings = Keyrings::new();
    for case in vectors("srs.json", "reverse") {
        let mut others = domains(&case);
        others.push(keyrings.write("srs", case["keys"].as_array().unwrap()));
        others.push(("hash-minimum", case["hash_minimum"].to_string()));
        others.push(("max-age", case["max_age"].to_string()));
        let rewritten = text(&case, "rewritten");
        let (object, success) = ask_one(&options(&["srs", "reverse"], &case, &others), rewritten);
        let expected = json!({"input": rewritten, "verdict": case["verdict"], "address": case["address"]});
        assert_eq!((object, success), (expected, case["verdict"] == "valid"), "{case}");
    }
}

#[test]
fn unwrap() {
    let cases = vectors("dialects.json", "cases");
    let addresses: Vec<_> = cases.iter().map(|case| text(case, "address")).collect();
    for (arguments, address, layers) in [
        (&["unwrap", "--json"][..], "identity", "layers"),
        (&["unwrap", "--json", "--strict"], "strict", "strict_layers"),
    ] {
        let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let (objects, success) = ask(&arguments, &addresses);
        assert!(success);
        for (case, object) in cases.iter().zip(&objects) {
            let expected = json!({"input": case["address"], "address": case[address], "layers": case[layers]});
            assert_eq!(*object, expected, "{}", case["name"]);
        }
        assert_eq!(objects.len(), cases.len());
    }
}

/// A mailbox without a tag is printed in its canonical form.
#[test]
fn mailboxes() {
    let keyrings = Keyrings::new();
    let (_, keyring) = keyrings.write("batv", &[]);
    let arguments = ["verify", "--json", "--keyring", &keyring].map(str::to_owned);
    for case in vectors("mailbox.json", "accept") {
        let (object, _) = ask_one(&arguments, text(&case, "input"));
        assert_eq!(object["verdict"], if object["key_id"].is_null() { "untagged" } else { "unknown-key" }, "{case}");
        if object["key_id"].is_null() && case["canonical"] != "<>" {
            assert_eq!(object["address"], case["canonical"], "{case}");
        }
    }
    for case in vectors("mailbox.json", "refuse") {
        let Some(input) = case["input"].as_str().filter(|input| !input.contains('\n')) else { continue };
        // The core refuses U-labels; the command reads them as the A-labels that they stand for.
        if case["source"] == "RFC 5890 section 2.3.2.1" {
            continue;
        }
        let (object, success) = ask_one(&arguments, input);
        assert_eq!((&object["verdict"], success), (&json!("malformed"), false), "{case}");
    }
}
