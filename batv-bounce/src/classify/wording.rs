//! Phrases in fourteen languages, from `wording/*.txt`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::{memchr, memmem};

/// The files, each with the name of its language.
const FILES: [(&str, &str); 14] = [
    ("English", include_str!("../../wording/english.txt")),
    ("German", include_str!("../../wording/german.txt")),
    ("French", include_str!("../../wording/french.txt")),
    ("Spanish", include_str!("../../wording/spanish.txt")),
    ("Portuguese", include_str!("../../wording/portuguese.txt")),
    ("Italian", include_str!("../../wording/italian.txt")),
    ("Dutch", include_str!("../../wording/dutch.txt")),
    ("Polish", include_str!("../../wording/polish.txt")),
    ("Russian", include_str!("../../wording/russian.txt")),
    ("Japanese", include_str!("../../wording/japanese.txt")),
    ("Chinese", include_str!("../../wording/chinese.txt")),
    ("Korean", include_str!("../../wording/korean.txt")),
    ("Czech", include_str!("../../wording/czech.txt")),
    ("Swedish", include_str!("../../wording/swedish.txt")),
];

/// Topic of a phrase.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Topic {
    Failed,
    Delayed,
    Delivered,
    Relayed,
    Receipt,
    Challenge,
    Virus,
    AutoReply,
    Automatic,
    List,
}

impl Topic {
    const ALL: [(&'static str, Self); 10] = [
        ("failed", Self::Failed),
        ("delayed", Self::Delayed),
        ("delivered", Self::Delivered),
        ("relayed", Self::Relayed),
        ("receipt", Self::Receipt),
        ("challenge", Self::Challenge),
        ("virus", Self::Virus),
        ("auto-reply", Self::AutoReply),
        ("automatic", Self::Automatic),
        ("list", Self::List),
    ];

    /// Topic as the end of a sentence.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Failed => "a delivery failed",
            Self::Delayed => "a delivery is delayed",
            Self::Delivered => "a message was delivered",
            Self::Relayed => "a message went on to where no report comes from",
            Self::Receipt => "a message was read, or not",
            Self::Challenge => "the sender is to prove something",
            Self::Virus => "a virus was found",
            Self::AutoReply => "it is an automatic reply",
            Self::Automatic => "nobody but a program replies",
            Self::List => "a list answers",
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Subject,
    Text,
}

/// A phrase of the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phrase {
    pub(crate) topic: Topic,
    pub(crate) language: &'static str,
    pub(crate) words: &'static str,
}

impl Phrase {
    /// Whether it is the beginning of a subject, before what is answered: `Read: …`.
    fn begins(&self) -> bool {
        self.words.ends_with(':')
    }
}

/// The first phrase of each topic that is found.
#[derive(Debug, Default)]
pub(crate) struct Said {
    phrases: Vec<&'static Phrase>,
}

impl Said {
    /// Reads a subject or a text.
    pub(crate) fn in_text(text: &str, place: Place) -> Self {
        let Some(lexicon) = (match place {
            Place::Subject => SUBJECTS.as_ref(),
            Place::Text => TEXTS.as_ref(),
        }) else {
            return Self::default();
        };
        let mut said = Self::default();
        let tags = tags(text);
        let tags = if tags.is_empty() { 0 } else { squeezed(tags, place).len() };
        for found in lexicon.automaton.find_overlapping_iter(&squeezed(text, place)) {
            let phrase = &lexicon.phrases[found.pattern().as_usize()];
            let stands = !phrase.begins() || found.start() == 0 || found.start() == tags;
            if stands && said.of(phrase.topic).is_none() {
                said.phrases.push(phrase);
            }
        }
        said
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    pub(crate) fn phrases(&self) -> impl Iterator<Item = &'static Phrase> {
        self.phrases.iter().copied()
    }

    /// Whether it speaks of a delivery that failed or is late.
    pub(crate) fn is_failure(&self) -> bool {
        self.of(Topic::Failed).or(self.of(Topic::Delayed)).is_some()
    }

