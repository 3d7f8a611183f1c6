//! Which message takes which words, and which proof.

use batv_core::tag::Form;

use super::Message;
use super::home;
use super::mime::{self, Charset};
use super::original::{Original, Proof, Returned};
use super::template::{Scene, Template, Templates};
use super::wording::{Wording, Wordings};

/// Who sends bounces that have a reverse-path.
const DAEMONS: [&str; 4] = [
    "mailer-daemon@mx.example.net",
    "postmaster@example.org",
    "noreply@example.net",
    "MAILER-DAEMON@relay7.example.net",
];
/// Proofs, and where they are returned, as messages with words take them in turn.
const TURNS: [(Proof, Returned); 17] = [
    (Proof::Foreign, Returned::Inline),
    (Proof::Foreign, Returned::Whole),
    (Proof::Foreign, Returned::Headers),
    (Proof::Mark, Returned::Inline),
    (Proof::Mark, Returned::Headers),
    (Proof::None, Returned::Partial),
    (Proof::Tag, Returned::Whole),
    (Proof::Tag, Returned::Inline),
    (Proof::Hint, Returned::Headers),
    (Proof::Dkim, Returned::Whole),
    (Proof::None, Returned::None),
    (Proof::Dkim, Returned::Inline),
    (Proof::Tag, Returned::Headers),
    (Proof::Hint, Returned::Inline),
    (Proof::Hint, Returned::Whole),
    (Proof::Mark, Returned::Whole),
    (Proof::Dkim, Returned::Headers),
];

/// All messages.
pub(super) fn messages() -> Vec<Message> {
    let files = [
        include_str!("../../messages/templates/arf.toml"),
        include_str!("../../messages/templates/auto-reply.toml"),
        include_str!("../../messages/templates/challenge.toml"),
        include_str!("../../messages/templates/dmarc.toml"),
        include_str!("../../messages/templates/dsn.toml"),
        include_str!("../../messages/templates/list-automaton.toml"),
        include_str!("../../messages/templates/mdn.toml"),
        include_str!("../../messages/templates/nonstandard-dsn.toml"),
        include_str!("../../messages/templates/null-other.toml"),
        include_str!("../../messages/templates/ordinary.toml"),
        include_str!("../../messages/templates/tlsrpt.toml"),
        include_str!("../../messages/templates/virus-notice.toml"),
    ];
    let languages = Wordings::all();
    let mut messages = Vec::new();
    for file in files {
        let templates: Templates = toml::from_str(file).expect("templates");
        let (worded, own): (Vec<_>, Vec<_>) =
            templates.template.iter().partition(|template| !template.wording.is_empty());
        for template in own {
            // Numbers differ between templates, and a new template changes none of the others.
            for (number, case) in (template.text.len()..).zip(&template.cases) {
                messages.push(of_case(&templates.class, template, case, number));
            }
        }
        for kind in ["failed", "delayed", "challenge", "virus", "reply", "list"] {
            let shapes: Vec<_> = worded.iter().copied().filter(|template| template.wording == kind).collect();
            if !shapes.is_empty() {
                messages.extend(in_all_languages(&templates.class, kind, &shapes, &languages));
            }
        }
    }
    messages
}

/// A message with words of its own.
fn of_case(class: &str, template: &Template, case: &str, number: usize) -> Message {
    let (case, note) = case.split_once(" # ").unwrap_or((case, &template.note));
    let words: Vec<_> = case.split(' ').collect();
    let [from, to, proof, returned, options @ ..] = &*words else { panic!("{}: {case}", template.name) };
    let (proof, variant) = proof.split_once('/').unwrap_or((proof, "0"));
    let (proof, returned) = (named(proof), named(returned));
    let original = Original::new(proof, variant.parse().expect("a variant"), number);
    let to = recipient(to);
    let mut name = template.name.clone();
    let mut ends = "crlf";
    let mut cut = None;
    let mut charset = Charset::UTF_8;
    for option in options {
        match option.split_once('=').expect("an option") {
            ("name", value) => name = format!("{name}-{value}"),
            ("ends", value) => ends = value,
            ("cut", value) => cut = Some(value.replace('_', " ")),
            ("charset", value) => charset = Charset::parse(value),
            (option, _) => panic!("no option {option}"),
        }
    }
    let wording = Wording::default();
    let scene = Scene { from, to: &to, original: &original, returned, wording: &wording, charset, number };
    let mut octets = scene.write(&template.text);
    if let Some(cut) = cut {
        let at = octets.windows(cut.len()).rposition(|window| window == cut.as_bytes());
        octets.truncate(at.expect("a place to cut") + cut.len());
    }
    let octets = with_ends(ends, &octets);
    let language = template.language.clone();
    let path = path(class, &language, &name, from, proof, returned);
    Message {
        path,
        class: class.to_owned(),
        action: template.action.clone(),
        language,
        from: (*from).to_owned(),
        to,
        proof,
        original: returned,
        note: note.to_owned(),
        octets,
    }
}

