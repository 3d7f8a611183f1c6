//! The vectors under `tests/vectors`, as a table in C.

use core::fmt::Write;
use std::fs;

use batv_config::Keyring;
use batv_core::{Day, Path};
use serde_json::Value;

/// A keyring that signs for nobody, for rows about addresses alone.
const SRS_KEY: &str = "[[key]]\nuse = \"srs\"\nsecret = \"text:tops3cr3t\"\n";

struct Row<'v> {
    name: &'v str,
    operation: &'v str,
    keyring: String,
    settings: String,
    today: u64,
    reverse_path: &'v str,
    trusted: bool,
    earlier: &'v str,
    stage: &'v str,
    address: Vec<u8>,
    message_id: &'v str,
    expected: String,
}

#[derive(Default)]
struct Table {
    text: String,
    count: usize,
    not_a_file: usize,
}

impl Table {
    fn push(&mut self, row: &Row<'_>) {
        // The core judges with keys that no file may have, such as two that sign.
        if Keyring::parse(&row.keyring).is_err() {
            self.not_a_file += 1;
            return;
        }
        self.count += 1;
        let strings = [row.name, row.operation, &row.keyring, &row.settings].map(|text| literal(text.as_bytes()));
        let (reverse_path, address, expected) =
            (literal(row.reverse_path.as_bytes()), literal(&row.address), literal(row.expected.as_bytes()));
        let message_id = literal(row.message_id.as_bytes());
        writeln!(
            self.text,
            "{{{}, {}, {reverse_path}, {}, {}, {}, {address}, {}, {message_id}, {}, {expected}}},",
            strings.join(", "),
            // Noon.
            row.today * 86_400 + 43_200,
            u8::from(row.trusted),
            row.earlier,
            row.stage,
            row.address.len(),
            row.message_id.len(),
        )
        .expect("a string takes all");
    }
}

/// The rows, and how many they are.
pub(crate) fn of_all_vectors() -> (String, usize) {
    let mut table = Table::default();
    prvs(&mut table);
    srs(&mut table);
    mailbox(&mut table);
    dialects(&mut table);
    envelope(&mut table);
    mark(&mut table);
    assert!(table.count > 1_000, "only {} rows", table.count);
    assert!(table.not_a_file < table.count / 20, "{} rows have keys that no file may have", table.not_a_file);
    (table.text, table.count)
}

fn prvs(table: &mut Table) {
    let vectors = read("prvs");
    for case in list(&vectors["sign"]) {
        let mut key = case.clone();
        key["id"] = case["key_id"].clone();
        key["state"] = "signing".into();
        let expected = match case["tagged"].as_str() {
            None => "error".to_owned(),
            Some(tagged) => match case["expires"].as_i64() {
                Some(expires) => format!("{tagged} tagged {expires}"),
                None => format!("{} unchanged -1", canonical(text(&case["address"]))),
            },
        };
        let settings = format!(
            "form {}\ndelimiter {}\nlifetime {}\n",
            text(&case["form"]),
            text(&case["delimiter"]),
            case["lifetime"]
        );
        table.push(&Row {
            keyring: keyring("batv", [&key]),
            settings,
            address: text(&case["address"]).into(),
            expected,
            ..row(case, "sign")
        });
    }
    for case in list(&vectors["verify"]) {
        let number = |name: &str, none: i64| case[name].as_i64().unwrap_or(none);
        let expected = match text(&case["verdict"]) {
            "malformed" => "error".to_owned(),
            verdict => format!(
                "{verdict} {} {} {} {}",
                canonical(text(&case["address"])),
                number("key_id", -1),
                number("expires", -1),
                number("days_left", 0)
            ),
        };
        table.push(&Row {
            keyring: keyring("batv", list(&case["keys"])),
            address: text(&case["tagged"]).into(),
            expected,
            ..row(case, "verify")
        });
    }
}