    pub(crate) fn of(&self, topic: Topic) -> Option<&'static Phrase> {
        self.phrases.iter().find(|phrase| phrase.topic == topic).copied()
    }
}

static SUBJECTS: LazyLock<Option<Lexicon>> = LazyLock::new(|| Lexicon::of(Place::Subject));
static TEXTS: LazyLock<Option<Lexicon>> = LazyLock::new(|| Lexicon::of(Place::Text));

struct Lexicon {
    automaton: AhoCorasick,
    phrases: Vec<Phrase>,
}

impl Lexicon {
    /// `None` never happens: the automaton of a few thousand phrases is far from its limits.
    fn of(place: Place) -> Option<Self> {
        let phrases: Vec<Phrase> = FILES
            .iter()
            .flat_map(|(language, file)| read(language, file))
            .filter(|(at, _)| *at == place)
            .map(|(_, phrase)| phrase)
            .collect();
        let automaton = AhoCorasick::new(phrases.iter().map(|phrase| squeezed(phrase.words, Place::Subject))).ok()?;
        Some(Self { automaton, phrases })
    }
}

/// The phrases of a file, in order.
fn read(language: &'static str, file: &'static str) -> impl Iterator<Item = (Place, Phrase)> {
    let mut section = None;
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = section_of(name);
            return None;
        }
        let (topic, place) = section?;
        Some((place, Phrase { topic, language, words: line }))
    })
}

fn section_of(name: &str) -> Option<(Topic, Place)> {
    let (topic, place) = name.split_once(' ')?;
    let (_, topic) = Topic::ALL.into_iter().find(|(known, _)| *known == topic)?;
    match place {
        "subject" => Some((topic, Place::Subject)),
        "text" => Some((topic, Place::Text)),
        _ => None,
    }
}

