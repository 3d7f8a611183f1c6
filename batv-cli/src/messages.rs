//! The messages that a command is about: files, standard input, mailboxes (mbox), Maildirs and other folders, one after
//! the other, in a space that no archive makes larger.

mod folder;
mod mbox;

use alloc::vec;
use core::iter;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read, Stdin, Write};
use std::path::{Path, PathBuf};

use self::folder::{Entry, Folder};
use self::mbox::Mbox;

/// Octets that are read from a mailbox file at a time.
const CHUNK: usize = 256 * 1024;
/// Name of standard input.
const INPUT: &str = "-";

/// One message, perhaps not yet read.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its path, `-`, or that of its mailbox with its number from 1: `path:1`.
    pub(crate) name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Octets(Vec<u8>),
    /// File that the worker reads.
    File(PathBuf),
}

impl Message {
    /// Its octets; of a longer one, the first `most` and one more.
    pub(crate) fn octets(self, most: usize) -> Result<Vec<u8>, Unreadable> {
        match self.content {
            Content::Octets(octets) => Ok(octets),
            Content::File(path) => match File::open(path).and_then(|file| read_up_to(file, most)) {
                Ok(octets) => Ok(octets),
                Err(source) => Err(Unreadable { name: self.name, source }),
            },
        }
    }
}

/// Input that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {source}")]
pub(crate) struct Unreadable {
    pub(crate) name: String,
    pub(crate) source: io::Error,
}

/// The messages of some inputs, in their order.
pub(crate) struct Messages {
    inputs: vec::IntoIter<OsString>,
    folder: Option<Folder>,
    mailbox: Option<Mailbox>,
    most: usize,
}

struct Mailbox {
    name: String,
    messages: Mbox<BufReader<Box<dyn Read + Send>>>,
    number: u64,
}

impl Messages {
    /// Of each message at most one octet more than `most` is held: enough to see that it is longer.
    pub(crate) fn new(inputs: Vec<OsString>, most: usize) -> Self {
        let inputs = if inputs.is_empty() { vec![INPUT.into()] } else { inputs };
        Self { inputs: inputs.into_iter(), folder: None, mailbox: None, most }
    }

    /// Whether standard input is one of these inputs.
    pub(crate) fn read_input(inputs: &[OsString]) -> bool {
        inputs.is_empty() || inputs.iter().any(|input| input == INPUT)
    }

    /// Opens the input that an argument names.
    fn open(&mut self, input: OsString) -> Option<Result<Message, Unreadable>> {
        if input == INPUT {
            return self.open_reader(INPUT.to_owned(), Box::new(standard_input()));
        }
        let path = PathBuf::from(input);
        if path.is_dir() {
            self.folder = Some(Folder::new(path));
            return None;
        }
        self.open_file(path)
    }

    /// Opens a file, which is a message or a mailbox.
    fn open_file(&mut self, path: PathBuf) -> Option<Result<Message, Unreadable>> {
        let name = shown(&path);
        let opened = File::open(&path).and_then(|file| {
            let is_regular = file.metadata()?.is_file();
            let mut start = Vec::new();
            // Only a regular file can be read twice.
            if is_regular {
                (&file).take(mbox::SEPARATOR_LIMIT).read_to_end(&mut start)?;
            }
            let is_message = is_regular && !mbox::begins_mailbox(&start);
            Ok((!is_message).then(|| io::Cursor::new(start).chain(file)))
        });
        match opened {
            Ok(None) => Some(Ok(Message { name, content: Content::File(path) })),
            Ok(Some(reader)) => self.open_reader(name, Box::new(reader)),
            Err(source) => Some(Err(Unreadable { name, source })),
        }
    }

    /// Opens a stream, which is a message or a mailbox.
    fn open_reader(&mut self, name: String, mut reader: Box<dyn Read + Send>) -> Option<Result<Message, Unreadable>> {
        let mut start = Vec::new();
        if let Err(source) = reader.by_ref().take(mbox::SEPARATOR_LIMIT).read_to_end(&mut start) {
            return Some(Err(Unreadable { name, source }));
        }
        let is_mailbox = mbox::begins_mailbox(&start);
        let mut reader = io::Cursor::new(start).chain(reader);
        if is_mailbox {
            let messages = Mbox::new(BufReader::with_capacity(CHUNK, Box::new(reader) as Box<_>), self.most);
            self.mailbox = Some(Mailbox { name, messages, number: 0 });
            return None;
        }
        // The writer of a longer one must not get a broken pipe.
        let read = read_up_to(&mut reader, self.most).and_then(|octets| {
            io::copy(&mut reader, &mut io::sink())?;
            Ok(octets)
        });
        Some(match read {
            Ok(octets) => Ok(Message { name, content: Content::Octets(octets) }),
            Err(source) => Err(Unreadable { name, source }),
        })
    }
}

