//! Lines in, answers out: in order, on all cores, and in a space that no input makes larger.
//!
//! Each worker reads a chunk of whole lines while it holds the input, answers it on its own, and writes when its turn
//! comes. A small chunk is answered before the input is released: a writer that sends one line and waits gets an answer,
//! and a short input starts no second thread.

use core::fmt;
use core::ops::ControlFlow;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Mutex;
use std::thread::{self, Scope};

use memchr::{memchr, memchr_iter, memrchr};

use crate::answer::{Answer, LINE_LIMIT, Line, Outcome};
use crate::error::Error;
use crate::ordered::{self, Turns, lock};
use crate::progress::Progress;

/// The most octets that a worker reads at a time.
pub(crate) const CHUNK: usize = 256 * 1024;
/// Octets from which on a chunk is worth a worker of its own.
const WORTH_SHARING: usize = 16 * 1024;
/// Octets of answers from which on a worker waits for its turn, so as not to hold more.
const FULL: usize = 1024 * 1024;

/// Treatment of the rest of a line after its first [`LINE_LIMIT`] octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tail {
    /// It follows the answer, which ends with the start of the line.
    Passed,
    Dropped,
}

/// Where answers go, and notes for people.
#[derive(Debug)]
pub(crate) struct Outputs<O, N> {
    pub(crate) answers: O,
    pub(crate) notes: N,
    pub(crate) progress: Progress,
}

