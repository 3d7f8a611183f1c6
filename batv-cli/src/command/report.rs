//! `batv report`

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path as FilePath;

use batv_config::date;
use batv_core::{Day, Path, Pattern};
use batv_report::{self as reports, Event, Lines, Page, Reader, Shown, Told, html, json, text};
use clap::Args;
use memchr::memchr_iter;

use crate::answer::{Outcome, print};
use crate::error::Error;
use crate::flags::values::pattern;
use crate::flags::{Clock, Output};
use crate::progress::Progress;
use crate::stream::{CHUNK, Content, Input};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How a file that gzip made begins (RFC 1952 §2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Report what batvd logged, and what mode reject would have refused
///
/// Reads the output of `journalctl -u batvd` (as it is, or with `-o short-iso`, `cat` or `json`), syslog files, and the standard
/// error of batvd. Lines of other programs are skipped. Addresses are redacted. A time without a zone is taken as UTC; one
/// without a year as of the latest year in which it is not in the future. Pipe compressed logs: `zcat mail.log.2.gz | batv
/// report`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status:
  0  there is something to report
  1  no line is about a recipient or sender
  2  wrong usage, or an error of a file

Examples:
  journalctl -u batvd -o short-iso --since -7days | batv report
  batv report --html --domain example.com /var/log/mail.log.1 /var/log/mail.log > report.html")]
pub(crate) struct Report {
    /// Log files, or `-` for standard input, the default
    #[arg(value_name = "LOG")]
    inputs: Vec<OsString>,
    /// Print an HTML page
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Skip everything before this day (UTC), and lines without a time
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    since: Option<Day>,
    /// Report only on this domain or mailbox (repeatable): as a recipient that was judged, or a sender of outgoing mail
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    domains: Vec<String>,
    /// Do not redact addresses
    #[arg(long)]
    show_addresses: bool,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Report) -> Result<Outcome, Error> {
    let made = match arguments.clock.at {
        Some(day) => i64::from(day.number()) * DAY,
        None => date::now()?,
    };
    let mut logs = Logs {
        report: reports::Report::default(),
        lines: Lines::default(),
        reader: Reader::new(made),
        since: arguments.since.map(|day| i64::from(day.number()) * DAY),
        domains: arguments.domains.iter().map(Pattern::parse).collect::<Result<_, _>>()?,
        progress: Progress::new("lines", io::stderr().is_terminal()),
    };
    let input = OsStr::new("-");
    let given = arguments.inputs.iter().map(|name| &**name);
    for name in given.chain(arguments.inputs.is_empty().then_some(input)) {
        logs.read(name)?;
    }
    logs.progress.clear(&mut io::stderr());
    print(arguments.render(&logs, made).as_bytes())?;
    if logs.lines.counted > 0 {
        return Ok(Outcome::Good);
    }
    // Standard error may be closed: then nobody wants to be told.
    let _ = writeln!(io::stderr(), "batv: no line is about a recipient or sender: is this a log of batvd?");
    Ok(Outcome::Refused)
}

impl Report {
    fn render(&self, logs: &Logs<'_>, made: i64) -> String {
        let mut page = Page::new(&logs.report);
        (page.lines, page.made) = (Some(logs.lines), Some(made));
        page.shown = if self.show_addresses { Shown::Whole } else { Shown::Redacted };
        let mut rendered = match (self.html, self.output.json) {
            (true, _) => html::render(&page),
            (false, true) => json::render(&page),
            (false, false) => text::render(&page),
        };
        if !rendered.ends_with('\n') {
            rendered.push('\n');
        }
        rendered
    }
}

/// Logs, as far as they were read.
struct Logs<'p> {
    report: reports::Report,
    lines: Lines,
    reader: Reader,
    since: Option<i64>,
    domains: Vec<Pattern<&'p String>>,
    progress: Progress,
}

impl Logs<'_> {
    fn read(&mut self, name: &OsStr) -> Result<(), Error> {
        if name == "-" {
            return self.read_lines(io::stdin().lock(), name, Error::Input);
        }
        let path = FilePath::new(name);
        let error = |source| Error::File { path: path.to_owned(), source };
        self.read_lines(File::open(path).map_err(error)?, name, error)
    }

    fn read_lines(&mut self, log: impl Read, name: &OsStr, error: impl Fn(io::Error) -> Error) -> Result<(), Error> {
        let mut input = Input::new(log);
        let mut buffer = vec![0; CHUNK];
        let mut is_first = true;
        while let Some(chunk) = input.next_chunk(&mut buffer).map_err(&error)? {
            if core::mem::take(&mut is_first) && chunk.octets.starts_with(GZIP) {
                let name = name.display();
                return Err(Error::Usage(format!("{name} is compressed: use `zcat {name} | batv report`")));
            }
            self.lines.read += chunk.lines;
            // batvd writes no line of more than 64 KiB.
            if matches!(chunk.content, Content::Lines) {
                self.read_chunk(chunk.octets);
            }
            self.progress.add(chunk.lines, chunk.octets.len(), &mut io::stderr());
        }
        Ok(())
    }

    fn read_chunk(&mut self, octets: &[u8]) {
        let mut begin = 0;
        for end in memchr_iter(b'\n', octets).chain((!octets.ends_with(b"\n")).then_some(octets.len())) {
            let line = &octets[begin..end];
            begin = end + 1;
            let Some(event) = self.reader.read(line) else { continue };
            let is_early = self.since.is_some_and(|since| event.time.is_none_or(|time| time < since));
            if is_early || !is_of(&event, &self.domains) {
                self.lines.left_out += 1;
            } else {
                self.lines.counted += 1;
                self.report.add(&event);
            }
        }
    }
}

/// Whether an event is about one of these; none stand for all.
fn is_of(event: &Event<'_>, domains: &[Pattern<&String>]) -> bool {
    let address: &str = match &event.told {
        Told::Decision(decision) => &decision.to,
        Told::Departure(departure) => &departure.from,
    };
    let matches = |address| match Path::parse(address) {
        Ok(Path::Mailbox(mailbox)) => domains.iter().any(|pattern| pattern.matches(&mailbox)),
        _ => false,
    };
    domains.is_empty() || matches(address)
}
