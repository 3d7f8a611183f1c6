//! Messages of a mailbox in one file: mboxrd and mboxo, as RFC 4155 and qmail's mbox(5) tell of them.
//!
//! A message begins behind a line `From sender date`, and an empty line ends the one before. Writers put `>` before a
//! line of a message that looks the same, and before those that begin so already (mboxrd), or not (mboxo).

use std::io::{self, BufRead};

use memchr::memchr;

/// The most octets of a line that can begin a message.
pub(crate) const SEPARATOR_LIMIT: u64 = 1024;
/// Octets of a line that are read at a time.
const PIECE: usize = 64 * 1024;

/// Whether a file is a mailbox, by its first octets.
pub(crate) fn begins_mailbox(start: &[u8]) -> bool {
    memchr(b'\n', start).is_some_and(|end| is_separator(&start[..=end]))
}

/// Reads the messages, each without the lines that set them apart. What stands before the first is a message, too.
pub(crate) struct Mbox<R> {
    reader: R,
    most: usize,
    /// What is read now: a line with its end, or a piece of a long one.
    piece: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Mbox<R> {
    /// Holds at most one octet more than `most` of a message.
    pub(crate) const fn new(reader: R, most: usize) -> Self {
        Self { reader, most, piece: Vec::new(), ended: false }
    }

    fn read_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Held { octets: Vec::new(), most: self.most, empty_line: &[] };
        let mut begun = false;
        let mut starts_line = true;
        let mut after_empty = true;
        while self.read_piece()? {
            let piece = &self.piece;
            if starts_line && after_empty && is_separator(piece) {
                if begun {
                    return Ok(Some(message.octets));
                }
                begun = true;
                after_empty = false;
                continue;
            }
            begun = true;
            let is_empty = starts_line && matches!(piece.as_slice(), b"\n" | b"\r\n");
            if is_empty {
                message.add_empty_line(piece);
            } else {
                message.add(if starts_line { unquoted(piece) } else { piece });
            }
            after_empty = is_empty;
            starts_line = piece.ends_with(b"\n");
        }
        self.ended = true;
        Ok(begun.then_some(message.octets))
    }

    /// Reads a line, or so much of it; says whether there was something.
    fn read_piece(&mut self) -> io::Result<bool> {
        self.piece.clear();
        while self.piece.len() < PIECE && !self.piece.ends_with(b"\n") {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let available = &available[..available.len().min(PIECE - self.piece.len())];
            let length = memchr(b'\n', available).map_or(available.len(), |end| end + 1);
            self.piece.extend_from_slice(&available[..length]);
            self.reader.consume(length);
        }
        Ok(!self.piece.is_empty())
    }
}

impl<R: BufRead> Iterator for Mbox<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let message = self.read_message();
        self.ended |= message.is_err();
        message.transpose()
    }
}

/// What is held of a message.
struct Held {
    octets: Vec<u8>,
    most: usize,
    /// An empty line that belongs to the message only if something follows.
    empty_line: &'static [u8],
}

impl Held {
    fn add(&mut self, octets: &[u8]) {
        for octets in [self.empty_line, octets] {
            let left = self.most.saturating_add(1).saturating_sub(self.octets.len());
            self.octets.extend_from_slice(&octets[..octets.len().min(left)]);
        }
        self.empty_line = b"";
    }

    fn add_empty_line(&mut self, line: &[u8]) {
        self.add(b"");
        self.empty_line = if line == b"\n" { b"\n" } else { b"\r\n" };
    }
}

/// Whether a line is `From sender date`, the date with a time and a year. Sentences begin with `From ` too, and not all
/// writers quote them.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let is_time = |word: &[u8]| match word {
        [b'0'..=b'9', b':', minute @ ..] | [b'0'..=b'9', b'0'..=b'9', b':', minute @ ..] => {
            minute.len() >= 2 && is_number(&minute[..2])
        }
        _ => false,
    };
    let words = || rest.split(u8::is_ascii_whitespace);
    rest.len() < 1000 && words().any(is_time) && words().any(|word| word.len() == 4 && is_number(word))
}