fn srs(table: &mut Table) {
    let vectors = read("srs");
    let settings = |case: &Value| {
        let number = |name: &str, default: u64| case[name].as_u64().unwrap_or(default);
        let minimum = number("hash_minimum", 4);
        format!(
            "srs_domains {}\nsrs_separator {}\nsrs_hash_length {}\nsrs_hash_minimum {minimum}\nsrs_max_age {}\nsrs_always_rewrite {}\n",
            list(&case["domains"]).map(text).collect::<Vec<_>>().join(" "),
            case["separator"].as_str().unwrap_or("="),
            number("hash_length", minimum),
            number("max_age", 21),
            case["always_rewrite"].as_bool().unwrap_or_default(),
        )
    };
    for case in list(&vectors["forward"]) {
        table.push(&Row {
            keyring: keyring("srs", list(&case["keys"])),
            settings: settings(case),
            address: text(&case["address"]).into(),
            expected: match case["rewritten"].as_str() {
                Some(rewritten) if rewritten == text(&case["address"]) => canonical(rewritten),
                Some(rewritten) => rewritten.to_owned(),
                None => "error".to_owned(),
            },
            ..row(case, "srs forward")
        });
    }
    for case in list(&vectors["reverse"]) {
        table.push(&Row {
            keyring: keyring("srs", list(&case["keys"])),
            settings: settings(case),
            address: text(&case["rewritten"]).into(),
            expected: format!(
                "{} {}",
                text(&case["verdict"]),
                case["address"].as_str().map(canonical).unwrap_or_default()
            ),
            ..row(case, "srs reverse")
        });
    }
}

fn mailbox(table: &mut Table) {
    let vectors = read("mailbox");
    let input = |case: &Value| match case["input_hex"].as_str() {
        Some(digits) => data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).expect("hex"),
        None => text(&case["input"]).into(),
    };
    for case in list(&vectors["accept"]) {
        let expected = format!("{} unchanged -1", text(&case["canonical"]));
        table.push(&Row { keyring: SRS_KEY.to_owned(), address: input(case), expected, ..row(case, "sign") });
    }
    // The core refuses U-labels; the library reads them as the A-labels that they stand for.
    let is_u_label = |case: &Value| case["source"] == "RFC 5890 section 2.3.2.1";
    // For C the empty text is the null path. A reverse-path is read less strictly.
    for case in list(&vectors["refuse"]).filter(|case| !input(case).is_empty() && !is_u_label(case)) {
        let expected = "error".to_owned();
        table.push(&Row { keyring: SRS_KEY.to_owned(), address: input(case), expected, ..row(case, "verify") });
    }
}

fn dialects(table: &mut Table) {
    let vectors = read("dialects");
    for case in list(&vectors["cases"]) {
        for (operation, layers, last) in
            [("unwrap", "layers", "identity"), ("unwrap strict", "strict_layers", "strict")]
        {
            let layers: Vec<_> = list(&case[layers]).collect();
            let seen = layers.iter().filter(|layer| !layer["address"].is_null()).count();
            let dialect = layers.last().map_or("none", |layer| text(&layer["dialect"]));
            let inner = case[last].as_str().unwrap_or(text(&case["address"]));
            let expected = match Path::parse(text(&case["address"])) {
                Ok(_) => format!("{} {seen} {dialect} {}", canonical(inner), layers.len() - seen),
                Err(_) => "error".to_owned(),
            };
            table.push(&Row {
                keyring: SRS_KEY.to_owned(),
                address: text(&case["address"]).into(),
                expected,
                ..row(case, operation)
            });
        }
    }
}