/// Words in brackets that stand above a text, as gateways and lists put them into a subject.
fn tags(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some((_, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        rest = behind.trim_start();
    }
    &text[..text.len() - rest.len()]
}

/// In lower case and without white space and hyphens, so that a phrase is found wherever its line is broken; with one kind
/// of apostrophe and of colon, and without invisible characters. A line of a text that shows a subject is left out: it
/// says what another message says.
fn squeezed(text: &str, place: Place) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut rest = if place == Place::Text { without_subject(text) } else { text };
    while !rest.is_empty() {
        // Most text is words of ASCII.
        let word = rest.bytes().position(|octet| !is_plain(octet)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(word);
        let start = squeezed.len();
        squeezed.push_str(word);
        squeezed[start..].make_ascii_lowercase();
        let mut letters = behind.chars();
        let letter = letters.next();
        rest = letters.as_str();
        let Some(letter) = letter else { break };
        match letter {
            '\n' if place == Place::Text => rest = without_subject(rest),
            '\u{2018}' | '\u{2019}' | '\u{b4}' => squeezed.push('\''),
            '\u{ff1a}' => squeezed.push(':'),
            '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
            letter if letter.is_whitespace() => {}
            letter => squeezed.extend(letter.to_lowercase()),
        }
    }
    squeezed
}

/// Names that mail programs write before the subject of a quoted message.
const SUBJECT_NAMES: [&str; 16] = [
    "subject",
    "betreff",
    "objet",
    "asunto",
    "assunto",
    "oggetto",
    "onderwerp",
    "temat",
    "předmět",
    "ämne",
    "тема",
    "件名",
    "题名",
    "主题",
    "主題",
    "제목",
];
/// The most octets of such a name, and of what stands behind it.
const MOST_NAME: usize = 24;

/// A text from a line start on, without that line when it shows a subject.
fn without_subject(text: &str) -> &str {
    let is_before = |octet| matches!(octet, b'>' | b'|' | b' ' | b'\t' | b'*');
    let start = text.bytes().position(|octet| !is_before(octet)).unwrap_or(text.len());
    let line = &text[start..];
    let Some(&first) = line.as_bytes().first() else { return text };
    // Most lines begin with another letter.
    if first.is_ascii() && !SUBJECT_NAMES.iter().any(|name| name.as_bytes()[0] == first | 0x20) {
        return text;
    }
    let beginning = &line.as_bytes()[..line.len().min(MOST_NAME)];
    let wide = || memmem::find(beginning, "\u{ff1a}".as_bytes());
    let end = if first.is_ascii() { memchr(b':', beginning) } else { memchr(b':', beginning).or_else(wide) };
    let Some(end) = end else { return text };
    let name = line[..end].trim_end_matches([' ', '*']);
    let is_subject =
        |known: &&str| known.eq_ignore_ascii_case(name) || !name.is_ascii() && name.to_lowercase() == **known;
    if SUBJECT_NAMES.iter().any(is_subject) {
        memchr(b'\n', line.as_bytes()).map_or("", |end| &line[end + 1..])
    } else {
        text
    }
}

/// Whether it stays, but for its case.
const fn is_plain(octet: u8) -> bool {
    octet.is_ascii() && !matches!(octet, b'-' | b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_have_all_sections_and_nothing_else() {
        for (language, file) in FILES {
            let sections: Vec<&str> = file.lines().filter(|line| line.starts_with('[')).collect();
            let mut count = 0;
            for (name, topic) in Topic::ALL {
                for (place, word) in [(Place::Subject, "subject"), (Place::Text, "text")] {
                    // Only a subject tells these two.
                    if place == Place::Text && matches!(topic, Topic::Receipt | Topic::Automatic) {
                        continue;
                    }
                    count += 1;
                    assert!(sections.contains(&format!("[{name} {word}]").as_str()), "{language}: [{name} {word}]");
                    let of_section = |(at, phrase): &(Place, Phrase)| *at == place && phrase.topic == topic;
                    assert!(read(language, file).any(|phrase| of_section(&phrase)), "{language}: {name} {word}");
                }
            }
            assert_eq!(sections.len(), count, "{language}: {sections:?}");
        }
    }

    #[test]
    fn finds_phrases_across_lines_and_in_any_case() {
        let said = Said::in_text("Ihre Nachricht KONNTE NICHT zuge\u{ad}stellt\r\n\twerden.", Place::Text);
        let phrase = said.of(Topic::Failed).unwrap();
        assert_eq!(phrase.language, "German");
        assert!(said.phrases().any(|phrase| phrase.words.contains("zugestellt")));
        assert!(said.of(Topic::Virus).is_none());
        assert!(Said::in_text("メールを配信でき\nませんでした", Place::Text).of(Topic::Failed).is_some());
    }

    #[test]
    fn finds_what_begins_a_subject_only_there() {
        let is_receipt = |subject: &str| Said::in_text(subject, Place::Subject).of(Topic::Receipt).is_some();
        assert!(is_receipt("Read: the figures"));
        assert!(is_receipt("[external] [x] Not read : the figures"));
        assert!(is_receipt("Gelesen\u{ff1a}Zahlen"));
        assert!(!is_receipt("Please read: the figures"));
    }

    #[test]
    fn passes_over_subjects_in_a_text() {
        let fails = |text: &str| Said::in_text(text, Place::Text).of(Topic::Failed).is_some();
        for text in [
            "Subject: delivery failed",
            "x\r\n> subject : delivery failed\r\ny",
            "*Betreff:* nicht zugestellt",
            "PŘEDMĚT: nelze doručit",
            "件名：配信できません\n",
        ] {
            assert!(!fails(text), "{text}");
        }
        for text in ["Subject: x\ndelivery failed", "Subject to this, delivery failed: x", "Objet\ndelivery failed: x"]
        {
            assert!(fails(text), "{text}");
        }
    }

    /// A short phrase would be found by chance, unless it must begin the subject. Ideographs say more each.
    #[test]
    fn phrases_are_long_enough() {
        for (language, file) in FILES {
            for (place, phrase) in read(language, file) {
                let least = match (place, phrase.words.chars().any(|letter| letter > '\u{2e80}')) {
                    _ if phrase.begins() => 3,
                    (_, true) => 2,
                    (Place::Subject, false) => 4,
                    (Place::Text, false) => 6,
                };
                assert!(phrase.words.chars().count() >= least, "{language}: {}", phrase.words);
            }
        }
    }
}