/// Answers each line of the input.
///
/// # Errors
/// Those of reading and of writing.
pub(crate) fn answer_lines<I, O, N, F>(
    input: I,
    outputs: Outputs<O, N>,
    tail: Tail,
    answer: F,
) -> Result<Outcome, Error>
where
    I: Read + Send,
    O: Write + Send,
    N: Write + Send,
    F: Fn(&Line<'_>, &mut Answer) -> fmt::Result + Sync,
{
    let stream = Stream {
        input: Mutex::new(Input::new(input)),
        output: Turns::new(Output { to: outputs, outcome: Outcome::Good, error: None }),
        tail,
        answer,
    };
    thread::scope(|scope| stream.work(scope));
    let Output { mut to, outcome, error } = stream.output.into_inner();
    to.progress.clear(&mut to.notes);
    error.map_or(Ok(outcome), Err)
}

struct Stream<I, O, N, F> {
    input: Mutex<Input<I>>,
    output: Turns<Output<O, N>>,
    tail: Tail,
    answer: F,
}

impl<I, O, N, F> Stream<I, O, N, F>
where
    I: Read + Send,
    O: Write + Send,
    N: Write + Send,
    F: Fn(&Line<'_>, &mut Answer) -> fmt::Result + Sync,
{
    fn work<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let _guard = self.output.stop_on_panic();
        let mut buffer = vec![0; CHUNK];
        let mut answer = Answer::default();
        loop {
            let mut input = lock(&self.input);
            if self.output.is_stopped() {
                return;
            }
            let turn = input.turn;
            let chunk = match input.next_chunk(&mut buffer) {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return,
                Err(error) => return self.stop(turn, Error::Input(error)),
            };
            let is_short = chunk.octets.len() < WORTH_SHARING;
            if !is_short && input.has_work_for_another() {
                scope.spawn(|| self.work(scope));
            }
            // Held while a short chunk is answered, and let go at once by a long one.
            let _held = is_short.then_some(input);
            if self.answer_chunk(&chunk, turn, &mut answer).is_break() {
                return;
            }
        }
    }

    fn answer_chunk(&self, chunk: &Chunk<'_>, turn: u64, answer: &mut Answer) -> ControlFlow<()> {
        match chunk.content {
            Content::Lines => {
                let mut rest = chunk.octets;
                let mut number = chunk.first_line;
                while !rest.is_empty() {
                    let (line, after) = match memchr(b'\n', rest) {
                        Some(end) => (&rest[..end], &rest[end + 1..]),
                        None => (rest, &[][..]),
                    };
                    self.answer_line(line, number, turn, answer)?;
                    answer.out.raw(b"\n");
                    rest = after;
                    number += 1;
                }
            }
            Content::LongStart => self.answer_line(chunk.octets, chunk.first_line, turn, answer)?,
            Content::LongMiddle => self.pass(chunk.octets, answer),
            Content::LongEnd => {
                self.pass(chunk.octets.strip_suffix(b"\n").unwrap_or(chunk.octets), answer);
                answer.out.raw(b"\n");
            }
        }
        self.write(turn, answer, Some(chunk))
    }

    fn answer_line(&self, octets: &[u8], number: u64, turn: u64, answer: &mut Answer) -> ControlFlow<()> {
        let number = Some(number);
        let result = match octets.split_at_checked(LINE_LIMIT) {
            Some((start, tail)) if !tail.is_empty() => {
                let result = (self.answer)(&Line::cut(start, number), answer);
                self.pass(tail, answer);
                result
            }
            _ => {
                let octets = octets.strip_suffix(b"\r").unwrap_or(octets);
                (self.answer)(&Line::numbered(octets, number, &mut String::new()), answer)
            }
        };
        if let Err(error) = result {
            self.stop(turn, error.into());
            return ControlFlow::Break(());
        }
        if answer.len() < FULL { ControlFlow::Continue(()) } else { self.write(turn, answer, None) }
    }

    fn pass(&self, octets: &[u8], answer: &mut Answer) {
        if self.tail == Tail::Passed {
            answer.out.raw(octets);
        }
    }

    /// Writes when this turn has come, and ends the turn with the chunk.
    fn write(&self, turn: u64, answer: &mut Answer, done: Option<&Chunk<'_>>) -> ControlFlow<()> {
        let Some(mut output) = self.output.wait_for(turn) else { return ControlFlow::Break(()) };
        if let Err(error) = output.write(answer, done) {
            output.error = Some(Error::Output(error));
            output.stop();
            return ControlFlow::Break(());
        }
        if done.is_some() {
            output.end();
        }
        ControlFlow::Continue(())
    }

    /// Ends all work with this turn, and with an error.
    fn stop(&self, turn: u64, error: Error) {
        if let Some(mut output) = self.output.wait_for(turn) {
            output.error = Some(error);
            output.stop();
        }
    }
}

struct Output<O, N> {
    to: Outputs<O, N>,
    outcome: Outcome,
    error: Option<Error>,
}

impl<O: Write, N: Write> Output<O, N> {
    fn write(&mut self, answer: &mut Answer, done: Option<&Chunk<'_>>) -> io::Result<()> {
        let Outputs { answers, notes, progress } = &mut self.to;
        self.outcome = self.outcome.max(answer.outcome);
        answers.write_all(&answer.out.0)?;
        answers.flush()?;
        answer.out.0.clear();
        progress.note(&answer.notes.0, notes);
        if let Some(chunk) = done {
            progress.add(chunk.lines, chunk.octets.len(), notes);
        }
        answer.notes.0.clear();
        Ok(())
    }
}

/// Lines that one worker answers at a time.
pub(crate) struct Chunk<'b> {
    pub(crate) content: Content,
    pub(crate) octets: &'b [u8],
    /// The number of its first line, from 1.
    first_line: u64,
    /// How many lines end in it.
    pub(crate) lines: u64,
}

pub(crate) enum Content {
    /// Whole lines, but for the newline that the last line of the input may lack.
    Lines,
    /// More than [`LINE_LIMIT`] octets of a line that goes on.
    LongStart,
    LongMiddle,
    LongEnd,
}

pub(crate) struct Input<I> {
    reader: I,
    /// Beginning of a line that has not ended yet.
    carry: Vec<u8>,
    /// Whether the line that goes on is a long one, answered already.
    within_long: bool,
    at_end: bool,
    turn: u64,
    line: u64,
    /// How many workers may still be added; known when it matters.
    workers_left: Option<usize>,
}