/// A line without the first of the `>` that quote it.
fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|octet| **octet == b'>').count();
    if quotes > 0 && line[quotes..].starts_with(b"From ") { &line[1..] } else { line }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn read(mailbox: &[u8]) -> Vec<Vec<u8>> {
        Mbox::new(mailbox, usize::MAX).map(Result::unwrap).collect()
    }

    fn read_texts(mailbox: &str) -> Vec<String> {
        read(mailbox.as_bytes()).into_iter().map(|message| String::from_utf8(message).unwrap()).collect()
    }

    /// Writes mboxrd.
    fn write(messages: &[Vec<u8>]) -> Vec<u8> {
        let mut mailbox = Vec::new();
        for message in messages {
            mailbox.extend_from_slice(b"From alice@example.com Wed Jan  1 00:00:00 2020\n");
            for line in message.split_inclusive(|octet| *octet == b'\n') {
                let quotes = line.iter().take_while(|octet| **octet == b'>').count();
                if line[quotes..].starts_with(b"From ") {
                    mailbox.push(b'>');
                }
                mailbox.extend_from_slice(line);
            }
            mailbox.push(b'\n');
        }
        mailbox
    }

    #[test]
    fn lines_that_set_messages_apart() {
        for line in [
            "From alice@example.com Wed Jan  1 00:00:00 2020\n",
            "From MAILER-DAEMON Wed Jan  1 00:00:00 2020\r\n",
            "From - Wed Jan 01 00:00:00 2020\n",
            "From 1600000000000000001@xxx Wed Jan 01 00:00:00 +0000 2020\n",
            "From alice at example.com  Wed Jan  1 00:00:00 2020\n",
        ] {
            assert!(begins_mailbox(line.as_bytes()), "{line}");
        }
        for line in [
            "From: alice@example.com\n",
            "From what I see, it is 12:30.\n",
            "From 2020 on all was well.\n",
            "From alice@example.com Wed Jan  1 00:00:00 2020",
            ">From alice@example.com Wed Jan  1 00:00:00 2020\n",
        ] {
            assert!(!begins_mailbox(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn only_an_empty_line_ends_a_message() {
        let separator = "From b Wed Jan  1 00:00:00 2020\n";
        let mailbox = format!("{separator}A: 1\n{separator}\n\n\n{separator}\n{separator}B: 2");
        assert_eq!(read_texts(&mailbox), [format!("A: 1\n{separator}\n\n"), String::new(), "B: 2".to_owned()]);
    }

    #[test]
    fn quoted_lines_get_back_what_they_were() {
        let mailbox = "From a Wed Jan  1 00:00:00 2020\r\nA: 1\r\n\r\n>From x\r\n>>From y\r\n> From z\r\n\r\n";
        assert_eq!(read_texts(mailbox), ["A: 1\r\n\r\nFrom x\r\n>From y\r\n> From z\r\n"]);
    }

    #[test]
    fn a_line_may_be_longer_than_what_is_read_at_a_time() {
        let long = format!("{}From a Wed Jan  1 00:00:00 2020\n", "x".repeat(PIECE));
        let message = [b"A: 1\n\n", long.as_bytes()].concat();
        assert_eq!(read(&write(&[message.clone(), message.clone()])), [message.clone(), message]);
    }

    /// Lines in which the reader could see what it must not.
    fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let line = prop_oneof![
            Just(b"From alice@example.com Wed Jan  1 00:00:00 2020\n".to_vec()),
            Just(b">From alice@example.com Wed Jan  1 00:00:00 2020\r\n".to_vec()),
            Just(b">>From \n".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            vec(any::<u8>().prop_filter("a line end", |octet| *octet != b'\n'), 0..20).prop_map(|line| [
                line,
                b"\n".to_vec()
            ]
            .concat()),
        ];
        vec(vec(line, 0..10).prop_map(|lines| lines.concat()), 0..5)
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![vec(any::<u8>(), 0..500), messages().prop_map(|messages| messages.concat())]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(messages in messages()) {
            prop_assert_eq!(read(&write(&messages)), messages);
        }

        #[test]
        fn any_octets_are_messages_that_are_not_longer(octets in octets(), most in 0_usize..600) {
            let messages: Vec<_> = Mbox::new(octets.as_slice(), most).map(Result::unwrap).collect();
            prop_assert!(messages.iter().map(Vec::len).sum::<usize>() <= octets.len());
            prop_assert!(messages.iter().all(|message| message.len() <= most + 1));
        }
    }
}