/// Messages of a kind in all languages: programs, proofs, reverse-paths and charsets in turn.
fn in_all_languages(class: &str, kind: &str, shapes: &[&Template], languages: &[Wordings]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut number = 0;
    let mut uses = vec![0; shapes.len()];
    for (place, language) in languages.iter().enumerate() {
        // Standard reports are known by their form: one of each kind is enough.
        let count = if class == "dsn" { 1 } else { usize::MAX };
        for (at, wording) in language.of(kind).iter().take(count).enumerate() {
            // The first words of most kinds come with both kinds of reverse-path; others with one of them.
            let both = at == 0 && class != "dsn" && kind != "list";
            let reverse_paths = if both { vec![true, false] } else { vec![(place + at).is_multiple_of(2)] };
            for null in reverse_paths {
                let shape = (number + number / shapes.len()) % shapes.len();
                let template = shapes[shape];
                let charsets = language.charsets();
                let charset = Charset::parse(charsets[(number + at) % charsets.len()]);
                let (proof, returned) = turn(template, uses[shape]);
                uses[shape] += 1;
                let variant = match (proof, returned) {
                    // Text loses the white space that simple canonicalization counts on.
                    (Proof::Dkim, Returned::Inline) => number % 2,
                    _ => number % proof.variants(),
                };
                let original = Original::new(proof, variant, number);
                let from = match kind {
                    _ if null => "<>",
                    "reply" | "challenge" => &original.recipient,
                    "list" => "walkers-bounces@lists.example.org",
                    _ => DAEMONS[number % DAEMONS.len()],
                };
                let to = recipient(if null && number % 5 == 3 { "tagged" } else { "alice" });
                let scene = Scene { from, to: &to, original: &original, returned, wording, charset, number };
                let octets = with_ends(if number % 7 == 4 { "lf" } else { "crlf" }, &scene.write(&template.text));
                let name = format!("{}-{}", template.name, at + 1);
                messages.push(Message {
                    path: path(class, &language.name(), &name, from, proof, returned),
                    class: class.to_owned(),
                    action: template.action.clone(),
                    language: language.language.clone(),
                    from: from.to_owned(),
                    to,
                    proof,
                    original: returned,
                    note: format!("{} {}", charset.name, charset.transfer.name()),
                    octets,
                });
                number += 1;
            }
        }
    }
    messages
}

/// The proof of a message with words, and where it is, when its template was used so many times before.
fn turn(template: &Template, uses: usize) -> (Proof, Returned) {
    if template.proofs.is_empty() {
        let possible: Vec<_> = TURNS.iter().filter(|(_, returned)| template.returns.contains(returned)).collect();
        return *possible[uses % possible.len()];
    }
    let proof = &template.proofs[uses % template.proofs.len()];
    let (proof, returned) = proof.split_once(' ').expect("proof and what is returned");
    (named(proof), named(returned))
}

fn recipient(name: &str) -> String {
    match name {
        "alice" => home::SENDER.to_owned(),
        "tagged" => home::tagged(Form::Prvs, 2),
        "sub-address" => home::tagged(home::sub_address(), 1),
        "strong" => home::tagged(Form::Strong, 1),
        "expired" => home::tagged(Form::Prvs, 20),
        "forged" => "prvs=4789abcdef=alice@example.com".to_owned(),
        address => address.to_owned(),
    }
}

fn path(class: &str, language: &str, name: &str, from: &str, proof: Proof, returned: Returned) -> String {
    let reverse_path = if from == "<>" { "null" } else { "address" };
    format!("{class}/{language}-{name}-{reverse_path}-{}-{}.eml", proof.name(), returned.name())
}

fn with_ends(ends: &str, octets: &[u8]) -> Vec<u8> {
    match ends {
        "lf" => octets.to_vec(),
        "cr" => octets.iter().map(|octet| if *octet == b'\n' { b'\r' } else { *octet }).collect(),
        "crlf" => mime::with_crlf(octets),
        // As a program writes that opens a file with CRLF as text.
        "crcrlf" => octets.split(|octet| *octet == b'\n').collect::<Vec<_>>().join(&b"\r\r\n"[..]),
        // As a mail server hands over a header, with the body of one that knows no LF.
        "crlf-cr" => {
            let body = octets.windows(2).position(|ends| ends == b"\n\n").expect("a body") + 2;
            [mime::with_crlf(&octets[..body]), with_ends("cr", &octets[body..])].concat()
        }
        _ => panic!("no line ends {ends}"),
    }
}

fn named<T: for<'a> serde::Deserialize<'a>>(name: &str) -> T {
    serde_json::from_value(name.into()).unwrap_or_else(|_| panic!("no {name} in the index"))
}