fn envelope(table: &mut Table) {
    let vectors = read("envelope");
    for case in list(&vectors["cases"]) {
        let policy = &vectors["policies"][text(&case["policy"])];
        let joined = |name: &str| list(&policy[name]).map(text).collect::<Vec<_>>().join(" ");
        for mode in ["observe", "mark", "quarantine", "reject"] {
            let answers = case["answers"].as_object().expect("an object");
            let Some((_, answer)) =
                answers.iter().find(|(modes, _)| *modes == "any" || modes.split(' ').any(|name| name == mode))
            else {
                continue;
            };
            let mut settings = format!("mode {mode}\n");
            for name in ["protected", "exempt"].into_iter().filter(|name| !joined(name).is_empty()) {
                settings += &format!("{name} {}\n", joined(name));
            }
            for name in ["form", "reject_at", "on_error"] {
                if let Some(value) = policy[name].as_str() {
                    settings += &format!("{name} {value}\n");
                }
            }
            if let Some(since) = policy["signing_since"].as_u64() {
                settings += &format!("signing_since {}\n", date(since));
            }
            let words = ["verdict", "reason", "disposition", "reply"].map(|name| text(&answer[name]));
            let deliver_to = answer["deliver_to"].as_str().unwrap_or_default();
            table.push(&Row {
                keyring: keyring("batv", list(&vectors["rings"][text(&case["ring"])])),
                settings,
                today: case["today"].as_u64().or(vectors["today"].as_u64()).expect("a day"),
                reverse_path: text(&case["from"]),
                trusted: case["trusted"].as_bool().unwrap_or_default(),
                earlier: match case["earlier"].as_str() {
                    Some("settled") => "BATV_EARLIER_SETTLED",
                    Some("undecided") => "BATV_EARLIER_UNDECIDED",
                    _ => "0",
                },
                stage: if case["at"] == "data" { "BATV_STAGE_END_OF_DATA" } else { "0" },
                address: text(&case["to"]).into(),
                expected: format!("{} {deliver_to} {}", words.join(" "), u8::from(answer["settled"] == true)),
                ..row(case, "check")
            });
        }
    }
}

fn mark(table: &mut Table) {
    let vectors = read("mark");
    for case in list(&vectors["make"]) {
        let expected = match case["mark"].as_str() {
            Some(mark) => format!("{mark} {}", text(&case["envelope_id"])),
            None => "error".to_owned(),
        };
        table.push(&Row {
            keyring: keyring("batv", list(&case["keys"])),
            reverse_path: text(&case["address"]),
            message_id: text(&case["message_id"]),
            expected,
            ..row(case, "mark make")
        });
    }
    for (operation, value) in [("verify", "mark"), ("verify_envelope_id", "envelope_id")] {
        for case in list(&vectors[operation]) {
            table.push(&Row {
                keyring: keyring("batv", list(&case["keys"])),
                reverse_path: text(&case["address"]),
                address: text(&case[value]).into(),
                message_id: case["message_id"].as_str().unwrap_or_default(),
                expected: text(&case["verdict"]).to_owned(),
                ..row(case, if value == "mark" { "mark verify" } else { "mark verify envelope id" })
            });
        }
    }
}

fn row<'v>(case: &'v Value, operation: &'v str) -> Row<'v> {
    Row {
        name: text(&case["name"]),
        operation,
        keyring: String::new(),
        settings: String::new(),
        today: case["today"].as_u64().unwrap_or(18_262),
        reverse_path: "",
        trusted: false,
        earlier: "0",
        stage: "0",
        address: Vec::new(),
        message_id: "",
        expected: String::new(),
    }
}

/// The text of a keyring file with these keys.
fn keyring<'v>(key_use: &str, keys: impl IntoIterator<Item = &'v Value>) -> String {
    let mut toml = String::new();
    for key in keys {
        toml += &format!("[[key]]\nuse = \"{key_use}\"\n");
        for name in ["algorithm", "secret", "state", "domains"] {
            if !key[name].is_null() {
                // Of text without control characters, JSON and TOML have the same literals.
                toml += &format!("{name} = {}\n", key[name]);
            }
        }
        if key_use == "batv" {
            toml += &format!("id = {}\n", key["id"]);
            if let Some(days) = key["lifetime"].as_u64() {
                toml += &format!("lifetime = {days}\n");
            }
        }
        if let Some(day) = key["created"].as_u64() {
            toml += &format!("created = {}\n", date(day));
        }
    }
    toml
}

fn date(day: u64) -> String {
    Day::new(day.try_into().expect("a day")).expect("a day").to_string()
}

/// How the library writes an address that it leaves as it is.
fn canonical(address: &str) -> String {
    Path::parse(address).expect("an address").to_string()
}

/// A string literal of C with these octets.
fn literal(octets: &[u8]) -> String {
    let mut literal = String::from("\"");
    for octet in octets {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'@' | b'.' | b'=' | b'-' | b'_' => {
                literal.push(char::from(*octet));
            }
            _ => write!(literal, "\\{octet:03o}").expect("a string takes all"),
        }
    }
    literal + "\""
}

fn read(file: &str) -> Value {
    let path = super::support::manifest().join(format!("../tests/vectors/{file}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("the vectors")).expect("JSON")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