impl<I: Read> Input<I> {
    pub(crate) fn new(reader: I) -> Self {
        Self { reader, carry: Vec::new(), within_long: false, at_end: false, turn: 0, line: 1, workers_left: None }
    }

    /// Reads until a line ends, or is too long, and no further: later input may depend on the answer.
    pub(crate) fn next_chunk<'b>(&mut self, buffer: &'b mut [u8]) -> io::Result<Option<Chunk<'b>>> {
        let mut length = self.carry.len();
        let mut searched = 0;
        buffer[..length].copy_from_slice(&self.carry);
        self.carry.clear();
        let (content, end) = loop {
            let fresh = &buffer[searched..length];
            let newline = if self.within_long { memchr(b'\n', fresh) } else { memrchr(b'\n', fresh) };
            match (newline, self.within_long) {
                (Some(newline), true) => break (Content::LongEnd, searched + newline + 1),
                (Some(newline), false) => break (Content::Lines, searched + newline + 1),
                (None, true) if length > 0 => break (Content::LongMiddle, length),
                (None, false) if length > LINE_LIMIT => break (Content::LongStart, length),
                (None, true) if self.at_end => break (Content::LongEnd, length),
                (None, false) if self.at_end && length > 0 => break (Content::Lines, length),
                (None, false) if self.at_end => return Ok(None),
                (None, _) => {}
            }
            searched = length;
            match self.reader.read(&mut buffer[length..]) {
                Ok(read) => {
                    length += read;
                    self.at_end = read == 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.carry.extend_from_slice(&buffer[end..length]);
        self.within_long = matches!(content, Content::LongStart | Content::LongMiddle);
        let octets = &buffer[..end];
        let lines = match content {
            Content::Lines => memchr_iter(b'\n', octets).count() as u64 + u64::from(!octets.ends_with(b"\n")),
            Content::LongStart | Content::LongMiddle => 0,
            Content::LongEnd => 1,
        };
        let chunk = Chunk { content, octets, first_line: self.line, lines };
        self.turn += 1;
        self.line += lines;
        Ok(Some(chunk))
    }

    fn has_work_for_another(&mut self) -> bool {
        let left = self.workers_left.get_or_insert_with(|| ordered::workers() - 1);
        let more = *left > 0;
        *left -= usize::from(more);
        more
    }
}

#[cfg(test)]
mod tests {
    use core::cmp;
    use core::panic::AssertUnwindSafe;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::panic::catch_unwind;
    use std::sync::Barrier;

    use super::*;

    /// Gives out so many octets at a time.
    struct Pieces<'a> {
        octets: &'a [u8],
        size: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = cmp::min(self.size, buffer.len());
            self.octets.read(&mut buffer[..size])
        }
    }

    struct Failing(ErrorKind);

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
    }

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run(input: impl Read + Send, tail: Tail) -> (Result<Outcome, Error>, Vec<u8>) {
        let mut written = Vec::new();
        let outputs = Outputs { answers: &mut written, notes: io::sink(), progress: Progress::new("lines", false) };
        let result = answer_lines(input, outputs, tail, |line, answer| {
            answer.out.raw(format!("{:?} {} ", line.number, line.cut).as_bytes());
            answer.out.raw(line.octets);
            Ok(())
        });
        (result, written)
    }

    /// The same for an input that is all there.
    fn expected(input: &[u8], tail: Tail) -> Vec<u8> {
        let mut written = Vec::new();
        for (at, line) in input.split_inclusive(|octet| *octet == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let cut = line.len() > LINE_LIMIT;
            let kept = match tail {
                _ if !cut => line.strip_suffix(b"\r").unwrap_or(line),
                Tail::Passed => line,
                Tail::Dropped => &line[..LINE_LIMIT],
            };
            written.extend_from_slice(format!("{:?} {cut} ", Some(at + 1)).as_bytes());
            written.extend_from_slice(kept);
            written.push(b'\n');
        }
        written
    }

    #[test]
    fn answers_depend_on_the_lines_alone_and_not_on_how_they_arrive() {
        let lengths = [0, 1, 5, LINE_LIMIT - 1, LINE_LIMIT, LINE_LIMIT + 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK];
        for ending in ["\n", "\r\n"] {
            for last_ending in ["", ending] {
                let lines = lengths.iter().chain(lengths.iter().rev()).map(|length| "x".repeat(*length));
                let mut input = lines.collect::<Vec<_>>().join(ending).into_bytes();
                input.extend_from_slice(last_ending.as_bytes());
                for size in [1000, 4096, LINE_LIMIT, LINE_LIMIT + 1, usize::MAX] {
                    for tail in [Tail::Passed, Tail::Dropped] {
                        let (result, written) = run(Pieces { octets: &input, size }, tail);
                        assert_eq!(result.unwrap(), Outcome::Good);
                        assert!(written == expected(&input, tail), "{ending:?} {last_ending:?} {size} {tail:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn many_workers_keep_the_order() {
        let input: Vec<u8> = (0..500_000).flat_map(|number: u32| format!("{number}\n").into_bytes()).collect();
        let (_, written) = run(input.as_slice(), Tail::Passed);
        assert!(written == expected(&input, Tail::Passed));
    }

    /// Two are at work at a time: each waits for the other.
    #[test]
    fn workers_overlap() {
        const FIRST: usize = 8;
        let met = Barrier::new(ordered::workers().min(2));
        let chunks = AtomicUsize::new(0);
        let outputs = Outputs { answers: io::sink(), notes: io::sink(), progress: Progress::new("lines", false) };
        // Lines as long as chunks: each is one.
        let line = [vec![b'x'; LINE_LIMIT], b"\n".to_vec()].concat();
        let input = Pieces { octets: &line.repeat(FIRST), size: line.len() };
        let outcome = answer_lines(input, outputs, Tail::Dropped, |_, _| {
            if chunks.fetch_add(1, Ordering::Relaxed) < FIRST {
                met.wait();
            }
            Ok(())
        });
        assert_eq!(outcome.unwrap(), Outcome::Good);
    }

    #[test]
    fn an_empty_input_has_no_answers() {
        assert!(run(io::empty(), Tail::Passed).1.is_empty());
    }

    #[test]
    fn what_came_before_an_error_of_reading_is_answered() {
        let (result, written) = run(b"alice\nbob".chain(Failing(ErrorKind::TimedOut)), Tail::Passed);
        assert!(matches!(result, Err(Error::Input(error)) if error.kind() == ErrorKind::TimedOut));
        assert_eq!(written, b"Some(1) false alice\n");
    }

    #[test]
    fn an_error_of_writing_ends_all_work() {
        let outputs = Outputs {
            answers: Failing(ErrorKind::BrokenPipe),
            notes: io::sink(),
            progress: Progress::new("lines", false),
        };
        let result = answer_lines(io::repeat(b'\n'), outputs, Tail::Passed, |_, _| Ok(()));
        assert!(result.unwrap_err().is_broken_pipe());
    }

    #[test]
    fn a_worker_that_panics_takes_the_others_along() {
        let outputs = Outputs { answers: io::sink(), notes: io::sink(), progress: Progress::new("lines", false) };
        let answer = |line: &Line<'_>, _: &mut Answer| {
            assert_ne!(line.number, Some(1_000_000));
            Ok(())
        };
        let all = AssertUnwindSafe(|| answer_lines(io::repeat(b'\n'), outputs, Tail::Passed, answer));
        assert!(catch_unwind(all).is_err());
    }

    #[test]
    fn the_worst_outcome_counts() {
        let outputs = Outputs { answers: io::sink(), notes: io::sink(), progress: Progress::new("lines", false) };
        let outcome = answer_lines(&b"a\nb\nc\n"[..], outputs, Tail::Passed, |line, answer| {
            if line.octets == b"b" {
                answer.outcome = Outcome::Refused;
            }
            Ok(())
        });
        assert_eq!(outcome.unwrap(), Outcome::Refused);
    }
}
