//! `batv report`

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path as FilePath;

use batv_config::clock;
use batv_core::{Path, Pattern};
use batv_report::{Event, Lines, Page, Reader, Report, Shown, Told, html, json, text};
use memchr::memchr_iter;

use crate::answer::Outcome;
use crate::cli;
use crate::error::Error;
use crate::progress::Progress;
use crate::stream::{CHUNK, Content, Input};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How a file that gzip made begins (RFC 1952 §2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

pub(crate) fn run(arguments: &cli::Report) -> Result<Outcome, Error> {
    let made = match arguments.clock.at {
        Some(day) => i64::from(day.number()) * DAY,
        None => clock::now()?,
    };
    let mut logs = Logs {
        report: Report::default(),
        lines: Lines::default(),
        reader: Reader::new(made),
        since: arguments.since.map(|day| i64::from(day.number()) * DAY),
        domains: arguments.domains.iter().map(Pattern::parse).collect::<Result<_, _>>()?,
        progress: io::stderr().is_terminal().then(|| Progress::new("lines")),
        buffer: vec![0; CHUNK],
    };
    let input = OsStr::new("-");
    let given = arguments.inputs.iter().map(|name| &**name);
    for name in given.chain(arguments.inputs.is_empty().then_some(input)) {
        logs.read(name)?;
    }
    if let Some(progress) = &mut logs.progress {
        progress.clear(&mut io::stderr());
    }

    let mut page = Page::new(&logs.report);
    (page.lines, page.made) = (Some(logs.lines), Some(made));
    page.shown = if arguments.show_addresses { Shown::Whole } else { Shown::Redacted };
    let mut shown = match (arguments.html, arguments.output.json) {
        (true, _) => html::render(&page),
        (false, true) => json::render(&page),
        (false, false) => text::render(&page),
    };
    if !shown.ends_with('\n') {
        shown.push('\n');
    }
    let mut output = io::stdout().lock();
    output.write_all(shown.as_bytes()).and_then(|()| output.flush()).map_err(Error::Output)?;
    if logs.lines.counted > 0 {
        return Ok(Outcome::Good);
    }
    // Whoever closes standard error does not want to be told.
    let _ = writeln!(io::stderr(), "batv: no line tells of a recipient or a sender: is this a log of batvd?");
    Ok(Outcome::Refused)
}

/// What was read so far, and what is wanted of it.
struct Logs<'p> {
    report: Report,
    lines: Lines,
    reader: Reader,
    since: Option<i64>,
    domains: Vec<Pattern<&'p String>>,
    progress: Option<Progress>,
    buffer: Vec<u8>,
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
        let mut buffer = core::mem::take(&mut self.buffer);
        let mut is_first = true;
        while let Some(chunk) = input.next_chunk(&mut buffer).map_err(&error)? {
            if core::mem::take(&mut is_first) && chunk.octets.starts_with(GZIP) {
                let name = name.display();
                return Err(Error::Usage(format!("{name}: is compressed: use zcat {name} | batv report")));
            }
            self.lines.read += chunk.lines;
            // A line of more than 64 KiB is none of batvd's.
            if matches!(chunk.content, Content::Lines) {
                self.read_chunk(chunk.octets);
            }
            if let Some(progress) = &mut self.progress {
                progress.add(chunk.lines, chunk.octets.len(), &mut io::stderr());
            }
        }
        self.buffer = buffer;
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

/// Whether it is about one of these; none stand for all.
fn is_of(event: &Event<'_>, domains: &[Pattern<&String>]) -> bool {
    let address = match &event.told {
        Told::Decision(decision) => decision.to,
        Told::Departure(departure) => departure.from,
    };
    let matches = |address| match Path::parse(address) {
        Ok(Path::Mailbox(mailbox)) => domains.iter().any(|pattern| pattern.matches(&mailbox)),
        _ => false,
    };
    domains.is_empty() || matches(address)
}
