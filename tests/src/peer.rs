//! Other people's programs, asked through the drivers under `peers/`: see the README there for the protocol.

use core::fmt::{self, Display};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use batv_core::Day;
use data_encoding::HEXLOWER;

const SECONDS_A_DAY: u32 = 86_400;

/// What a program is asked on a day.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    day: Day,
    question: Question,
}

#[derive(Clone, Debug)]
enum Question {
    PrvsSign { key_id: u8, secret: Vec<u8>, address: String },
    PrvsVerify { secret: Vec<u8>, address: String },
    SrsForward { secrets: Vec<Vec<u8>>, domain: String, separator: char, hash_length: u8, address: String },
    SrsReverse { secrets: Vec<Vec<u8>>, address: String },
}

impl Request {
    /// Which tag it puts on.
    pub fn prvs_sign(day: Day, key_id: u8, secret: &[u8], address: &str) -> Self {
        Self { day, question: Question::PrvsSign { key_id, secret: secret.to_vec(), address: address.to_owned() } }
    }

    /// Whether it takes a tag.
    pub fn prvs_verify(day: Day, secret: &[u8], address: &str) -> Self {
        Self { day, question: Question::PrvsVerify { secret: secret.to_vec(), address: address.to_owned() } }
    }

    /// How it rewrites a sender, with the first secret.
    pub fn srs_forward(
        day: Day,
        secrets: &[Vec<u8>],
        domain: &str,
        separator: char,
        hash_length: u8,
        address: &str,
    ) -> Self {
        let (secrets, domain, address) = (secrets.to_vec(), domain.to_owned(), address.to_owned());
        Self { day, question: Question::SrsForward { secrets, domain, separator, hash_length, address } }
    }

    /// What it restores, with any of the secrets: hashes from 4 characters on, 21 days.
    pub fn srs_reverse(day: Day, secrets: &[Vec<u8>], address: &str) -> Self {
        Self { day, question: Question::SrsReverse { secrets: secrets.to_vec(), address: address.to_owned() } }
    }
}

impl Display for Request {
    /// The line that a driver reads, with noon for the day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex =
            |secrets: &[Vec<u8>]| secrets.iter().map(|secret| HEXLOWER.encode(secret)).collect::<Vec<_>>().join(",");
        write!(f, "{}\t", u64::from(self.day.number()) * u64::from(SECONDS_A_DAY) + u64::from(SECONDS_A_DAY) / 2)?;
        match &self.question {
            Question::PrvsSign { key_id, secret, address } => {
                write!(f, "prvs-sign\t{key_id}\t{}\t{address}", HEXLOWER.encode(secret))
            }
            Question::PrvsVerify { secret, address } => {
                write!(f, "prvs-verify\t{}\t{address}", HEXLOWER.encode(secret))
            }
            Question::SrsForward { secrets, domain, separator, hash_length, address } => {
                write!(f, "srs-forward\t{}\t{domain}\t{separator}\t{hash_length}\t{address}", hex(secrets))
            }
            Question::SrsReverse { secrets, address } => {
                write!(f, "srs-reverse\t{}\t27\t4\t21\t{address}", hex(secrets))
            }
        }
    }
}

/// An address, or why there is none.
pub type Answer = Result<String, String>;

/// A program and its driver.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Peer {
    /// Exim's `${prvs}` and `${prvscheck}`.
    Exim,
    /// Mail::SRS, in Perl.
    MailSrs,
    /// pysrs, in Python.
    Pysrs,
    /// postsrsd 1.x, in C.
    Postsrsd,
}

impl Peer {
    const fn driver(self) -> &'static str {
        match self {
            Self::Exim => "exim.py",
            Self::MailSrs => "mail_srs.pl",
            Self::Pysrs => "pysrs.py",
            Self::Postsrsd => "postsrsd.py",
        }
    }

    /// Whether it takes the quotes of a local part for a part of its text.
    pub const fn hashes_quotes(self) -> bool {
        !matches!(self, Self::Pysrs)
    }

    /// Asks all of it in one run.
    ///
    /// # Panics
    /// When the program is not there or does not answer each request.
    pub fn ask(self, requests: &[Request]) -> Vec<Answer> {
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(self.driver());
        let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
        let mut child = Command::new(&driver)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", driver.display()));
        let mut stdin = child.stdin.take().expect("a pipe");
        // A driver that ends early has more to say than the broken pipe.
        let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()).is_ok());
        let output = child.wait_with_output().expect("output");
        let written = writer.join().expect("no panic");
        let answers: Vec<Answer> = String::from_utf8_lossy(&output.stdout).lines().map(read_answer).collect();
        assert!(
            written && output.status.success() && answers.len() == requests.len(),
            "{self:?} gave {} answers to {} requests ({}). Is it there? scripts/in-debian has it.\n{}",
            answers.len(),
            requests.len(),
            output.status,
            String::from_utf8_lossy(&output.stderr),
        );
        answers
    }
}

fn read_answer(line: &str) -> Answer {
    match line.split_once('\t') {
        Some(("ok", address)) => Ok(address.to_owned()),
        Some(("no", reason)) => Err(reason.to_owned()),
        _ => panic!("no answer: {line:?}"),
    }
}