impl Iterator for Messages {
    type Item = Result<Message, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mailbox) = &mut self.mailbox {
                match mailbox.next() {
                    Some(message) => return Some(message),
                    None => self.mailbox = None,
                }
            }
            let opened = match self.folder.as_mut().map(Iterator::next) {
                Some(Some(Ok(Entry::Message(path)))) => {
                    Some(Ok(Message { name: shown(&path), content: Content::File(path) }))
                }
                Some(Some(Ok(Entry::File(path)))) => self.open_file(path),
                Some(Some(Err((path, source)))) => Some(Err(Unreadable { name: shown(&path), source })),
                Some(None) => {
                    self.folder = None;
                    None
                }
                None => {
                    let input = self.inputs.next()?;
                    self.open(input)
                }
            };
            if opened.is_some() {
                return opened;
            }
        }
    }
}

impl Iterator for Mailbox {
    type Item = Result<Message, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.messages.next()? {
            Ok(octets) => {
                self.number += 1;
                Ok(Message { name: format!("{}:{}", self.name, self.number), content: Content::Octets(octets) })
            }
            Err(source) => Err(Unreadable { name: self.name.clone(), source }),
        })
    }
}

/// Standard input, for a message. A terminal gets a hint.
pub(crate) fn standard_input() -> Stdin {
    let input = io::stdin();
    if input.is_terminal() {
        // Standard error may be closed: then nobody wants to be told.
        let _ = writeln!(io::stderr(), "batv: type a message; end with Ctrl-D");
    }
    input
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn read_up_to(reader: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Messages that one worker takes at a time: so many, or of so many octets.
pub(crate) fn batches(mut messages: Messages) -> impl Iterator<Item = Vec<Result<Message, Unreadable>>> {
    const MOST: usize = 32;
    const MOST_OCTETS: usize = 256 * 1024;
    iter::from_fn(move || {
        let mut batch = Vec::new();
        let mut octets = 0;
        while batch.len() < MOST && octets < MOST_OCTETS {
            let Some(message) = messages.next() else { break };
            if let Ok(Message { content: Content::Octets(held), .. }) = &message {
                octets += held.len();
            }
            batch.push(message);
        }
        (!batch.is_empty()).then_some(batch)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(inputs: &[&Path], most: usize) -> Vec<(String, Result<String, String>)> {
        let inputs = inputs.iter().map(|path| path.as_os_str().to_owned()).collect();
        let read = |message: Result<Message, Unreadable>| match message {
            Ok(message) => {
                let name = message.name.clone();
                let octets = message.octets(most).map_err(|unreadable| unreadable.source.kind().to_string());
                (name, octets.map(|octets| String::from_utf8(octets).unwrap()))
            }
            Err(unreadable) => (unreadable.name, Err(unreadable.source.kind().to_string())),
        };
        Messages::new(inputs, most).map(read).collect()
    }

    fn text(octets: &str) -> Result<String, String> {
        Ok(octets.to_owned())
    }

    #[test]
    fn what_cannot_be_read_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("one"), "Subject: 1\n").unwrap();
        fs::write(path("two"), "From a Thu Jan  1 00:00:00 2020\nA: 1\n\nFrom b Thu Jan  1 00:00:00 2020\nB: 2\n")
            .unwrap();
        let read = read(&[&path("one"), &path("missing"), &path("two")], 1000);
        let read: Vec<_> =
            read.into_iter().map(|(name, octets)| (name.replace(&shown(folder.path()), ""), octets)).collect();
        let missing = Err("entity not found".to_owned());
        let expected = [
            ("/one".to_owned(), text("Subject: 1\n")),
            ("/missing".to_owned(), missing),
            ("/two:1".to_owned(), text("A: 1\n")),
            ("/two:2".to_owned(), text("B: 2\n")),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn of_a_long_message_one_octet_more_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let (file, mailbox) = (folder.path().join("1"), folder.path().join("2"));
        fs::write(&file, "x".repeat(1000)).unwrap();
        fs::write(&mailbox, format!("From a Thu Jan  1 00:00:00 2020\n{}\n", "x".repeat(1000))).unwrap();
        assert!(read(&[&file, &mailbox], 10).into_iter().all(|(_, octets)| octets == text("xxxxxxxxxxx")));
    }
}
